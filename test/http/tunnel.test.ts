/** Through a proxy to a provider that is not on this machine: the proxy leads every name to a server on loopback. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { proxyFor } from '../../src/http/proxy';
import { until } from '../until';
import { selfSigned } from './certificates';
import { failure, makeCall, makeContext } from './context';
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
    server = await startServer((_request, response) => response.end('{}'), identity);
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

  it('reaches the provider, whose certificate is checked', async () => {
    await connect().send(makeCall(), makeContext());
    assert.equal(proxy.connects.length, 1);
    assert.equal(proxy.connects[0]?.url, 'provider.test:443');
    assert.equal(server.received.length, 1);
    assert.equal(server.received[0]?.headers.host, 'provider.test');
    assert.equal(server.received[0]?.headers['proxy-authorization'], undefined);
    assert.equal(server.received[0]?.headers['content-length'], '7');

    const context = makeContext();
    const error = await failure(connect({ tls: {} }).send(makeCall(), context), 'NETWORK');
    assert.equal(error.problem, 'certificate');
    assert.equal(error.details.charged, false);
    assert.equal(context.attempts, 3);
    const other = connect({ baseUrl: new URL('https://another.test') });
    const wrongHost = await within(failure(other.send(makeCall(), makeContext()), 'NETWORK'), 'it hangs');
    assert.equal(wrongHost.problem, 'certificate');
    assert.equal(wrongHost.details.charged, false);
    assert.equal(server.received.length, 1);
  });

  it('reads past a 100 Continue nobody asked for', async () => {
    server = await startServer((_request, response) => {
      response.writeContinue();
      response.end('{"a":1}');
    }, identity);
    proxy = await startProxy(server.port);
    const transport = connect({ maxConcurrent: 1 });
    for (let turn = 0; turn < 3; turn++) {
      const { body } = await transport.send(makeCall(), makeContext());
      assert.equal(body.toString(), '{"a":1}');
    }
    assert.equal(proxy.connects.length, 1);
  });

  it('has a tunnel for each request where the account says so', async () => {
    const transport = connect({ keepAlive: false });
    for (let turn = 0; turn < 3; turn++) await transport.send(makeCall(), makeContext());
    assert.equal(proxy.connects.length, 3);
  });

  it('keeps a tunnel for the next request, and has no more of them than maxConcurrent', async () => {
    for (const maxConcurrent of [1, 5]) {
      const transport = connect({ maxConcurrent });
      proxy.connects = [];
      await Promise.all(Array.from({ length: 100 }, () => transport.send(makeCall(), makeContext())));
      assert.equal(proxy.connects.length, maxConcurrent);
    }
    assert.equal(server.received.length, 200);
  });

  it('shows its credentials to the proxy alone', async () => {
    await connect({ proxy: { url: proxy.url, authorization: 'Basic dTpw' } }).send(makeCall(), makeContext());
    assert.equal(proxy.connects[0]?.headers['proxy-authorization'], 'Basic dTpw');
    assert.equal(server.received[0]?.headers['proxy-authorization'], undefined);
  });

  it('reaches the provider through a proxy that speaks TLS itself', async () => {
    const secure = selfSigned('DNS:localhost');
    const tlsProxy = await startProxy(server.port, secure);
    const error = await failure(
      connect({ proxy: { url: tlsProxy.url } }).send(makeCall(), makeContext()),
      'NETWORK',
    );
    assert.equal(error.problem, 'certificate', 'nobody vouches for the proxy');
    assert.equal(error.details.charged, false);
    assert.equal(server.received.length, 0);
  });

  for (const status of ['403 Forbidden', '407 Proxy Authentication Required', '502 Bad Gateway']) {
    it(`knows that ${status} of the proxy kept the request from the provider`, async () => {
      proxy.refuse = (socket) => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
      const context = makeContext();
      const error = await failure(connect().send(makeCall(), context), 'NETWORK');
      assert.equal(error.problem, 'proxy-refused');
      assert.equal(error.details.charged, false);
      assert.equal(error.details.retryable, true);
      assert.equal(context.attempts, 3);
      assert.equal(proxy.connects.length, 3);
      assert.equal(server.received.length, 0);
    });
  }

  it('goes on once the proxy lets it', async () => {
    proxy.refuse = (socket) => socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n');
    const transport = connect({ maxConcurrent: 2 });
    await Promise.all(
      Array.from({ length: 10 }, () => failure(transport.send(makeCall(), makeContext()), 'NETWORK')),
    );
    proxy.refuse = null;
    await Promise.all(Array.from({ length: 10 }, () => transport.send(makeCall(), makeContext())));
    assert.equal(server.received.length, 10);
  });

  it('knows that a proxy which cannot be reached kept the request', async () => {
    const gone = proxy.url;
    await closeAll();
    const context = makeContext();
    const error = await failure(connect({ proxy: { url: gone } }).send(makeCall(), context), 'NETWORK');
    assert.equal(error.problem, 'no-connection');
    assert.equal(error.details.charged, false);
    assert.equal(context.attempts, 3);
  });

  it('knows that a proxy which hangs up kept the request, and asks it once an attempt', async () => {
    for (const hangUp of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.end()]) {
      proxy.refuse = hangUp;
      for (const maxConcurrent of [1, 4]) {
        proxy.connects = [];
        const context = makeContext();
        const transport = connect({ maxConcurrent, timeout: 500 });
        const error = await failure(transport.send(makeCall(), context), 'NETWORK');
        assert.equal(error.details.charged, false);
        assert.equal(error.details.retryable, true);
        assert.equal(context.attempts, 3);
        await pause(100);
        assert.equal(proxy.connects.length, 3);
      }
    }
  });

  it('is not held up for ever by a proxy that hung for a while', async () => {
    proxy.refuse = () => {};
    const transports = [1, 3].map((maxConcurrent) => connect({ maxConcurrent, timeout: 1_000 }));
    const ask = (count: number) =>
      transports.flatMap((transport) =>
        Array.from({ length: count }, () => transport.send(makeCall(), makeContext())),
      );
    for (const { problem: reason, details } of await Promise.all(
      ask(3).map((call) => failure(call, 'TIMEOUT')),
    )) {
      assert.equal(reason, 'connect-timeout');
      assert.equal(details.charged, false);
    }
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
    await failure(transport.send(makeCall(), makeContext()), 'TIMEOUT');
    await within(transport.close(), 'the transport does not close');
    await until(() => proxy.sockets.size === 0, 'a socket stays open');
  });

  it('sends nothing of a call that was given up while the proxy kept it waiting', async () => {
    const waiting: (() => void)[] = [];
    proxy.refuse = (socket) => waiting.push(() => tunnel(socket, server.port));
    await failure(connect({ timeout: 100 }).send(makeCall(), makeContext()), 'TIMEOUT');
    for (const go of waiting) go();
    await pause(300);
    assert.equal(server.received.length, 0);
  });

  it('does not send again what broke in the tunnel', async () => {
    const breaking = await startServer(({ socket }) => socket.destroy(), identity);
    const onward = await startProxy(breaking.port);
    const context = makeContext();
    const error = await failure(connect({ proxy: { url: onward.url } }).send(makeCall(), context), 'NETWORK');
    assert.equal(error.problem, 'connection-broke');
    assert.equal(error.details.charged, null);
    assert.equal(error.details.retryable, false);
    await pause(50);
    assert.equal(breaking.received.length, 1);
  });

  it('never takes a loopback address through a proxy', async () => {
    const plain = await startServer((_request, response) => response.end('{}'));
    for (const host of ['127.0.0.1', 'localhost']) {
      const baseUrl = new URL(`http://${host}:${plain.port}`);
      const route = proxyFor(baseUrl, { url: proxy.url, noproxy: [] }, { http_proxy: proxy.url });
      await open({ baseUrl, proxy: route }).send(makeCall(), makeContext());
    }
    assert.equal(plain.received.length, 2);
    assert.equal(proxy.connects.length, 0);
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
