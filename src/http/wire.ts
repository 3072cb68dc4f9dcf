/** One request and its answer, over one keep-alive pool: no redirects, no retries, certificates always checked. */
import type { buildConnector, Dispatcher, Pool } from 'undici';
import { onAbort } from '../contract/cancel';
import { type ErrorCode, VerifyError } from '../contract/errors';
import type { HttpAnswer, HttpRequest } from '../contract/transport';
import { codingsOf, decode, MAX_ANSWER_BYTES } from './answer';
import { readPastContinue } from './continue';
import type { ProxyRoute } from './proxy';

/** providers/README, "Rules for all four": idle sockets are dropped after 4 s. */
const IDLE_MS = 4_000;
/** Hosts beside the account's that stay connected; more are no use to anybody's flow. */
const MOST_OTHERS = 8;

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
  /** false: a new connection for each request. */
  keepAlive: boolean;
  tls: TlsOptions;
  proxy: ProxyRoute | null;
}

export class Wire {
  /** Milliseconds. */
  readonly timeout: number;
  readonly #origin: string;
  readonly #basePath: string;
  readonly #options: WireOptions;
  readonly #dispatcher: Dispatcher;
  /** By origin, the one used last at the end. */
  readonly #others = new Map<string, Dispatcher>();

  /** @param options where to connect to and how */
  constructor(options: WireOptions) {
    this.timeout = options.timeout;
    this.#origin = options.baseUrl.origin;
    this.#basePath = options.baseUrl.pathname.replace(/\/$/, '');
    this.#options = options;
    this.#dispatcher = openPool(options);
  }

  /**
   * Sends one request.
   * @param request its path is appended to that of the base URL; its headers are completed
   * @param signal ends the attempt
   * @returns the answer, decompressed
   * @throws VerifyError NETWORK, TIMEOUT or CANCELLED, with `details.charged` false where the request certainly never
   *   reached the provider; PROTOCOL where the answer is too large or cannot be decompressed. `details.headers` are those
   *   of an answer that came in part
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(this.timeout, signal, resolve, reject);
      if (signal.aborted) {
        exchange.fail('CANCELLED', 'cancelled');
        return;
      }
      const { headers, method, body, origin = this.#origin } = request;
      headers['accept-encoding'] = 'gzip, br';
      const path = (request.origin ? '' : this.#basePath) + request.path || '/';
      this.#dispatcherOf(origin).dispatch({ origin, path, method, headers, body }, exchange);
    });
  }

  /** Lets requests in flight end, then closes the sockets. */
  async close(): Promise<void> {
    await Promise.all([this.#dispatcher, ...this.#others.values()].map((each) => each.close()));
  }

  #dispatcherOf(origin: string): Dispatcher {
    if (origin === this.#origin) return this.#dispatcher;
    const dispatcher = this.#others.get(origin) ?? this.#openOther(origin);
    this.#others.delete(origin);
    this.#others.set(origin, dispatcher);
    const [[oldest, unused]] = this.#others as unknown as [[string, Dispatcher]];
    if (this.#others.size > MOST_OTHERS) {
      this.#others.delete(oldest);
      unused.close().catch(() => {});
    }
    return dispatcher;
  }

  /** The name of the server is that of the account's own: no other host has a certificate for it, or should pass with one. */
  #openOther(origin: string): Dispatcher {
    const { servername: _own, ...tls } = this.#options.tls;
    return openPool({ ...this.#options, tls, baseUrl: new URL(origin) });
  }
}

/** One request in flight: undici calls its methods. A class, because there is one for every request. */
class Exchange implements Dispatcher.DispatchHandler {
  /** Milliseconds. */
  readonly #timeout: number;
  /** When to give up, on the clock of `performance.now()`. */
  readonly #deadline: number;
  #timer: NodeJS.Timeout;
  readonly #forget: () => void;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: VerifyError) => void;
  #controller: Dispatcher.DispatchController | undefined;
  /** It went, or may have gone, over the wire. */
  #isSent = false;
  #isOver = false;
  #status = 0;
  #headers: HttpAnswer['headers'] = {};
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(
    timeout: number,
    signal: AbortSignal,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: VerifyError) => void,
  ) {
    this.#timeout = timeout;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#deadline = performance.now() + timeout;
    this.#timer = setTimeout(() => this.#timeIsUp(), timeout);
    this.#forget = onAbort(signal, () => this.fail('CANCELLED', 'cancelled'));
  }

  /** Ends it with an error; later calls do nothing. */
  fail(code: ErrorCode, reason: string, values: Record<string, string | number> = {}): void {
    if (!this.#end()) return;
    const details = {
      httpStatus: this.#status || null,
      charged: this.#isSent ? null : false,
      headers: this.#headers,
    };
    const error = new VerifyError(code, reason, values, details);
    this.#chunks = [];
    this.#controller?.abort(error);
    this.#reject(error);
  }

  /**
   * A timer set while the process was blocked counts from the start of that turn, so it fires early. And after the process was
   * blocked timers run first, while answers that arrived in time are still in their sockets: Node.js reads those before it
   * runs immediates.
   */
  #timeIsUp(): void {
    const left = this.#deadline - performance.now();
    if (left > 0) {
      this.#timer = setTimeout(() => this.#timeIsUp(), Math.ceil(left));
      return;
    }
    setImmediate(() =>
      this.fail('TIMEOUT', this.#isSent ? 'timeout' : 'connect-timeout', { seconds: this.#seconds }),
    );
  }

  get #seconds(): number {
    return this.#timeout / 1000;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('given up before it was sent'));
    else this.#isSent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: HttpAnswer['headers'],
  ): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // undici counts what comes, and this is known before.
    if (Number(headers['content-length']) > MAX_ANSWER_BYTES) this.fail('PROTOCOL', 'answer-too-large');
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#end()) return;
    const status = this.#status;
    const headers = this.#headers;
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#size);
    const answer = { status, headers, body };
    const codings = codingsOf(headers);
    if (codings.length === 0 || body.length === 0) this.#resolve(answer);
    else decode(answer, codings).then(this.#resolve, this.#reject);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { code = error.name } = error as NodeJS.ErrnoException;
    if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT')
      this.fail('TIMEOUT', 'connect-timeout', { seconds: this.#seconds });
    else if (code === 'UND_ERR_INVALID_ARG') this.fail('CONFIG', 'invalid-header');
    else if (code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED') this.fail('CANCELLED', 'cancelled');
    else if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
      this.fail('PROTOCOL', 'answer-too-large');
    else this.fail('NETWORK', networkReason(code, this.#isSent), { code });
  }

  /** @returns whether it was not over already */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#forget();
    clearTimeout(this.#timer);
    return true;
  }
}

/** undici is loaded with the first account that is used: it takes longer to load than all the rest. */
function openPool({ baseUrl, connections, timeout, keepAlive, tls, proxy }: WireOptions): Dispatcher {
  const undici = require('undici') as typeof import('undici');
  const secure = { ...tls, rejectUnauthorized: true };
  const options: Pool.Options = {
    connections,
    // One request at a time in either case; 0 makes undici send `Connection: close`.
    pipelining: keepAlive ? 1 : 0,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: MAX_ANSWER_BYTES,
  };
  if (!proxy) {
    const connect = past100(undici.buildConnector({ ...secure, timeout }));
    return new undici.Pool(baseUrl.origin, { ...options, connect });
  }
  return new undici.ProxyAgent({
    ...options,
    uri: proxy.url,
    ...(proxy.authorization ? { token: proxy.authorization } : {}),
    requestTls: { ...secure, servername: tls.servername ?? baseUrl.hostname, timeout },
    proxyTls: { rejectUnauthorized: true, timeout },
    // Its `connect` asks the proxy for a tunnel.
    factory: (origin, { connect, ...settings }: Pool.Options) =>
      new undici.Pool(origin, {
        ...settings,
        ...(typeof connect === 'function' ? { connect: past100(connect) } : {}),
      }),
    clientFactory: (origin, settings) =>
      askOnce(undici, new undici.Pool(origin, { ...settings, headersTimeout: Math.ceil(timeout) })),
  });
}

/** A connector whose sockets read past a `100 Continue`. */
function past100(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) =>
      error ? callback(error, null) : callback(null, readPastContinue(socket)),
    );
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
