/** The stand-in for the providers, on loopback: CONTRACT, "Sandbox". */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sandboxHalf as linkface } from '../providers/linkface/sandbox';
import { sandboxHalf as tencentMarket } from '../providers/tencent-market/sandbox';
import { sandboxHalf as westdex } from '../providers/westdex/sandbox';
import { sandboxHalf as xhey } from '../providers/xhey/sandbox';
import type { SandboxAnswer, SandboxHalf, SandboxWorld } from '../sandbox-half';
import { faultIn } from './faults';
import { fetchPhoto } from './fetch-photo';
import { openStore } from './store';

const HALVES: readonly SandboxHalf[] = [xhey, linkface, tencentMarket, westdex];

/** Older ones are forgotten. */
const MOST_COUNTED = 100_000;
const LARGEST_REQUEST_BYTES = 32 * 1024 * 1024;

export interface SandboxOptions {
  /** 0 for any that is free. */
  port: number;
  /** Where tasks are kept over a restart, or null. */
  file: string | null;
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
 * Starts the sandbox on 127.0.0.1.
 * @param options where, and with what memory
 * @throws Error of node:net where the port is taken
 */
export async function startSandbox({
  port,
  file,
  now = Date.now,
  latency = 0,
}: SandboxOptions): Promise<Sandbox> {
  const store = openStore(file);
  const requests = new Map<string, number>();
  const paid = new Map<string, number>();

  const server = createServer((request, response) => {
    respond(request)
      .then((answer) => after(latency, () => reply(response, answer)))
      .catch(() => request.destroy());
  });

  async function respond(request: IncomingMessage): Promise<SandboxAnswer> {
    const { pathname, search, searchParams } = new URL(`http://sandbox.localhost${request.url}`);
    requests.set(pathname, (requests.get(pathname) ?? 0) + 1);
    if (pathname === '/paid') return { status: 200, body: JSON.stringify(Object.fromEntries(paid)) };
    const half = HALVES.find(({ provider }) => `${pathname}/`.startsWith(`/${provider}/`));
    if (!half) return { status: 404, body: '' };
    const body = await readBody(request);
    if (!body) return { status: 413, body: '' };
    const { method = '', headers } = request;
    const path = pathname.slice(half.provider.length + 1);
    const { changed } = store;
    const world: SandboxWorld = { now, faultIn, fetchPhoto, store: store.of(half.provider), changed };
    const answer = half.answer({ method, path, query: searchParams, search, headers, body }, world);
    if (answer.paidFor !== undefined) {
      const key = paidKey(half.provider, answer.paidFor);
      paid.set(key, (paid.get(key) ?? 0) + 1);
      if (paid.size > MOST_COUNTED) paid.delete(paid.keys().next().value!);
    }
    return answer;
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });

  const bound = (server.address() as AddressInfo).port;
  const accounts = HALVES.map(({ provider, credentials, settings = {} }) => {
    return [provider, { baseUrl: `http://127.0.0.1:${bound}/${provider}`, credentials, settings }] as const;
  });
  return {
    port: bound,
    accounts: Object.fromEntries(accounts),
    requests,
    paid,
    unref: () => server.unref(),
    close: () => {
      server.closeAllConnections();
      store.save();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function after(milliseconds: number, act: () => void): void {
  if (milliseconds === 0) act();
  else setTimeout(act, milliseconds);
}

function reply(response: ServerResponse, answer: SandboxAnswer): void {
  if ('fault' in answer) {
    if (answer.fault === 'reset') response.socket?.resetAndDestroy();
    return;
  }
  response.writeHead(answer.status, { ...answer.headers, 'Content-Length': Buffer.byteLength(answer.body) });
  response.end(answer.body);
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
