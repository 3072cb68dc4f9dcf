/** One request and its answer, over one keep-alive pool: no redirects, no retries, certificates always checked. */
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Dispatcher, Pool } from 'undici';
import type { HttpAnswer, HttpRequest } from '../action';
import type { Cancel } from '../cancel';
import { type ErrorCode, VerifyError } from '../errors';
import type { ProxyRoute } from './proxy';

/** An answer may be this large, compressed and not. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** providers/README, "Rules for all four": idle sockets are dropped after 4 s. */
const IDLE_MS = 4_000;

type Decoder = (
  body: Buffer,
  options: { maxOutputLength: number },
  done: (error: NodeJS.ErrnoException | null, whole: Buffer) => void,
) => void;

const DECODERS = new Map<string, Decoder>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflate],
  ['br', brotliDecompress],
]);

/** What a `tls-config` node may set. */
export interface TlsOptions {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  passphrase?: string;
  servername?: string;
}

export interface WireOptions {
  baseUrl: URL;
  /** Sockets at the most. */
  connections: number;
  /** Milliseconds for one attempt, from the start of connecting to the last byte. */
  timeout: number;
  tls: TlsOptions;
  proxy: ProxyRoute | null;
}

interface Attempt {
  /** When to give up, on the clock of `performance.now()`. */
  deadline: number;
  /** Ends the attempt with an error; later calls do nothing. */
  end(error: VerifyError): void;
  /** The request went, or may have gone, over the wire. */
  sent: boolean;
}

export class Wire {
  readonly #options: WireOptions;
  readonly #basePath: string;
  readonly #dispatcher: Dispatcher;
  /** In the order they started, so in the order they time out: all have the same time. */
  readonly #attempts = new Set<Attempt>();
  #sweep: NodeJS.Timeout | undefined;

  /** @param options where to connect to and how */
  constructor(options: WireOptions) {
    this.#options = options;
    this.#basePath = options.baseUrl.pathname.replace(/\/$/, '');
    this.#dispatcher = openPool(options);
  }

  /**
   * Sends one request.
   * @param request its path is appended to that of the base URL
   * @param signal ends the attempt
   * @returns the answer, decompressed
   * @throws VerifyError NETWORK, TIMEOUT or CANCELLED, with `details.charged` false where the request certainly never
   *   reached the provider; PROTOCOL where the answer is too large or cannot be decompressed
   */
  send(request: HttpRequest, signal: Cancel): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      let controller: Dispatcher.DispatchController | undefined;
      let status = 0;
      let headers: HttpAnswer['headers'] = {};
      let chunks: Buffer[] = [];
      let size = 0;

      const attempt: Attempt = {
        deadline: performance.now() + this.#options.timeout,
        sent: false,
        end: (error) => {
          if (!this.#attempts.delete(attempt)) return;
          forget();
          controller?.abort(error);
          reject(error);
        },
      };
      this.#attempts.add(attempt);
      const fail = (code: ErrorCode, reason: string, values = {}) =>
        attempt.end(
          new VerifyError(code, reason, values, {
            httpStatus: status || null,
            charged: attempt.sent ? null : false,
          }),
        );
      let forget = () => {};
      forget = signal.onCancel(() => fail('CANCELLED', 'cancelled'));
      if (signal.cancelled) return;
      this.#watch();

      this.#dispatcher.dispatch(
        {
          origin: this.#options.baseUrl.origin,
          path: this.#basePath + request.path || '/',
          method: request.method,
          headers: { ...request.headers, 'accept-encoding': 'gzip, br' },
          body: request.body,
        },
        {
          onRequestStart: (started) => {
            controller = started;
            if (!this.#attempts.has(attempt)) started.abort(new Error('given up before it was sent'));
            else attempt.sent = true;
          },
          onResponseStart: (_controller, statusCode, answered) => {
            if (statusCode < 200) return;
            status = statusCode;
            headers = answered;
            if (Number(answered['content-length']) > MAX_ANSWER_BYTES) fail('PROTOCOL', 'answer-too-large');
          },
          onResponseData: (_controller, chunk) => {
            size += chunk.length;
            if (size > MAX_ANSWER_BYTES) {
              chunks = [];
              fail('PROTOCOL', 'answer-too-large');
            } else chunks.push(chunk);
          },
          onResponseEnd: () => {
            if (!this.#attempts.delete(attempt)) return;
            forget();
            const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
            const encoding = headers['content-encoding'];
            if (!encoding || encoding === 'identity' || size === 0) resolve({ status, headers, body });
            else
              decompress(String(encoding), body, status).then(
                (whole) => resolve({ status, headers, body: whole }),
                reject,
              );
          },
          onResponseError: (_controller, error) => {
            const { code = error.name } = error as NodeJS.ErrnoException;
            if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT')
              fail('TIMEOUT', 'connect-timeout', { seconds: this.#options.timeout / 1000 });
            else if (code === 'UND_ERR_INVALID_ARG') fail('CONFIG', 'invalid-header');
            else if (code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED')
              fail('CANCELLED', 'cancelled');
            else if (code === 'UND_ERR_HEADERS_OVERFLOW') fail('PROTOCOL', 'answer-too-large');
            else fail('NETWORK', networkReason(code, attempt.sent), { code });
          },
        },
      );
    });
  }

  /** Lets requests in flight end, then closes the sockets. */
  async close(): Promise<void> {
    await this.#dispatcher.close();
    clearTimeout(this.#sweep);
  }

  /** One timer an account, for the attempt that runs out first. */
  #watch(): void {
    if (this.#sweep) return;
    const first = this.#attempts.values().next().value;
    if (!first) return;
    this.#sweep = setTimeout(
      () => {
        this.#sweep = undefined;
        const now = performance.now();
        for (const attempt of this.#attempts) {
          if (attempt.deadline > now) break;
          attempt.end(
            new VerifyError(
              'TIMEOUT',
              attempt.sent ? 'timeout' : 'connect-timeout',
              { seconds: this.#options.timeout / 1000 },
              { charged: attempt.sent ? null : false },
            ),
          );
        }
        this.#watch();
      },
      Math.max(1, Math.ceil(first.deadline - performance.now())),
    );
  }
}

/** undici is loaded with the first account that is used: it takes longer to load than all the rest. */
function openPool({ baseUrl, connections, timeout, tls, proxy }: WireOptions): Dispatcher {
  const undici = require('undici') as typeof import('undici');
  const secure = { ...tls, rejectUnauthorized: true };
  const options: Pool.Options = {
    connections,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (!proxy) return new undici.Pool(baseUrl.origin, { ...options, connect: { ...secure, timeout } });
  return new undici.ProxyAgent({
    ...options,
    uri: proxy.url,
    ...(proxy.authorization ? { token: proxy.authorization } : {}),
    requestTls: { ...secure, servername: tls.servername ?? baseUrl.hostname, timeout },
    proxyTls: { rejectUnauthorized: true, timeout },
    clientFactory: (origin, settings) =>
      askOnce(undici, new undici.Pool(origin, { ...settings, headersTimeout: Math.ceil(timeout) })),
  });
}

/**
 * A proxy that hangs up has refused. undici takes that for a lost idle socket and sends CONNECT again, at once and for
 * as long as the proxy does so, long after the request was given up.
 */
function askOnce(undici: typeof import('undici'), proxy: Pool): Pool {
  const connect: (options: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData> =
    proxy.connect.bind(proxy);
  return Object.assign(proxy, {
    connect: (options: Dispatcher.ConnectOptions) =>
      connect(options).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'UND_ERR_SOCKET' ? new undici.errors.RequestAbortedError('hung up') : error;
      }),
  });
}

async function decompress(encoding: string, body: Buffer, httpStatus: number): Promise<Buffer> {
  const decoder = DECODERS.get(encoding.trim().toLowerCase());
  if (!decoder) throw new VerifyError('PROTOCOL', 'unknown-encoding', {}, { httpStatus });
  return new Promise((resolve, reject) => {
    decoder(body, { maxOutputLength: MAX_ANSWER_BYTES }, (error, whole) => {
      if (!error) resolve(whole);
      else {
        const tooLarge = error.code === 'ERR_BUFFER_TOO_LARGE';
        reject(
          new VerifyError('PROTOCOL', tooLarge ? 'answer-too-large' : 'answer-damaged', {}, { httpStatus }),
        );
      }
    });
  });
}

/** Groups the codes of Node.js and undici by what a flow author can do about them. */
function networkReason(code: string, sent: boolean): string {
  if (sent) return 'connection-broke';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'host-not-found';
  if (code === 'UND_ERR_ABORTED') return 'proxy-refused';
  if (
    code === 'UND_ERR_PRX_TLS' ||
    /CERT|_ISSUER|SELF_SIGNED|ALTNAME|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO/.test(code)
  )
    return 'certificate';
  return 'no-connection';
}
