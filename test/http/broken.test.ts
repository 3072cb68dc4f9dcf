/** Connections that break: nothing that may be charged is ever sent twice. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { VerifyError } from '../../src/contract/errors';
import { until } from '../until';
import { failure, makeCall, makeContext, makeFreeCall, send } from './context';
import { closeAll, freePort, open, pause, startRawServer, startServer, within } from './server';

const CLOSE = (socket: Socket) => socket.end();
const RESET_SOON = (socket: Socket) => setTimeout(() => socket.resetAndDestroy(), 20);

/** What a server writes in place of an answer, and how it ends the connection then. */
const BREAKS: readonly (readonly [
  name: string,
  written: string,
  end: ((socket: Socket) => unknown) | null,
])[] = [
  ['is reset before the answer', '', (socket) => socket.resetAndDestroy()],
  ['is closed before the answer', '', CLOSE],
  ['is reset amid the head', 'HTTP/1.1 200 OK\r\nContent-Le', RESET_SOON],
  ['is reset amid the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half":', RESET_SOON],
  ['is closed amid the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half":', CLOSE],
  ['is closed amid a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"half":', CLOSE],
  [
    'is closed between chunks of a last answer',
    'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n',
    CLOSE,
  ],
  ['is closed after an interim answer that nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\n', CLOSE],
  [
    'is asked to become another protocol',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n',
    null,
  ],
  ['is no HTTP', 'hello\r\n\r\n', null],
];

describe('http: a connection that breaks', () => {
  afterEach(closeAll);

  for (const [name, written, end] of BREAKS) {
    for (const keepAlive of [false, true]) {
      it(`${name}${keepAlive ? ', on a socket that served before' : ''}: one request, outcome unknown`, async () => {
        let requests = 0;
        const server = await startRawServer((socket) => {
          let hasServed = !keepAlive;
          socket.on('data', (chunk) => {
            if (!chunk.includes('POST ')) return;
            requests++;
            if (!hasServed) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
            else {
              socket.write(written);
              end?.(socket);
            }
            hasServed = true;
          });
        });
        const transport = open({ baseUrl: server.url, maxConcurrent: 1, timeout: 20_000 });
        if (keepAlive) await send(transport);
        const context = makeContext();
        const unknown = { charged: null, retryable: false };
        await failure(send(transport, makeCall(), context), 'NETWORK', 'connection-broke', unknown);
        await pause(30);
        assert.deepEqual([context.attempts, requests], [1, keepAlive ? 2 : 1]);
      });
    }
  }

  it('sends a free call three times', async () => {
    const server = await startServer(({ socket }) => socket.resetAndDestroy());
    const context = makeContext();
    const sent = send(open({ baseUrl: server.url }), makeFreeCall(), context);
    await failure(sent, 'NETWORK', 'connection-broke', { charged: null, retryable: true });
    await pause(30);
    assert.deepEqual([context.attempts, server.received.length], [3, 3]);
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
    const calls = Array.from({ length: 600 }, async (_, index) => {
      await pause(Math.random() * 600);
      await send(transport, makeCall({ path: `/${index}` }));
    });
    const settled = await within(Promise.allSettled(calls), 'a call never settles');
    assert.ok([...seen.values()].every((count) => count === 1));
    settled.forEach((result, index) => {
      if (result.status === 'fulfilled') assert.ok(seen.has(`/${index}`));
      else if ((result.reason as VerifyError).details.charged === false) assert.ok(!seen.has(`/${index}`));
    });
  });

  it('sends over a new socket where the idle one was closed meanwhile', async () => {
    const server = await startServer();
    const transport = open({ baseUrl: server.url, maxConcurrent: 1 });
    await send(transport);
    const [first = assert.fail()] = server.openSockets;
    first.end();
    await until(() => server.openSockets.size === 0, 'the socket stays open');
    await send(transport);
    assert.deepEqual([server.received.length, server.sockets], [2, 2]);
  });

  for (const [problem, host] of [
    ['no-connection', async () => `http://127.0.0.1:${await freePort()}`],
    ['host-not-found', async () => 'https://nothing.invalid'],
  ] as const)
    it(`knows that nothing was taken, and tries three times although it may cost money: ${problem}`, async () => {
      const context = makeContext();
      const sent = send(open({ baseUrl: new URL(await host()) }), makeCall(), context);
      const { values } = await failure(sent, 'NETWORK', problem, { charged: false, retryable: true });
      assert.match(String(values.code), /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/);
      assert.equal(context.attempts, 3);
    });
});
