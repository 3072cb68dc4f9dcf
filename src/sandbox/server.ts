/** The stand-in for the providers: docs/contract.md, "Sandbox". */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { SandboxAnswer, SandboxHalf, SandboxWorld, Shapes } from '../contract/sandbox-half';
import { faultIn } from './faults';
import { fetchPhoto } from './fetch-photo';
import { HALVES } from './halves';
import { listen } from './listen';
import { objectionToPage } from './origin-check';
import { type Language, languageOf } from './page';
import { openRequestLog } from './requests';
import { answerRoute } from './routes';
import { openStore } from './store';

/** Older ones are forgotten. */
const MOST_COUNTED = 100_000;
const LARGEST_REQUEST_BYTES = 32 * 1024 * 1024;

const NAMES = HALVES.map(({ provider }) => `/${provider}`);
const UNKNOWN_PATH: SandboxAnswer = {
  status: 404,
  body: '',
  reason: {
    en: `The path begins with the name of a provider: ${NAMES.join(', ')}. The page at / shows base URLs and keys.`,
    zh: `路径须以服务商名称开头：${NAMES.join('、')}。接口地址和密钥见首页 /。`,
  },
};
const TOO_LARGE: SandboxAnswer = {
  status: 413,
  body: '',
  reason: { en: 'A request has at most 32 MiB.', zh: '一个请求最大 32 MiB。' },
};

interface SandboxOptions {
  /** 0 for any that is free. */
  port: number;
  /** Where tasks are kept over a restart, or null. */
  file: string | null;
  /** An address or a name of this machine; null for its loopback addresses alone. */
  host?: string | null;
  /** Shape of the answers; `observed` where it is left out. */
  shapes?: Shapes;
  /** Unix time in milliseconds. */
  now?: () => number;
  /** Milliseconds before each answer. */
  latency?: number;
}

export interface SandboxAccount {
  baseUrl: string;
  credentials: SandboxHalf['credentials'];
  settings: NonNullable<SandboxHalf['settings']>;
}

export interface Sandbox {
  port: number;
  /** What an account of each provider needs. */
  accounts: Readonly<Record<string, SandboxAccount>>;
  /** Requests that came, by path, for tests that count them. */
  requests: ReadonlyMap<string, number>;
  /** Calls that a real provider could charge for, by `paidKey`. */
  paid: ReadonlyMap<string, number>;
  /** Lets a process end although the sandbox runs. */
  unref(): void;
  close(): Promise<void>;
}

/**
 * Names what was paid for without repeating a person.
 * @param provider that was called
 * @param what the name or the photo URLs, joined by spaces, that the call was about
 */
export function paidKey(provider: string, what: string): string {
  return `${provider} ${createHash('sha256').update(what).digest('hex').slice(0, 16)}`;
}

/**
 * Starts the sandbox, where nothing else is said on this machine's loopback addresses alone.
 * @param options where, and with what memory
 * @throws Error of node:net where the port is taken or the host is not this machine
 */
export async function startSandbox({
  port,
  file,
  host = null,
  shapes = 'observed',
  now = Date.now,
  latency = 0,
}: SandboxOptions): Promise<Sandbox> {
  const store = openStore(file);
  const requests = new Map<string, number>();
  const paid = new Map<string, number>();
  const log = openRequestLog(HALVES.flatMap(({ provider, paths }) => [`/${provider}`, ...paths]));
  const reset = () => {
    store.clear();
    log.clear();
    requests.clear();
    paid.clear();
  };

  const accesses = (called = '') =>
    HALVES.map(({ provider, credentials }) => {
      return { provider, baseUrl: `http://${called}/${provider}`, credentials };
    });

  const listening = await listen(host, port, (request, response) => {
    respond(request)
      .then((answer) =>
        after(latency, () => reply(response, answer, languageOf(request.headers['accept-language']))),
      )
      .catch(() => request.destroy());
  });

  async function respond(request: IncomingMessage): Promise<SandboxAnswer> {
    const { pathname: path, search, searchParams } = new URL(`http://sandbox.localhost${request.url}`);
    const { method = '', headers } = request;
    count(requests, path);
    const atDesk = answerRoute({ method, path, headers }, host, { log, paid, accesses, reset });
    if (atDesk) return atDesk;
    const half = HALVES.find(({ provider }) => `${path}/`.startsWith(`/${provider}/`));
    const answer = half ? await ask(half) : UNKNOWN_PATH;
    log.add(now(), half?.provider ?? null, method, path, answer);
    return answer;

    async function ask(half: SandboxHalf): Promise<SandboxAnswer> {
      const objection = objectionToPage(headers, host);
      if (objection) return { status: 403, body: '', reason: objection };
      const body = await readBody(request);
      if (!body) return TOO_LARGE;
      const { provider } = half;
      const { changed } = store;
      const world: SandboxWorld = { now, shapes, faultIn, fetchPhoto, store: store.of(provider), changed };
      const sandboxRequest = {
        method,
        path: path.slice(provider.length + 1),
        query: searchParams,
        search,
        headers,
        body,
      };
      const answer = half.answer(sandboxRequest, world);
      if (answer.paidFor !== undefined && answer.charged !== false)
        count(paid, paidKey(provider, answer.paidFor));
      return answer;
    }
  }

  const base = `http://${nameOf(host)}:${listening.port}`;
  const accounts = HALVES.map(({ provider, credentials, settings = {} }) => {
    return [provider, { baseUrl: `${base}/${provider}`, credentials, settings }] as const;
  });
  return {
    port: listening.port,
    accounts: Object.fromEntries(accounts),
    requests,
    paid,
    unref: listening.unref,
    close: () => {
      store.save();
      return listening.close();
    },
  };
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  if (counts.size > MOST_COUNTED) counts.delete(counts.keys().next().value!);
}

/** How a host is called from this machine, in a URL. */
function nameOf(host: string | null): string {
  if (host === null || host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return isIPv6(host) ? `[${host}]` : host;
}

function after(milliseconds: number, act: () => void): void {
  if (milliseconds === 0) act();
  else setTimeout(act, milliseconds);
}

/** @param language of a reader, who may see nothing but the body: an answer without one explains itself there */
function reply(response: ServerResponse, answer: SandboxAnswer, language: Language): void {
  if ('fault' in answer) {
    if (answer.fault === 'reset') response.socket?.resetAndDestroy();
    return;
  }
  const { status, reason, headers = {} } = answer;
  const isExplained = answer.body === '' && reason !== undefined;
  const body = isExplained ? `${reason[language]}\n` : answer.body;
  const because = reason === undefined ? {} : { 'x-sandbox-reason': reason.en };
  const type = isExplained ? { 'Content-Type': 'text/plain; charset=utf-8', Vary: 'Accept-Language' } : {};
  // RFC 9110, section 8.6: none with 204.
  const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...type, ...because, ...length });
  response.end(body);
}

/** @returns null where it is too large */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_REQUEST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
