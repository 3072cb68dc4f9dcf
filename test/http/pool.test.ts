import assert from 'node:assert/strict';
import { until } from '../until';
import { failure, makeCall, makeContext } from './context';
import { closeAll, open, pause, startRawServer, startServer, within } from './server';

describe('http: one pool an account', () => {
  afterEach(closeAll);

  it('keeps a socket for the next request', async () => {
    const server = await startServer((_request, response) => response.end('{}'));
    for (const maxConcurrent of [1, 16]) {
      const transport = open({ baseUrl: server.url, maxConcurrent });
      for (let index = 0; index < 20; index++) await transport.send(makeCall(), makeContext());
      assert.equal(server.received.splice(0).length, 20);
      // undici takes a socket back one turn after its answer, so the very next call may open a second one.
      assert.ok(server.sockets <= Math.min(2, maxConcurrent), `${server.sockets} sockets`);
      server.sockets = 0;
    }
  });

  it('never has more than maxConcurrent sockets or requests for 1,000 calls', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{}'), 2));
    const transport = open({ baseUrl: server.url, maxConcurrent: 7 });
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => transport.send(makeCall(), makeContext())),
    );
    assert.equal(answers.length, 1000);
    assert.equal(server.received.length, 1000);
    assert.equal(server.mostAtOnce, 7);
    assert.equal(server.sockets, 7);
  });

  it("sends a request to another origin beside the base URL's path, over few pools at a time", async () => {
    const own = await startServer((_request, response) => response.end('{}'));
    const transport = open({ baseUrl: new URL('/folder', own.url) });
    const others = await Promise.all(
      Array.from({ length: 10 }, () => startServer((_request, response) => response.end('{}'))),
    );
    for (let turn = 0; turn < 2; turn++) {
      await transport.send(makeCall(), makeContext());
      for (const { url } of others) {
        const call = makeCall();
        const build: typeof call.build = async (...given) => ({
          ...(await call.build(...given)),
          origin: url.origin,
        });
        await transport.send({ ...call, build }, makeContext());
      }
    }
    const urls = (server: typeof own) => server.received.map(({ url }) => url);
    const [path = ''] = urls(others[0]!);
    assert.deepEqual(others.map(urls), Array(10).fill([path, path]));
    assert.deepEqual(urls(own), [`/folder${path}`, `/folder${path}`]);
    await transport.close();
  });

  it('sends the bytes it was given, with their length and never in chunks', async () => {
    const server = await startServer((_request, response) => response.end('{}'));
    const transport = open({ baseUrl: server.url });
    const bodies = [
      Buffer.from('{"name":"欧阳\u0000"}'),
      Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 256)),
      Buffer.alloc(0),
    ];
    for (const body of bodies) await transport.send(makeCall({ body }), makeContext());
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
    const server = await startServer((_request, response) => response.end('{}'));
    const transport = open({ baseUrl: server.url });
    await transport.send(
      makeCall({
        build: () => ({
          method: 'GET',
          path: '/a?b=%E5%BC%A0',
          headers: { Secret: 'x' },
          body: Buffer.alloc(0),
        }),
      }),
      makeContext(),
    );
    const [{ method, url, headers } = assert.fail()] = server.received;
    assert.equal(method, 'GET');
    assert.equal(url, '/a?b=%E5%BC%A0');
    assert.equal(headers.secret, 'x');
    assert.equal(headers['accept-encoding'], 'gzip, br');
    assert.equal(headers.host, server.url.host);
  });

  it('puts the path of a call behind that of the base URL, with and without a slash at its end', async () => {
    const server = await startServer((_request, response) => response.end('{}'));
    for (const [base, path, expected] of [
      ['/api/invoke', '/three?t=1', '/api/invoke/three?t=1'],
      ['/api/invoke/', '/three?t=1', '/api/invoke/three?t=1'],
      ['/', '', '/'],
      ['/release/post', '', '/release/post'],
      ['/release/post/', '', '/release/post'],
    ] as const) {
      await open({ baseUrl: new URL(base, server.url) }).send(makeCall({ path }), makeContext());
      assert.equal(server.received.at(-1)?.url, expected);
    }
  });

  it('opens a new connection for each call where the account says so', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{}'), 20));
    const transport = open({ baseUrl: server.url, keepAlive: false, maxConcurrent: 4 });
    for (let turn = 0; turn < 5; turn++) await transport.send(makeCall(), makeContext());
    await Promise.all(Array.from({ length: 20 }, () => transport.send(makeCall(), makeContext())));
    assert.equal(server.sockets, 25);
    assert.equal(server.mostAtOnce, 4);
    for (const { headers } of server.received) assert.equal(headers.connection, 'close');
    await until(() => server.openSockets.size === 0, 'a socket stays open');
  });

  for (const keepAlive of [true, false]) {
    it(`${keepAlive ? 'cannot tell' : 'does not meet'} a late answer of a broken peer`, async () => {
      const late = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"late":1}';
      const server = await startRawServer((socket) => {
        let asked = 0;
        socket.on('data', (chunk) => {
          if (!chunk.includes('POST ')) return;
          // The second is answered with what is left of the first.
          if (++asked === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
          else socket.write(late);
        });
      });
      const transport = open({ baseUrl: server.url, keepAlive, maxConcurrent: 1 });
      const bodies: string[] = [];
      for (let turn = 0; turn < 2; turn++)
        bodies.push((await transport.send(makeCall(), makeContext())).body.toString());
      assert.deepEqual(bodies, ['{}', keepAlive ? '{"late":1}' : '{}']);
    });
  }

  it('drops a socket that is idle for some seconds, whatever the server promises', async () => {
    const server = await startServer((_request, response) => {
      response.setHeader('Keep-Alive', 'timeout=600');
      response.setHeader('Connection', 'keep-alive');
      response.end('{}');
    });
    await open({ baseUrl: server.url }).send(makeCall(), makeContext());
    await until(() => server.openSockets.size === 0, 'the idle socket stays open');
  });

  it('lets requests in flight end when it is closed, takes no new ones and leaves nothing behind', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{"b":2}'), 100));
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const transport = open({ baseUrl: server.url, maxPerSecond: 1000 });
    const inFlight = transport.send(makeCall(), makeContext());
    await until(() => server.received.length === 1, 'nothing came');
    const closed = transport.close();
    const refused = await failure(transport.send(makeCall(), makeContext()), 'CANCELLED');
    assert.equal(refused.details.charged, false);
    assert.equal((await inFlight).body.toString(), '{"b":2}');
    await within(closed, 'the transport did not close');
    await until(() => server.openSockets.size === 0, 'a socket stays open');
    assert.equal(timers(), before, 'a timer is left');
    assert.equal(server.received.length, 1);
  });

  it('ends calls that wait for their turn when it is closed', async () => {
    const server = await startServer((_request, response) => response.end('{}'));
    const transport = open({ baseUrl: server.url, maxPerSecond: 1 });
    await transport.send(makeCall(), makeContext());
    let settled = false;
    const waiting = failure(transport.send(makeCall(), makeContext()), 'CANCELLED').finally(() => {
      settled = true;
    });
    await transport.close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(settled, 'it waits on');
    const error = await within(waiting, 'the waiting call never settles');
    assert.equal(error.details.charged, false);
    assert.equal(server.received.length, 1);
  });

  it('ends a call whose signal is cancelled, in flight and before', async () => {
    let requests = 0;
    const server = await startRawServer((socket) => socket.on('data', () => requests++));
    const transport = open({ baseUrl: server.url });
    const context = makeContext();
    const calling = transport.send(makeCall(), context);
    await until(() => requests === 1, 'nothing came');
    const [socket = assert.fail()] = server.openSockets;
    context.controllers.signal.abort();
    const inFlight = await failure(calling, 'CANCELLED');
    assert.equal(inFlight.details.charged, null);
    assert.equal(inFlight.details.retryable, false);
    await until(() => !server.openSockets.has(socket), 'the socket stays open');

    const before = await failure(transport.send(makeCall(), context), 'CANCELLED');
    assert.equal(before.details.charged, false);
    assert.equal(before.details.retryable, true);
    await pause(50);
    assert.equal(requests, 1);
  });

  it('refuses a header that cannot be sent', async () => {
    const server = await startServer((_request, response) => response.end('{}'));
    const build = () => ({
      method: 'POST' as const,
      path: '/',
      headers: { Key: 'a\nb' },
      body: Buffer.alloc(0),
    });
    const error = await failure(
      open({ baseUrl: server.url }).send(makeCall({ build }), makeContext()),
      'CONFIG',
    );
    assert.equal(error.details.charged, false);
    assert.equal(server.received.length, 0);
  });
});
