import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { join } from 'node:path';
import { mock } from 'node:test';
import { Worker } from 'node:worker_threads';
import { until } from '../until';
import { selfSigned } from './certificates';
import { failure, makeCall, makeContext, send } from './context';
import { atEnd, closeAll, open, pause, startRawServer, startServer, within } from './server';

describe('http: one time limit for the whole attempt', () => {
  afterEach(async () => {
    mock.restoreAll();
    await closeAll();
  });

  it('gives up on a server that never answers', async () => {
    const server = await startServer(() => {});
    const context = makeContext();
    const sent = send(open({ baseUrl: server.url, timeout: 1_000 }), makeCall(), context);
    const error = await failure(sent, 'TIMEOUT', 'timeout', { charged: null, retryable: false });
    assert.deepEqual(error.values, { seconds: 1 });
    assert.deepEqual([context.attempts, server.received.length], [1, 1]);
    const [{ socket } = assert.fail()] = server.received;
    await until(() => !server.openSockets.has(socket), 'the socket stays open');
  });

  it('gives up on a server that sends a byte now and then for ever', async () => {
    const drip = (response: { write(chunk: string): unknown }) => {
      const timer = setInterval(() => response.write(' '), 20);
      atEnd(() => clearInterval(timer));
    };
    const whole = await startServer((_request, response) => drip(response));
    const heads = await startRawServer((socket) => {
      socket.resume().write('HTTP/1.1 200 OK\r\nX: ');
      drip(socket);
    });
    for (const server of [whole, heads]) {
      const sent = send(open({ baseUrl: server.url, timeout: 300 }));
      await within(failure(sent, 'TIMEOUT', 'timeout', { charged: null }), 'it waits for ever');
    }
  });

  it('reads what arrived while the process stood still before anything times out', async function () {
    this.timeout(60_000);
    const counts = new Int32Array(new SharedArrayBuffer(8));
    const thread = new Worker(join(__dirname, 'answering-thread.js'), { workerData: counts.buffer });
    atEnd(async () => {
      await thread.terminate();
    });
    const [port] = await once(thread, 'message');
    const timeout = 1_500;
    const transport = open({ baseUrl: new URL(`http://127.0.0.1:${port}`), timeout, maxConcurrent: 16 });
    // As large as fits into a socket that nobody reads, some in several parts; and one that is not answered.
    const sizes = [...Array(9).fill(10), 50_000, 100_000, 100_000];
    const started = performance.now();
    const calls = sizes.map((size) => send(transport, makeCall({ path: `/${size}` })));
    const unanswered = failure(send(transport, makeCall({ path: '/0' })), 'TIMEOUT');
    await until(() => counts[0] === sizes.length + 1, 'the requests do not arrive');
    // Timers are what comes next.
    await new Promise(setImmediate);
    const left = () => started + 2 * timeout - performance.now();
    while (counts[1]! < sizes.length || left() > 0) Atomics.wait(counts, 1, counts[1]!, Math.max(1, left()));
    const answers = await Promise.all(calls);
    assert.deepEqual(
      answers.map(({ body }) => JSON.parse(body.toString()).text.length),
      sizes,
    );
    assert.equal((await unanswered).problem, 'timeout');
  });

  it('goes by the clock where its timer fires early, as it does after the process stood still', async () => {
    const server = await startServer(() => {});
    let time = performance.now();
    mock.method(performance, 'now', () => time);
    let isOver = false;
    const sent = send(open({ baseUrl: server.url, timeout: 20 }), makeCall({ once: true }));
    const failed = failure(sent, 'TIMEOUT').finally(() => {
      isOver = true;
    });
    await pause(200);
    assert.equal(isOver, false);
    time += 20;
    await failed;
  });

  it('counts from the start of the attempt, not from the turn before it', async () => {
    const server = await startServer(({ url }, response) => {
      if (url !== '/silent') response.end('{}');
    });
    const transport = open({ baseUrl: server.url, timeout: 1_000, maxConcurrent: 1 });
    const silent = Array.from({ length: 2 }, () =>
      failure(send(transport, makeCall({ path: '/silent' })), 'TIMEOUT'),
    );
    // It has waited for twice its time when its turn comes.
    await Promise.all([...silent, send(transport)]);
    assert.equal(server.received.length, 3);
  });

  const unreached = { charged: false, retryable: true };

  it('knows that a server whose TLS handshake hangs got nothing, and says so after three attempts', async () => {
    const server = await startRawServer((socket) => socket.resume(), 'https:');
    const context = makeContext();
    const sent = send(open({ baseUrl: server.url, timeout: 100 }), makeCall(), context);
    await failure(sent, 'TIMEOUT', 'connect-timeout', unreached);
    assert.deepEqual([context.attempts, context.waits.length], [3, 2]);
  });

  it('sends nothing of a call that was given up while it connected', async () => {
    const held: (() => void)[] = [];
    const { behind, front, ca } = await startTlsBehind((socket, connect) => held.push(() => connect(socket)));
    for (const maxConcurrent of [1, 4]) {
      const transport = open({ baseUrl: front.url, timeout: 80, maxConcurrent, tls: { ca } });
      await failure(send(transport), 'TIMEOUT');
    }
    for (const connect of held) connect();
    await until(() => behind.sockets > 0, 'no connection was ever made');
    await pause(300);
    assert.equal(behind.received.length, 0);
  });

  it('reaches a server again that had stopped taking connections', async () => {
    let silent = true;
    const { behind, front, ca } = await startTlsBehind((socket, connect) => {
      if (!silent) connect(socket);
    });
    const transports = [1, 3].map((maxConcurrent) =>
      open({ baseUrl: front.url, timeout: 1_000, maxConcurrent, tls: { ca } }),
    );
    const ask = (count: number) =>
      transports.flatMap((transport) => Array.from({ length: count }, () => send(transport)));
    await Promise.all(ask(4).map((sent) => failure(sent, 'TIMEOUT', 'connect-timeout', unreached)));
    silent = false;
    // undici's own limit for connecting is coarser by up to a second; until then the old connections are in the way.
    const isReached = async () =>
      (await Promise.allSettled(ask(1))).every(({ status }) => status === 'fulfilled');
    await until(isReached, 'it is not reached');
    behind.received.length = 0;
    await Promise.all(ask(10));
    assert.equal(behind.received.length, 20);
  });
});

/** @param accept decides when a connection goes on to a TLS server */
async function startTlsBehind(accept: (socket: Socket, connect: (socket: Socket) => void) => void) {
  const identity = selfSigned('IP:127.0.0.1');
  const behind = await startServer(undefined, identity);
  const front = await startRawServer((socket) => {
    accept(socket, () => {
      const onward = net.connect(behind.port, '127.0.0.1').on('error', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
      socket.on('close', () => onward.destroy());
    });
  }, 'https:');
  return { behind, front, ca: identity.cert };
}
