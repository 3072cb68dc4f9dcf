import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { VerifyError } from '../../src/contract/errors';
import type { QueueSlot, Transport } from '../../src/contract/transport';
import { type LimitOptions, Limits } from '../../src/http/limits';
import { until } from '../until';
import { failure, makeCall, makeContext, makeFreeCall, send } from './context';
import { closeAll, open, pause, startServer, within } from './server';

const never = new AbortController().signal;

/** @param options that differ from those of an account that is never short of turns */
function makeLimits(options: Partial<LimitOptions>, now = () => performance.now()): Limits {
  return new Limits({ maxConcurrent: 16, maxPerSecond: 0, maxWaiting: 1000, ...options }, now);
}

describe('http: limits of an account', () => {
  afterEach(async () => {
    mock.timers.reset();
    mock.restoreAll();
    await closeAll();
  });

  /** What the runner does with a message: takes a slot, sends a request, releases the slot. */
  async function message(transport: Transport, path: string, context = makeContext()): Promise<void> {
    const slot = transport.takeSlot();
    try {
      await send(transport, makeCall({ path, slot }), context);
    } finally {
      slot.release();
    }
  }

  it('starts no more than maxPerSecond in any second', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    let now = 0;
    const limits = makeLimits({ maxConcurrent: 25, maxPerSecond: 10 }, () => now);
    const starts: number[] = [];
    const turns = Array.from({ length: 25 }, async () => {
      await limits.turn(undefined, never);
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
    await until(() => poll.attempts === 1, 'it does not start');
    assert.equal(other.attempts, 0);
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
    const server = await startServer();
    const transport = open({ baseUrl: server.url, maxPerSecond: 1 });
    await send(transport);
    const hourAgo = Date.now() - 3_600_000;
    mock.method(Date, 'now', () => hourAgo);
    await within(send(transport), 'the call waits for the old time');
  });

  it('lets 1,000 wait behind 16 in flight and refuses the rest of 1,100 at once', async () => {
    const { promise: answering, resolve: answer } = Promise.withResolvers<void>();
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
    assert.deepEqual([error.problem, error.values], ['too-many-waiting', { maxWaiting: 1000 }]);
    assert.equal(server.mostAtOnce, 16);

    answer();
    await Promise.all(messages);
    assert.equal(server.received.length, 1016);
    assert.equal(server.mostAtOnce, 16);
    const refused = failed.length;
    await Promise.all(Array.from({ length: 1016 }, (_, index) => message(transport, `/again/${index}`)));
    assert.equal(failed.length, refused, 'the slots were not released');
    assert.equal(server.received.length, 2032);
  });

  it('with maxWaiting 0 still works on what need not wait', () => {
    const limits = makeLimits({ maxConcurrent: 2, maxWaiting: 0 });
    const slots = [limits.takeSlot(), limits.takeSlot()];
    assert.throws(() => limits.takeSlot(), { code: 'OVERLOADED' });
    for (const slot of slots) slot.release();
    limits.takeSlot();
  });

  it('goes by age, but what had a turn first and polls last', async () => {
    const limits = makeLimits({ maxConcurrent: 1 });
    const order: string[] = [];
    const ask = async (name: string, slot?: QueueSlot) => {
      await limits.turn(slot, never);
      order.push(name);
    };
    const old = limits.takeSlot();
    const waiting = [ask('old/1', old), ask('poll/1'), ask('new/1', limits.takeSlot()), ask('poll/2')];
    waiting.push(ask('new/2', limits.takeSlot()), ask('old/2', old));
    for (let ended = 1; ended <= waiting.length; ended++) {
      await until(() => order.length === ended, 'nobody has the turn');
      limits.ended(order.at(-1)!.startsWith('poll') ? undefined : old);
    }
    assert.deepEqual(order, ['old/1', 'old/2', 'new/1', 'new/2', 'poll/1', 'poll/2']);
  });

  it('lets polls take no slot, and takes one for all requests of a message', () => {
    const limits = makeLimits({ maxConcurrent: 1, maxWaiting: 1 });
    limits.turn(undefined, never);
    for (let poll = 0; poll < 10; poll++) limits.turn(undefined, never)!.catch(() => {});
    const slot = limits.takeSlot();
    limits.turn(slot, never)!.catch(() => {});
    limits.turn(slot, never)!.catch(() => {});
    assert.throws(() => limits.takeSlot(), { code: 'OVERLOADED' });
    slot.release();
    slot.release();
    limits.takeSlot();
    assert.throws(() => limits.takeSlot(), { code: 'OVERLOADED' });
    limits.close();
  });

  it('ends the waiting of a node that closes, which frees nothing but its own slot', async () => {
    const server = await startServer((_request, response) => setTimeout(() => response.end('{}'), 40));
    const transport = open({ baseUrl: server.url, maxConcurrent: 1, maxWaiting: 2 });
    const context = makeContext();
    const first = message(transport, '/first');
    const second = failure(message(transport, '/second', context), 'CANCELLED', 'cancelled', {
      charged: false,
    });
    const third = message(transport, '/third');
    assert.throws(() => transport.takeSlot(), { code: 'OVERLOADED' });
    context.controllers.closing.abort();
    await second;
    assert.equal(context.attempts, 0);
    const fourth = message(transport, '/fourth');
    await Promise.all([first, third, fourth]);
    assert.equal(server.received.map(({ url }) => url).join(' '), '/first /third /fourth');
    await failure(message(transport, '/late', context), 'CANCELLED');
  });

  it('counts nobody as waiting who gave up', async () => {
    const limits = makeLimits({ maxConcurrent: 1, maxWaiting: 1 });
    assert.equal(limits.turn(undefined, never), undefined);
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
    const server = await startServer();
    const transport = open({ baseUrl: server.url, maxConcurrent: 1, timeout: 500 });
    const broken = () => {
      throw new TypeError('a fault of ours');
    };
    for (const fault of ['build', 'read'])
      await assert.rejects(send(transport, makeCall({ [fault]: broken })), TypeError);
    await send(transport);
    assert.equal(server.received.length, 2);
  });

  it('survives many that come, wait and give up in every order', async () => {
    const limits = makeLimits({ maxConcurrent: 3 });
    let active = 0;
    let most = 0;
    let cancelled = 0;
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
      } catch (error) {
        assert.ok(error instanceof VerifyError && error.code === 'CANCELLED');
        cancelled++;
      } finally {
        slot?.release();
      }
    };
    await within(Promise.all(Array.from({ length: 300 }, one)), 'a turn never comes');
    assert.equal(most, 3);
    assert.equal(active, 0);
    assert.ok(cancelled > 0 && cancelled < 300, String(cancelled));
    for (let free = 0; free < 3; free++) assert.equal(limits.turn(limits.takeSlot(), never), undefined);
  });
});
