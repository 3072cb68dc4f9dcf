import assert from 'node:assert/strict';
import { until } from '../until';
import { failure, makeCall, makeContext, send } from './context';
import { closeAll, open, pause, startRawServer, startServer, within } from './server';

describe('http: one pool an account', () => {
  afterEach(closeAll);

  it('keeps a socket for the next request', async () => {
    const server = await startServer();
    for (const maxConcurrent of [1, 16]) {
      const transport = open({ baseUrl: server.url, maxConcurrent });
      for (let index = 0; index < 20; index++) await send(transport);
      assert.equal(server.received.splice(0).length, 20);
      // undici takes a socket back one turn after its answer, so the very next call may open a second one.
      assert.ok(server.sockets <= Math.min(2, maxConcurrent), `${server.sockets} sockets`);
      server.sockets = 0;
    }
  });

  it('never has more than maxConcurrent sockets or requests for 1,000 calls', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{}'), 2));
    const transport = open({ baseUrl: server.url, maxConcurrent: 7 });
    await Promise.all(Array.from({ length: 1000 }, () => send(transport)));
    assert.deepEqual([server.received.length, server.mostAtOnce, server.sockets], [1000, 7, 7]);
  });

  it("sends a request to another origin beside the base URL's path, over few pools at a time", async () => {
    const own = await startServer();
    const transport = open({ baseUrl: new URL('/folder', own.url) });
    const others = await Promise.all(Array.from({ length: 10 }, () => startServer()));
    for (let turn = 0; turn < 2; turn++) {
      await send(transport);
      for (const { url } of others) await send(transport, makeCall({ origin: url.origin }));
    }
    const urls = (server: typeof own) => server.received.map(({ url }) => url);
    assert.deepEqual(others.map(urls), Array(10).fill(['/v1/ask', '/v1/ask']));
    // By its second turn the pool of each had made room for eight others.
    for (const { sockets } of others) assert.equal(sockets, 2);
    assert.deepEqual(urls(own), ['/folder/v1/ask', '/folder/v1/ask']);
    await transport.close();
  });

  it('sends the bytes it was given, with their length and never in chunks', async () => {
    const server = await startServer();
    const transport = open({ baseUrl: server.url });
    const bodies = [
      Buffer.from('{"name":"欧阳\u0000"}'),
      Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 256)),
      Buffer.alloc(0),
    ];
    for (const body of bodies) await send(transport, makeCall({ body }));
    assert.deepEqual(
      server.received.map(({ body }) => body),
      bodies,
    );
    for (const { headers, body } of server.received) {
      assert.equal(headers['content-length'], String(body.length));
      assert.equal(headers['transfer-encoding'], undefined);
    }
  });

  it('says method, path, headers and what it can decompress', async () => {
    const server = await startServer();
    const headers = { Secret: 'x' };
    const build = () => ({ method: 'GET' as const, path: '/a?b=%E5%BC%A0', headers, body: Buffer.alloc(0) });
    await send(open({ baseUrl: server.url }), makeCall({ build }));
    assert.partialDeepStrictEqual(server.received[0], {
      method: 'GET',
      url: '/a?b=%E5%BC%A0',
      headers: { secret: 'x', 'accept-encoding': 'gzip, br', host: server.url.host },
    });
  });

  it('puts the path of a call behind that of the base URL, with and without a slash at its end', async () => {
    const server = await startServer();
    for (const [base, path, expected] of [
      ['/api/invoke', '/three?t=1', '/api/invoke/three?t=1'],
      ['/api/invoke/', '/three?t=1', '/api/invoke/three?t=1'],
      ['/', '', '/'],
      ['/release/post', '', '/release/post'],
      ['/release/post/', '', '/release/post'],
    ] as const) {
      await send(open({ baseUrl: new URL(base, server.url) }), makeCall({ path }));
      assert.equal(server.received.at(-1)?.url, expected);
    }
  });

  it('opens a new connection for each call where the account says so', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{}'), 20));
    const transport = open({ baseUrl: server.url, keepAlive: false, maxConcurrent: 4 });
    for (let turn = 0; turn < 5; turn++) await send(transport);
    await Promise.all(Array.from({ length: 20 }, () => send(transport)));
    assert.equal(server.sockets, 25);
    assert.equal(server.mostAtOnce, 4);
    for (const { headers } of server.received) assert.equal(headers.connection, 'close');
    await until(() => server.openSockets.size === 0, 'a socket stays open');
  });

  for (const keepAlive of [true, false]) {
    it(`${keepAlive ? 'cannot tell' : 'does not meet'} a late answer of a broken peer`, async () => {
      const late = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"late":1}';
      const server = await startRawServer((socket) => {
        let requests = 0;
        socket.on('data', (chunk) => {
          if (!chunk.includes('POST ')) return;
          // The second is answered with what is left of the first.
          if (++requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
          else socket.write(late);
        });
      });
      const transport = open({ baseUrl: server.url, keepAlive, maxConcurrent: 1 });
      const bodies: string[] = [];
      for (let turn = 0; turn < 2; turn++) bodies.push((await send(transport)).body.toString());
      assert.deepEqual(bodies, ['{}', keepAlive ? '{"late":1}' : '{}']);
    });
  }

  it('drops a socket that is idle for some seconds, whatever the server promises', async () => {
    const server = await startServer((_request, response) => {
      response.setHeader('Keep-Alive', 'timeout=600');
      response.setHeader('Connection', 'keep-alive');
      response.end('{}');
    });
    await send(open({ baseUrl: server.url }));
    await until(() => server.openSockets.size === 0, 'the idle socket stays open');
  });

  it('lets requests in flight end when it is closed, takes no new ones and leaves nothing behind', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{"b":2}'), 100));
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const transport = open({ baseUrl: server.url, maxPerSecond: 1000 });
    const inFlight = send(transport);
    await until(() => server.received.length === 1, 'nothing came');
    const closed = transport.close();
    await failure(send(transport), 'CANCELLED', 'cancelled', { charged: false });
    assert.equal((await inFlight).body.toString(), '{"b":2}');
    await within(closed, 'the transport did not close');
    await until(() => server.openSockets.size === 0, 'a socket stays open');
    assert.equal(timers(), before, 'a timer is left');
    assert.equal(server.received.length, 1);
  });

  it('ends calls that wait for their turn when it is closed', async () => {
    const server = await startServer();
    const transport = open({ baseUrl: server.url, maxPerSecond: 1 });
    await send(transport);
    const waiting = failure(send(transport), 'CANCELLED', 'cancelled', { charged: false });
    await transport.close();
    await within(waiting, 'the waiting call never settles');
    assert.equal(server.received.length, 1);
  });

  it('ends a call whose signal is cancelled, in flight and before', async () => {
    let requests = 0;
    const server = await startRawServer((socket) => socket.on('data', () => requests++));
    const transport = open({ baseUrl: server.url });
    const context = makeContext();
    const sent = send(transport, makeCall(), context);
    await until(() => requests === 1, 'nothing came');
    const [socket = assert.fail()] = server.openSockets;
    context.controllers.signal.abort();
    await failure(sent, 'CANCELLED', 'cancelled', { charged: null, retryable: false });
    await until(() => !server.openSockets.has(socket), 'the socket stays open');

    const before = send(transport, makeCall(), context);
    await failure(before, 'CANCELLED', 'cancelled', { charged: false, retryable: true });
    await pause(50);
    assert.equal(requests, 1);
  });

  it('refuses a header that cannot be sent', async () => {
    const server = await startServer();
    const headers = { Key: 'a\nb' };
    const build = () => ({ method: 'POST' as const, path: '/', headers, body: Buffer.alloc(0) });
    const sent = send(open({ baseUrl: server.url }), makeCall({ build }));
    await failure(sent, 'CONFIG', 'invalid-header', { charged: false });
    assert.equal(server.received.length, 0);
  });
});
