/** Connections that break: nothing that may be charged is ever sent twice. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { VerifyError } from '../../src/contract/errors';
import { until } from '../until';
import { failure, makeCall, makeContext, makeFreeCall } from './context';
import { closeAll, freePort, open, pause, startRawServer, startServer, within } from './server';

/** Requests that begin in what a raw server got. */
function countRequests(socket: Socket, onRequest: () => void): void {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
    for (let at = text.indexOf('POST '); at >= 0; at = text.indexOf('POST ')) {
      text = text.slice(at + 5);
      onRequest();
    }
  });
}

const BREAKS: Record<string, (socket: Socket) => void> = {
  'is reset before the answer': (socket) => socket.resetAndDestroy(),
  'is closed before the answer': (socket) => socket.end(),
  'is reset amid the head': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Le');
    setTimeout(() => socket.resetAndDestroy(), 20);
  },
  'is reset amid the body': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half":');
    setTimeout(() => socket.resetAndDestroy(), 20);
  },
  'is closed amid the body': (socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half":');
  },
  'is closed amid a chunk': (socket) => {
    socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"half":');
  },
  'is closed between chunks of a last answer': (socket) => {
    socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n');
  },
  'is told to go on although nobody asked, and closed': (socket) =>
    socket.end('HTTP/1.1 100 Continue\r\n\r\n'),
  'is asked to become another protocol': (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n'),
};

describe('http: a connection that breaks', () => {
  afterEach(closeAll);

  for (const [name, breakOff] of Object.entries(BREAKS)) {
    for (const keepAlive of [false, true]) {
      it(`${name}${keepAlive ? ', on a socket that served before' : ''}: one request, fate unknown`, async () => {
        let requests = 0;
        const server = await startRawServer((socket) => {
          let served = !keepAlive;
          countRequests(socket, () => {
            requests++;
            if (served) breakOff(socket);
            else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
            served = true;
          });
        });
        const transport = open({ baseUrl: server.url, maxConcurrent: 1, timeout: 20_000 });
        if (keepAlive) await transport.send(makeCall(), makeContext());
        const context = makeContext();
        const error = await failure(transport.send(makeCall(), context), 'NETWORK');
        assert.equal(error.problem, 'connection-broke');
        assert.equal(error.details.charged, null);
        assert.equal(error.details.retryable, false);
        assert.equal(context.attempts, 1);
        await pause(30);
        assert.equal(requests, keepAlive ? 2 : 1);
      });
    }
  }

  it('sends a free call three times', async () => {
    const server = await startServer(({ socket }) => socket.resetAndDestroy());
    const context = makeContext();
    const error = await failure(open({ baseUrl: server.url }).send(makeFreeCall(), context), 'NETWORK');
    assert.equal(error.details.retryable, true);
    assert.equal(error.details.charged, null);
    await pause(30);
    assert.equal(server.received.length, 3);
    assert.equal(context.attempts, 3);
  });

  it('gives what the third attempt gave', async () => {
    const server = await startServer(({ socket }, response) => {
      if (server.received.length < 3) socket.resetAndDestroy();
      else response.end('{"third":true}');
    });
    const { body } = await open({ baseUrl: server.url }).send(makeFreeCall(), makeContext());
    assert.equal(body.toString(), '{"third":true}');
  });

  it('neither loses nor doubles calls over a server that drops its idle sockets at every moment', async () => {
    const seen = new Map<string, number>();
    const server = await startServer(({ url, socket }, response) => {
      seen.set(url, (seen.get(url) ?? 0) + 1);
      response.end('{}');
      const after = Math.floor(Math.random() * 4);
      if (after < 3) setTimeout(() => socket.destroy(), after);
    });
    const transport = open({ baseUrl: server.url, maxConcurrent: 4 });
    const settled = await within(
      Promise.allSettled(
        Array.from({ length: 600 }, async (_, index) => {
          await pause(Math.random() * 600);
          await transport.send(makeCall({ path: `/${index}` }), makeContext());
        }),
      ),
      'a call never settles',
    );
    assert.deepEqual(
      [...seen.values()].filter((count) => count > 1),
      [],
    );
    settled.forEach((result, index) => {
      if (result.status === 'fulfilled') assert.equal(seen.get(`/${index}`), 1);
      else if ((result.reason as VerifyError).details.charged === false) assert.ok(!seen.has(`/${index}`));
    });
  });

  it('sends over a new socket where the idle one was closed meanwhile', async () => {
    const server = await startServer((_request, response) => response.end('{}'));
    const transport = open({ baseUrl: server.url, maxConcurrent: 1 });
    await transport.send(makeCall(), makeContext());
    const [first = assert.fail()] = server.openSockets;
    first.end();
    await until(() => server.openSockets.size === 0, 'the socket stays open');
    await transport.send(makeCall(), makeContext());
    assert.equal(server.received.length, 2);
    assert.equal(server.sockets, 2);
  });

  for (const [problem, host] of [
    ['no-connection', async () => `http://127.0.0.1:${await freePort()}`],
    ['host-not-found', async () => 'https://nothing.invalid'],
  ] as const)
    it(`knows that nothing was taken, and tries three times although it may cost money: ${problem}`, async () => {
      const context = makeContext();
      const transport = open({ baseUrl: new URL(await host()) });
      const error = await failure(transport.send(makeCall(), context), 'NETWORK');
      assert.equal(error.problem, problem);
      assert.match(String(error.values.code), /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/);
      assert.deepEqual([error.details.charged, error.details.retryable], [false, true]);
      assert.equal(context.attempts, 3);
    });

  it('settles every one of many calls to a server that refuses connections', async () => {
    const baseUrl = new URL(`http://127.0.0.1:${await freePort()}`);
    const transport = open({ baseUrl, maxConcurrent: 3 });
    const calls = Array.from({ length: 200 }, () =>
      failure(transport.send(makeCall(), makeContext()), 'NETWORK'),
    );
    const errors = await within(Promise.all(calls), 'a call never settles');
    for (const { details } of errors) assert.equal(details.charged, false);
  });
});
