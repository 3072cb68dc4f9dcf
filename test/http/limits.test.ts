import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { VerifyError } from '../../src/contract/errors';
import type { QueueSlot, Transport } from '../../src/contract/transport';
import { Limits } from '../../src/http/limits';
import { until } from '../until';
import { failure, makeCall, makeContext, makeFreeCall } from './context';
import { closeAll, open, pause, startServer, within } from './server';

describe('http: limits of an account', () => {
  afterEach(async () => {
    mock.timers.reset();
    await closeAll();
  });

  /** What the runner does with a message: takes a place, asks, gives the place back. */
  async function message(transport: Transport, path: string, context = makeContext()): Promise<void> {
    const slot = transport.takeSlot();
    try {
      await transport.send(makeCall({ path, slot }), context);
    } finally {
      slot.release();
    }
  }

  it('starts no more than maxPerSecond in any second', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    let now = 0;
    const limits = new Limits({ maxConcurrent: 25, maxPerSecond: 10, maxWaiting: 1000 }, () => now);
    const starts: number[] = [];
    const turns = Array.from({ length: 25 }, async () => {
      await limits.turn(undefined, new AbortController().signal);
      limits.sent();
      starts.push(now);
    });
    while (now < 3_000) {
      await new Promise((resolve) => setImmediate(resolve));
      now += 10;
      mock.timers.tick(10);
    }
    await Promise.all(turns);
    assert.deepEqual(starts, [...Array(10).fill(0), ...Array(10).fill(1_000), ...Array(5).fill(2_000)]);
  });

  it('counts polls and repeated requests too', async () => {
    const server = await startServer((_request, response) => response.writeHead(500).end());
    const first = open({ baseUrl: server.url, maxPerSecond: 1 });
    const [poll, other] = [makeContext(), makeContext()];
    const calls = [
      first.send(makeCall({ claim: null }), poll).catch(() => {}),
      first.send(makeCall(), other).catch(() => {}),
    ];
    assert.deepEqual([poll.attempts, other.attempts], [1, 0]);
    const second = open({ baseUrl: server.url, maxPerSecond: 1 });
    let attemptsSoon = 0;
    const free = makeContext({
      wait: async () => {
        // The next attempt would be made by then if nothing held it up.
        setImmediate(() => setImmediate(() => (attemptsSoon = free.attempts)));
      },
    });
    await failure(second.send(makeFreeCall(), free), 'PROVIDER');
    assert.deepEqual([attemptsSoon, free.attempts], [2, 3]);
    await Promise.all(calls);
  });

  it('is not held up by a clock that is set back', async () => {
    const server = await startServer((_request, response) => response.end('{}'));
    const now = Date.now;
    let behind = 0;
    Date.now = () => now() - behind;
    try {
      const transport = open({ baseUrl: server.url, maxPerSecond: 1 });
      await transport.send(makeCall(), makeContext());
      behind = 3_600_000;
      await within(transport.send(makeCall(), makeContext()), 'the call waits for the old time');
    } finally {
      Date.now = now;
    }
    assert.equal(server.received.length, 2);
  });

  it('lets 1,000 wait behind 16 in flight and refuses the rest of 1,100 at once', async () => {
    let answer: () => void = () => assert.fail();
    const answering = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const server = await startServer((_request, response) => void answering.then(() => response.end('{}')));
    const transport = open({ baseUrl: server.url });
    const failed: [number, VerifyError][] = [];
    const messages = Array.from({ length: 1100 }, (_, index) =>
      message(transport, `/${index}`).catch((error) => void failed.push([index, error])),
    );
    await until(() => server.received.length === 16, 'the first sixteen did not start');
    assert.deepEqual(
      failed.map(([index]) => index),
      Array.from({ length: 84 }, (_, index) => 1016 + index),
    );
    const [[, error] = assert.fail()] = failed;
    assert.equal(error.code, 'OVERLOADED');
    assert.equal(error.problem, 'too-many-waiting');
    assert.deepEqual(error.values, { maxWaiting: 1000 });
    assert.equal(server.mostAtOnce, 16);

    answer();
    await Promise.all(messages);
    assert.equal(server.received.length, 1016);
    assert.equal(server.mostAtOnce, 16);
    const refused = failed.length;
    await Promise.all(Array.from({ length: 1016 }, (_, index) => message(transport, `/again/${index}`)));
    assert.equal(failed.length, refused, 'the places were not given back');
    assert.equal(server.received.length, 2032);
  });

  it('with maxWaiting 0 still works on what need not wait', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{}'), 20));
    const transport = open({ baseUrl: server.url, maxConcurrent: 2, maxWaiting: 0 });
    const settled = await Promise.allSettled(Array.from({ length: 3 }, () => message(transport, '/')));
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected'],
    );
    await message(transport, '/');
  });

  it('goes by age, but what had a turn first and polls last', async () => {
    const order: string[] = [];
    const server = await startServer(({ url }, response) => {
      order.push(url);
      setTimeout(() => response.end('{}'), 10);
    });
    const transport = open({ baseUrl: server.url, maxConcurrent: 1 });
    const context = makeContext();
    const send = (path: string, slot?: QueueSlot) =>
      transport.send(makeCall({ path, ...(slot ? { slot } : { claim: null }) }), context);
    const old = transport.takeSlot();
    const first = send('/old/1', old);
    const others = [
      send('/poll/1'),
      send('/new/1', transport.takeSlot()),
      send('/poll/2'),
      send('/new/2', transport.takeSlot()),
    ];
    const second = first.then(() => send('/old/2', old));
    await Promise.all([first, second, ...others]);
    assert.deepEqual(order, ['/old/1', '/new/1', '/old/2', '/new/2', '/poll/1', '/poll/2']);
  });

  it('lets polls take no place', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{}'), 20));
    const transport = open({ baseUrl: server.url, maxConcurrent: 1, maxWaiting: 1 });
    const polls = Array.from({ length: 10 }, () => transport.send(makeCall({ claim: null }), makeContext()));
    const waiting = message(transport, '/waits');
    await assert.rejects(message(transport, '/refused'), { code: 'OVERLOADED' });
    await Promise.all([...polls, waiting]);
    assert.equal(server.received.length, 11);
    assert.equal(server.received[1]?.url, '/waits');
  });

  it('takes one place for all requests of a message, and gives it back once', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{}'), 20));
    const transport = open({ baseUrl: server.url, maxConcurrent: 1, maxWaiting: 1 });
    const slot = transport.takeSlot();
    for (let batch = 0; batch < 3; batch++) await transport.send(makeCall({ slot }), makeContext());
    slot.release();
    slot.release();
    const busy = [message(transport, '/'), message(transport, '/')];
    assert.throws(() => transport.takeSlot(), { code: 'OVERLOADED' });
    await Promise.all(busy);
  });

  it('ends the waiting of a node that closes, which frees nothing but its own place', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{}'), 40));
    const transport = open({ baseUrl: server.url, maxConcurrent: 1, maxWaiting: 2 });
    const context = makeContext();
    const first = message(transport, '/first');
    const second = failure(message(transport, '/second', context), 'CANCELLED');
    const third = message(transport, '/third');
    assert.throws(() => transport.takeSlot(), { code: 'OVERLOADED' });
    context.controllers.closing.abort();
    const error = await second;
    assert.equal(error.details.charged, false);
    assert.equal(error.details.retryable ?? true, true);
    assert.equal(context.attempts, 0);
    const fourth = message(transport, '/fourth');
    await Promise.all([first, third, fourth]);
    assert.deepEqual(
      server.received.map(({ url }) => url),
      ['/first', '/third', '/fourth'],
    );
    await failure(message(transport, '/late', context), 'CANCELLED');
  });

  it('counts nobody as waiting who gave up', async () => {
    const limits = new Limits({ maxConcurrent: 1, maxPerSecond: 0, maxWaiting: 1 }, () => performance.now());
    assert.equal(limits.turn(undefined, new AbortController().signal), undefined);
    const cancel = new AbortController();
    const waiting = failure(limits.turn(undefined, cancel.signal)!, 'CANCELLED');
    cancel.abort();
    await waiting;
    limits.ended(undefined);
    // Neither has to wait, so neither counts, however many there may be.
    limits.takeSlot();
    limits.takeSlot();
  });

  it('frees its turn whatever a call throws', async () => {
    const server = await startServer((_request, response) => response.end('{}'));
    const transport = open({ baseUrl: server.url, maxConcurrent: 1, timeout: 500 });
    const broken = () => {
      throw new TypeError('a fault of ours');
    };
    await assert.rejects(transport.send(makeCall({ build: broken }), makeContext()), TypeError);
    await assert.rejects(transport.send(makeCall({ read: broken }), makeContext()), TypeError);
    await transport.send(makeCall(), makeContext());
    assert.equal(server.received.length, 2);
  });

  it('survives many that come, wait and give up in every order', async () => {
    const limits = new Limits({ maxConcurrent: 3, maxPerSecond: 0, maxWaiting: 1000 }, () =>
      performance.now(),
    );
    let active = 0;
    let most = 0;
    const outcomes = { done: 0, cancelled: 0 };
    const one = async () => {
      const cancel = new AbortController();
      const slot = Math.random() < 0.5 ? limits.takeSlot() : undefined;
      if (Math.random() < 0.4) setTimeout(() => cancel.abort(), Math.random() * 40);
      try {
        await limits.turn(slot, cancel.signal);
        most = Math.max(most, ++active);
        await pause(Math.random() * 3);
        active--;
        limits.ended(slot);
        outcomes.done++;
      } catch (error) {
        assert.ok(error instanceof VerifyError && error.code === 'CANCELLED');
        outcomes.cancelled++;
      } finally {
        slot?.release();
      }
    };
    await within(Promise.all(Array.from({ length: 300 }, one)), 'a turn never comes');
    assert.equal(most, 3);
    assert.equal(active, 0);
    assert.equal(outcomes.done + outcomes.cancelled, 300);
    assert.ok(outcomes.done > 0 && outcomes.cancelled > 0);
    for (let free = 0; free < 3; free++)
      assert.equal(limits.turn(limits.takeSlot(), new AbortController().signal), undefined);
  });
});
