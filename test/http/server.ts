/** Real servers on loopback that count what reaches them, and the cleaning up after each test. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Transport } from '../../src/contract/transport';
import { createTransport, type TransportOptions } from '../../src/http/send';

/** A request as it came over the wire. */
export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
  socket: Socket;
}

export interface TestServer {
  port: number;
  url: URL;
  received: Received[];
  /** Sockets that were ever opened to it. */
  sockets: number;
  openSockets: Set<Socket>;
  /** The most that were open at one time. */
  mostSockets: number;
  /** Requests it held unanswered at one time, at the most. */
  mostAtOnce: number;
  close(): Promise<void>;
}

export interface TlsIdentity {
  key: string;
  cert: string;
}

/** Ends what a test started, newest first. */
const ends: (() => Promise<void> | void)[] = [];

/** @param end called by `closeAll` */
export function atEnd(end: () => Promise<void> | void): void {
  ends.push(end);
}

/** Servers go first, so that a transport has no reason left to wait; one that waits all the same fails the test. */
export async function closeAll(): Promise<void> {
  for (const end of ends.splice(0)) await end();
}

/**
 * @param answer called once the body has come; by default the answer is an empty object
 * @param identity for TLS
 */
export async function startServer(
  answer: (request: Received, response: ServerResponse) => void = (_request, response) => response.end('{}'),
  identity?: TlsIdentity,
): Promise<TestServer> {
  const received: Received[] = [];
  let atOnce = 0;
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    test.mostAtOnce = Math.max(test.mostAtOnce, ++atOnce);
    response.once('close', () => atOnce--);
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const { method = '', url = '', headers, socket } = request;
      const whole: Received = { method, url, headers, body: Buffer.concat(chunks), socket };
      received.push(whole);
      answer(whole, response);
    });
  };
  const server: Server = identity ? createTlsServer(identity, listener) : createServer(listener);
  // Longer than any test, so that a socket that closes was closed by the other side.
  server.keepAliveTimeout = 60_000;
  const test = await listen(server, identity ? 'https:' : 'http:', received);
  server.on('tlsClientError', () => {});
  server.on('clientError', (_error, socket) => socket.destroy());
  return test;
}

/**
 * A server below HTTP.
 * @param accept called with each socket
 */
export async function startRawServer(
  accept: (socket: Socket) => void,
  protocol = 'http:',
): Promise<TestServer> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    accept(socket);
  });
  return listen(server, protocol, []);
}

async function listen(server: net.Server, protocol: string, received: Received[]): Promise<TestServer> {
  const openSockets = new Set<Socket>();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const test: TestServer = {
    port,
    url: new URL(`${protocol}//127.0.0.1:${port}`),
    received,
    sockets: 0,
    openSockets,
    mostSockets: 0,
    mostAtOnce: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of openSockets) socket.destroy();
      }),
  };
  server.on('connection', (socket: Socket) => {
    test.sockets++;
    openSockets.add(socket);
    test.mostSockets = Math.max(test.mostSockets, openSockets.size);
    socket.on('close', () => openSockets.delete(socket));
  });
  ends.unshift(test.close);
  return test;
}

/**
 * Below those that the system gives to connections, one of which could take it before it is used.
 * @returns a port of 127.0.0.1 at which nobody listens
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(20_000 * Math.random());
    const server = net.createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** @param options that differ from those of a new account */
export function open(options: Partial<TransportOptions> & { baseUrl: URL }): Transport {
  const transport = createTransport({
    timeout: 10_000,
    keepAlive: true,
    pairs: [{}],
    onRotated: () => {},
    maxConcurrent: 16,
    maxPerSecond: 0,
    maxWaiting: 1000,
    circuit: false,
    onCircuit: () => {},
    tls: {},
    proxy: null,
    ...options,
  });
  ends.push(() => within(transport.close().catch(closedAlready), 'the transport did not close'));
  return transport;
}

/** A test may have closed its transport itself. */
function closedAlready(error: Error): void {
  if (error.name !== 'ClientDestroyedError') throw error;
}

/** What has not come by then never comes. */
const GIVE_UP_MS = 60_000;

/**
 * @param promise that should settle
 * @param complaint of the test that fails where it never does
 */
export async function within<Value>(promise: Promise<Value>, complaint: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), GIVE_UP_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param milliseconds of real time */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
