/** Through a proxy to a provider that is not on this machine: the proxy leads every name to a server on loopback. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { until } from '../until';
import { selfSigned } from './certificates';
import { failure, makeCall, makeContext, send } from './context';
import {
  atEnd,
  closeAll,
  open,
  pause,
  startServer,
  type TestServer,
  type TlsIdentity,
  within,
} from './server';

interface TestProxy {
  url: string;
  connects: IncomingMessage[];
  /** What it does with a CONNECT; null: opens the tunnel. */
  refuse: ((socket: Socket) => void) | null;
  sockets: Set<Socket>;
}

const PROVIDER = new URL('https://provider.test');

describe('http: through a proxy', () => {
  let identity: TlsIdentity;
  before(() => {
    identity = selfSigned('DNS:provider.test');
  });
  afterEach(closeAll);

  let server: TestServer;
  let proxy: TestProxy;
  beforeEach(async () => {
    server = await startServer(undefined, identity);
    proxy = await startProxy(server.port);
  });

  const connect = (changes: Partial<Parameters<typeof open>[0]> = {}) =>
    open({
      baseUrl: PROVIDER,
      tls: { ca: identity.cert },
      proxy: { url: proxy.url },
      timeout: 20_000,
      ...changes,
    });

  /** Nothing was sent to the provider, though the request was tried three times. */
  async function kept(
    problem: string | undefined,
    changes: Parameters<typeof connect>[0] = {},
  ): Promise<void> {
    const context = makeContext();
    const sent = send(connect(changes), makeCall(), context);
    await within(failure(sent, 'NETWORK', problem, { charged: false, retryable: true }), 'it hangs');
    assert.deepEqual([context.attempts, server.received.length], [3, 0]);
  }

  it('reaches the provider', async () => {
    await send(connect());
    assert.deepEqual(
      proxy.connects.map(({ url }) => url),
      ['provider.test:443'],
    );
    const [{ headers } = assert.fail()] = server.received;
    assert.deepEqual([headers.host, headers['content-length']], ['provider.test', '7']);
  });

  it('checks the certificate of the provider', async () => {
    await kept('certificate', { tls: {} });
    await kept('certificate', { baseUrl: new URL('https://another.test') });
  });

  it('reads past a 100 Continue nobody asked for', async () => {
    server = await startServer((_request, response) => {
      response.writeContinue();
      response.end('{"a":1}');
    }, identity);
    proxy = await startProxy(server.port);
    const transport = connect({ maxConcurrent: 1 });
    for (let turn = 0; turn < 3; turn++) {
      const { body } = await send(transport);
      assert.equal(body.toString(), '{"a":1}');
    }
    assert.equal(proxy.connects.length, 1);
  });

  it('has a tunnel for each request where the account says so', async () => {
    const transport = connect({ keepAlive: false });
    for (let turn = 0; turn < 3; turn++) await send(transport);
    assert.equal(proxy.connects.length, 3);
  });

  it('keeps a tunnel for the next request, and has no more of them than maxConcurrent', async () => {
    for (const maxConcurrent of [1, 5]) {
      const transport = connect({ maxConcurrent });
      proxy.connects = [];
      await Promise.all(Array.from({ length: 100 }, () => send(transport)));
      assert.equal(proxy.connects.length, maxConcurrent);
    }
    assert.equal(server.received.length, 200);
  });

  it('shows its credentials to the proxy alone', async () => {
    await send(connect({ proxy: { url: proxy.url, authorization: 'Basic dTpw' } }));
    assert.equal(proxy.connects[0]?.headers['proxy-authorization'], 'Basic dTpw');
    assert.equal(server.received[0]?.headers['proxy-authorization'], undefined);
  });

  it('checks the certificate of a proxy that speaks TLS itself', async () => {
    const { url } = await startProxy(server.port, selfSigned('DNS:localhost'));
    await kept('certificate', { proxy: { url } });
  });

  it('knows that a refusal of the proxy kept the request from the provider, and goes on once it lets it', async () => {
    const transport = connect({ maxConcurrent: 2 });
    for (const status of ['403 Forbidden', '407 Proxy Authentication Required', '502 Bad Gateway']) {
      proxy.refuse = (socket) => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
      proxy.connects = [];
      await kept('proxy-refused');
      assert.equal(proxy.connects.length, 3);
      await Promise.all(Array.from({ length: 10 }, () => failure(send(transport), 'NETWORK')));
    }
    proxy.refuse = null;
    await Promise.all(Array.from({ length: 10 }, () => send(transport)));
  });

  it('knows that a proxy which cannot be reached kept the request', async () => {
    const gone = proxy.url;
    await closeAll();
    await kept('no-connection', { proxy: { url: gone } });
  });

  it('knows that a proxy which hangs up kept the request, and asks it once an attempt', async () => {
    for (const hangUp of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.end()]) {
      proxy.refuse = hangUp;
      for (const maxConcurrent of [1, 4]) {
        proxy.connects = [];
        await kept(undefined, { maxConcurrent, timeout: 500 });
        await pause(100);
        assert.equal(proxy.connects.length, 3);
      }
    }
  });

  it('is not held up for ever by a proxy that hung for a while', async () => {
    proxy.refuse = () => {};
    const transports = [1, 3].map((maxConcurrent) => connect({ maxConcurrent, timeout: 1_000 }));
    const ask = (count: number) =>
      transports.flatMap((transport) => Array.from({ length: count }, () => send(transport)));
    const unreached = ask(3).map((sent) => failure(sent, 'TIMEOUT', 'connect-timeout', { charged: false }));
    await Promise.all(unreached);
    proxy.refuse = null;
    // undici's own limits are coarser by up to a second.
    const isReached = async () =>
      (await Promise.allSettled(ask(1))).every(({ status }) => status === 'fulfilled');
    await until(isReached, 'it is held up for ever');
    server.received.length = 0;
    await Promise.all(ask(3));
    assert.equal(server.received.length, 6);
  });

  it('leaves nothing open at a proxy that never answers', async () => {
    // A server's side of a tunnel stays half open until it ends it.
    proxy.refuse = (socket) => socket.resume().once('end', () => socket.end());
    const transport = connect({ timeout: 100 });
    await failure(send(transport), 'TIMEOUT');
    await within(transport.close(), 'the transport does not close');
    await until(() => proxy.sockets.size === 0, 'a socket stays open');
  });

  it('sends nothing of a call that was given up while the proxy kept it waiting', async () => {
    const waiting: (() => void)[] = [];
    proxy.refuse = (socket) => waiting.push(() => tunnel(socket, server.port));
    await failure(send(connect({ timeout: 100 })), 'TIMEOUT');
    for (const go of waiting) go();
    await pause(300);
    assert.equal(server.received.length, 0);
  });

  it('does not send again what broke in the tunnel', async () => {
    const breaking = await startServer(({ socket }) => socket.destroy(), identity);
    const onward = await startProxy(breaking.port);
    const sent = send(connect({ proxy: { url: onward.url } }));
    await failure(sent, 'NETWORK', 'connection-broke', { charged: null, retryable: false });
    await pause(50);
    assert.equal(breaking.received.length, 1);
  });
});

function tunnel(socket: Socket, port: number): void {
  const onward = net.connect(port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.pipe(onward).pipe(socket);
  });
  onward.on('error', () => socket.destroy());
  socket.on('close', () => onward.destroy());
}

/** @param port where it leads every name */
async function startProxy(port: number, identity?: TlsIdentity): Promise<TestProxy> {
  const proxy: TestProxy = { url: '', connects: [], refuse: null, sockets: new Set() };
  const listener = identity ? createTlsServer(identity) : createServer();
  listener.on('connect', (request: IncomingMessage, socket: Socket) => {
    proxy.connects.push(request);
    socket.on('error', () => {});
    if (proxy.refuse) proxy.refuse(socket);
    else tunnel(socket, port);
  });
  listener.on('connection', (socket: Socket) => {
    proxy.sockets.add(socket);
    socket.on('close', () => proxy.sockets.delete(socket));
  });
  listener.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const host = `localhost:${(listener.address() as AddressInfo).port}`;
  proxy.url = identity ? `https://${host}` : `http://${host}`;
  atEnd(() => {
    for (const socket of proxy.sockets) socket.destroy();
    return new Promise<void>((resolve) => listener.close(() => resolve()));
  });
  return proxy;
}
