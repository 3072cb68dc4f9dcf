import assert from 'node:assert/strict';
import { Cancel } from '../../src/cancel';
import { VerifyError } from '../../src/errors';
import { dayOf } from '../../src/ledger/calendar';
import type { Entry } from '../../src/ledger/ledger';
import { SHANGHAI } from '../../src/ledger/scripts';
import { answered, call, claimed, idOf, notTaken, patient, unknown } from '../ledger/ledgers';
import { leaksIn, PRIVATE } from '../private';
import { type Process, startProcess } from './process';
import { closeLedgers, ledgerOn, type RedisServer, startRedis, type TestLedger } from './server';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const refused = (problem: string) => (error: unknown) => {
  assert.ok(error instanceof VerifyError, String(error));
  assert.deepEqual([error.problem, error.details.charged], [problem, false]);
  return true;
};

describe('the shared ledger', () => {
  let server: RedisServer;
  let ledger: TestLedger;
  const processes: Process[] = [];
  const start = async () => {
    const one = await startProcess(server.url);
    processes.push(one);
    return one;
  };
  const look = async (key: string, from = ledger, maxAgeMs: number | null = null) =>
    (await from.look([key], maxAgeMs, patient())).get(key) ?? null;

  before(async () => {
    server = await startRedis();
  });
  after(() => server.stop());
  beforeEach(async () => {
    await server.client.flushall();
    ledger = ledgerOn(server.url);
  });
  afterEach(async () => {
    await closeLedgers();
    await Promise.all(processes.splice(0).map((one) => one.kill()));
  });

  it('pays once for a key, over ledgers, and gives the answer as it was', async () => {
    const other = ledgerOn(server.url);
    const id = await claimed(ledger, call(['k']));
    for (const one of [ledger, other]) {
      const claim = await one.claim(call(['j', 'k']), patient());
      assert.deepEqual(claim, { state: 'taken', known: new Map([['k', { state: 'under-way', entry: id }]]) });
      assert.equal(await look('j'), null);
    }
    const waiting = [ledger, other].map((one) => one.whenOver(id, new Cancel()));
    const answer = { score: 0.5, text: '"\n…', list: [1, null, { deep: true }] };
    await ledger.settle(id, answered({ k: answer }));
    await Promise.all(waiting);
    const { at } = (await other.find({ id }, 1))[0]!;
    const known = { state: 'answered', entry: id, at, answer };
    assert.deepEqual(await look('k', other), known);
    assert.deepEqual(await other.claim(call(['k']), patient()), {
      state: 'taken',
      known: new Map([['k', known]]),
    });
  });

  it('pays once of 1,000 calls at once', async () => {
    const claims = await Promise.all(
      Array.from({ length: 1_000 }, () => ledger.claim(call(['k']), patient())),
    );
    assert.equal(claims.filter(({ state }) => state === 'claimed').length, 1);
  });

  it('frees a key that was not taken, or has no answer, and keeps one of which nobody knows', async () => {
    // Also where nobody said what it costs.
    for (const price of [1, 0]) {
      await ledger.settle(await claimed(ledger, call(['a'], { price })), notTaken);
      assert.equal(await look('a'), null, `at ${price} yuan`);
    }
    await ledger.settle(await claimed(ledger, call(['a', 'b'])), answered({ a: 1 }));
    assert.deepEqual([(await look('a'))?.state, await look('b')], ['answered', null]);
    const id = await claimed(ledger, call(['c']));
    assert.equal(await ledger.release(id), false);
    await ledger.settle(id, unknown);
    assert.deepEqual(await look('c'), { state: 'uncertain', entry: id });
    assert.deepEqual(
      (await ledger.uncertain()).map((entry) => [entry.id, entry.state, entry.error]),
      [[id, 'uncertain', 'TIMEOUT']],
    );
    assert.equal(await ledgerOn(server.url).release(id), true);
    assert.equal(await ledger.release(id), false);
    assert.equal(await look('c'), null);
    assert.equal((await ledger.find({ id }, 1))[0]?.state, 'released');
    assert.deepEqual(await ledger.uncertain(), []);
    await claimed(ledger, call(['c']));
  });

  it('does not count an answer that is older than somebody wants', async () => {
    await ledger.settle(await claimed(ledger, call(['k'])), answered({ k: 'old' }));
    await pause(30);
    assert.equal(await look('k', ledger, 20), null);
    const id = await claimed(ledger, call(['k'], { maxAgeMs: 20 }));
    assert.equal((await look('k', ledger, 20))?.state, 'under-way');
    await ledger.settle(id, answered({ k: 'new' }));
    assert.equal((await look('k'))?.entry, id);
  });

  it('knows the calendar of Shanghai', async () => {
    for (let day = -200_000; day < 200_000; day += 37) {
      const time = Date.parse('2026-03-01T00:00:00+08:00') + day * 86_400_000;
      const said = await server.client.eval(
        `${SHANGHAI}\nreturn { shanghai(${time}), shanghai(${time - 1}) }`,
        0,
      );
      if (time > Date.parse('0001-01-02') && time < Date.parse('9999-01-01'))
        assert.deepEqual(said, [dayOf(time), dayOf(time - 1)]);
    }
  });

  it('refuses what is over the budget until the day is over, and counts what cost', async () => {
    const one = call([], { maxPerDay: 3, maxPerMonth: 4 });
    await ledger.settle(await claimed(ledger, one), answered());
    await ledger.settle(await claimed(ledger, one), answered({}, { charged: null }));
    await ledger.settle(await claimed(ledger, one), answered({}, { charged: false }));
    await ledger.settle(await claimed(ledger, one), notTaken);
    await ledger.settle(await claimed(ledger, one), unknown);
    assert.deepEqual(await ledger.spent('an-account'), { day: 3, month: 3 });
    const left = (Math.ceil(Date.now() / 86_400_000 + 1 / 3) - 1 / 3) * 86_400 - Date.now() / 1000;
    await assert.rejects(ledger.claim(one, patient()), (error) => {
      assert.ok(error instanceof VerifyError);
      assert.equal(error.code, 'BUDGET');
      const wrong = Math.abs(((error.details.retryAfter ?? 0) - left) % 86_400);
      assert.ok(wrong < 5 || wrong > 86_395, `${error.details.retryAfter} is not ${left}`);
      return refused('budget-day')(error);
    });
    await claimed(ledger, { ...one, account: 'another' });
    await claimed(ledger, { ...one, maxPerDay: 0 });
    await assert.rejects(ledger.claim({ ...one, maxPerDay: 0 }, patient()), refused('budget-month'));
    assert.deepEqual(ledger.warnings, [
      { account: 'an-account', period: 'day', limit: 3, spent: 3 },
      { account: 'an-account', period: 'month', limit: 4, spent: 4 },
    ]);
  });

  it('tells what was spent, and finds entries', async () => {
    const heard: Entry[] = [];
    ledger.subscribe((entry) => heard.push(entry));
    await ledger.settle(await claimed(ledger, call(['a'], { price: 0.1 })), answered({ a: 1 }));
    await pause(2);
    await ledger.settle(await claimed(ledger, call([], { price: 0.2 })), answered({}, { charged: null }));
    // Within a millisecond the order is any.
    await pause(2);
    await ledger.settle(await claimed(ledger, call([], { price: 5 })), answered({}, { charged: false }));
    await pause(2);
    await ledger.settle(
      await claimed(ledger, call([], { account: 'a|b', operation: 'truth-create' })),
      unknown,
    );
    await pause(2);
    const open = await claimed(ledger, call([], { price: 1 }));
    const month = dayOf(Date.now()).slice(0, 7);
    const sum = { period: month, charged: 1, uncharged: 1, unknown: 1, uncertain: 1, calls: 4, price: 1.3 };
    const ofOther = { charged: 0, uncharged: 0, unknown: 0, calls: 1, price: 1 };
    assert.deepEqual(await ledger.sums('month', {}), [
      { ...sum, account: 'an-account', operation: 'face-compare' },
      { ...sum, ...ofOther, account: 'a|b', operation: 'truth-create' },
    ]);
    assert.equal((await ledger.sums('day', { account: 'a|b' })).length, 1);
    assert.deepEqual(await ledger.sums('day', { to: Date.now() - 3 * 86_400_000 }), []);

    const newest = await ledger.find({}, 10);
    assert.deepEqual(
      newest.map(({ state }) => state),
      ['claimed', 'uncertain', 'settled', 'settled', 'settled'],
    );
    assert.deepEqual(newest.slice(1).reverse(), heard);
    assert.equal((await ledger.find({}, 2)).length, 2);
    assert.deepEqual(
      (await ledger.find({ key: 'a' }, 10)).map(({ id }) => id),
      [heard[0]!.id],
    );
    assert.deepEqual(await ledger.find({ key: 'a', id: open }, 10), []);
    assert.deepEqual(
      (await ledger.find({ id: open }, 10)).map(({ price }) => price),
      [1],
    );
    assert.deepEqual(await ledger.find({ id: 'nonsense' }, 10), []);
    assert.equal((await ledger.find({ operation: 'truth-create' }, 10)).length, 1);
    assert.deepEqual(await ledger.find({ from: Date.now() + 1_000 }, 10), []);
    const all: Entry[] = [];
    for await (const entry of ledger.entries({ to: Date.now() + 1_000 })) all.push(entry);
    assert.deepEqual(all, newest.reverse());
  });

  it('keeps nothing for ever, and no more than a number for an account and day', async () => {
    await ledger.settle(await claimed(ledger, call(['k'], { maxPerSecond: 5 })), answered({ k: 1 }));
    await claimed(ledger, call(['j']));
    const lasting = [];
    for (const key of await server.client.keys('*')) {
      assert.ok(key.startsWith('{cn-verify}:'), key);
      if ((await server.client.pttl(key)) < 0) lasting.push(key.slice('{cn-verify}:'.length));
    }
    assert.deepEqual(lasting.sort(), ['budget', 'entries', 'open', 'processes', 'secret', 'sums']);
    // Those are cut when the next one comes, or the next month.
    await server.client.zadd('{cn-verify}:entries', 1, 'old');
    await server.client.zadd('{cn-verify}:open', 1, 'old');
    for (const hash of ['budget', 'sums', 'warned']) {
      await server.client.del(`{cn-verify}:${hash}`);
      await server.client.hset(`{cn-verify}:${hash}`, '2020-01-01|an-account', 1);
    }
    await claimed(ledger, call());
    assert.equal(await server.client.zscore('{cn-verify}:entries', 'old'), null);
    assert.equal(await server.client.zscore('{cn-verify}:open', 'old'), null);
    for (const hash of ['budget', 'sums', 'warned'])
      assert.equal(await server.client.hexists(`{cn-verify}:${hash}`, '2020-01-01|an-account'), 0);
  });

  it('holds no key, no answer and no secret that anybody could read', async () => {
    const keys = await Promise.all(PRIVATE.map((value) => ledger.digest('an-account', value)));
    const id = await claimed(ledger, call(keys));
    await ledger.settle(id, answered(Object.fromEntries(keys.map((key, index) => [key, PRIVATE[index]]))));
    const all: string[] = [];
    for (const key of await server.client.keys('*')) {
      const dump = await server.client.dumpBuffer(key);
      const type = await server.client.type(key);
      all.push(key, dump?.toString('latin1') ?? '', dump?.toString('utf8') ?? '');
      if (type === 'hash') all.push(JSON.stringify(await server.client.hgetall(key)));
    }
    const text = all.join('\n');
    assert.ok(text.includes(id));
    const inBase64 = PRIVATE.filter((value) =>
      text.includes(Buffer.from(value).toString('base64').slice(0, -4)),
    );
    assert.deepEqual([...leaksIn(text), ...inBase64], []);
    for (const [index, key] of keys.entries())
      assert.deepEqual(((await look(key)) as { answer: unknown }).answer, PRIVATE[index]);
  });

  describe('over two processes', () => {
    it('pays for 2,000 keys of 10,000 messages exactly once each', async function () {
      this.timeout(120_000);
      const two = [await start(), await start()];
      // Each in an order of its own.
      const orders = [3, 7].map((step) =>
        Array.from({ length: 5_000 }, (_, index) => (index * step) % 2_000),
      );
      const began = performance.now();
      const done = await Promise.all(two.map((one, which) => one.ask('work', orders[which]!, {})));
      const paid = done.flatMap((one) => one.paid);
      console.log(`        ${Math.round(10_000_000 / (performance.now() - began))} messages/s`);
      assert.deepEqual([paid.length, new Set(paid).size], [2_000, 2_000]);
      for (const one of done)
        assert.deepEqual(
          [one.paid.length > 200, one.refused],
          [true, []],
          `${one.paid.length} ${one.refused}`,
        );
      const [sum] = await ledger.sums('month', {});
      assert.equal(sum?.calls, 2_000);
    });

    it('holds maxPerDay exactly', async function () {
      this.timeout(60_000);
      const two = [await start(), await start()];
      const numbers = Array.from({ length: 600 }, (_, index) => index);
      const done = await Promise.all(
        two.map((one, which) =>
          one.ask(
            'work',
            numbers.map((number) => number + which * 1_000),
            { maxPerDay: 500 },
          ),
        ),
      );
      assert.equal(done.flatMap((one) => one.paid).length, 500);
      assert.deepEqual([...new Set(done.flatMap((one) => one.refused))], ['budget-day']);
      assert.deepEqual(await ledger.spent('an-account'), { day: 500, month: 500 });
    });

    it('holds maxPerSecond in every second of Redis, and uses it', async function () {
      this.timeout(60_000);
      const two = [await start(), await start()];
      const numbers = Array.from({ length: 50 }, (_, index) => index);
      // Microseconds of Redis' own clock, as it remembers them when it lets a call begin.
      const seen: number[] = [];
      const monitor = await server.client.monitor();
      monitor.on('monitor', (_time: string, [command, key, micros]: string[]) => {
        if (command?.toLowerCase() === 'lpush' && key?.includes('rate:')) seen.push(Number(micros));
      });
      const began = performance.now();
      await Promise.all(
        two.map((one, which) =>
          one.ask(
            'work',
            numbers.map((number) => number + which * 1_000),
            { maxPerSecond: 20 },
          ),
        ),
      );
      const seconds = (performance.now() - began) / 1000;
      monitor.disconnect();
      assert.equal(seen.length, 100);
      for (let index = 20; index < seen.length; index++)
        assert.ok(seen[index]! - seen[index - 20]! >= 1_000_000, `${seen[index]! - seen[index - 20]!} µs`);
      console.log(`        100 calls in ${seconds.toFixed(2)} s`);
      assert.ok(seconds > 4 && seconds < 6.5, `${seconds} s`);
    });

    it('knows a call of one that was killed as uncertain, once its lease is over', async () => {
      const one = await start();
      const open = await one.ask('claim', { keys: ['k'] });
      const mine = await claimed(ledger, call(['m']));
      assert.equal((await look('k'))?.state, 'under-way');
      await one.kill();
      await ledger.whenOver(open, new Cancel());
      assert.deepEqual(await look('k'), { state: 'uncertain', entry: open });
      assert.deepEqual(
        (await ledger.uncertain()).map(({ id }) => id),
        [open],
      );
      // Ours lives on, for longer than a lease.
      await pause(2_500);
      assert.equal((await look('m'))?.state, 'under-way');
      await ledger.settle(mine, answered({ m: 1 }));
      assert.equal(await ledger.release(open), true);
      await claimed(ledger, call(['k']));
    });
  });

  it('claims one by one where there is a limit, and lets go of who does not want to wait', async () => {
    const one = call([], { maxPerSecond: 1 });
    await claimed(ledger, one);
    const patience = patient();
    const waiting = ledger.claim(one, patience);
    const after = ledger.claim(one, patient());
    await pause(100);
    patience.cancel.cancel();
    await assert.rejects(waiting, refused('cancelled'));
    assert.match(idOf(await after), /^\d{8}-/);
    assert.deepEqual(await ledger.spent('an-account'), { day: 2, month: 2 });
  });
});
