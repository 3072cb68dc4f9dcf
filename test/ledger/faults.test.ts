/** The ledger among full disks, other processes, deleted files, other secrets and wrong clocks. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, renameSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { VerifyError } from '../../src/contract/errors';
import type { Entry } from '../../src/ledger/entry';
import { Ledger } from '../../src/ledger/ledger';
import { temporaryDirectory } from '../demo-process';
import { closeAll } from '../http/server';
import {
  ACCOUNT,
  answered,
  call,
  claim,
  claimed,
  done,
  openLedger,
  rowsIn,
  type TestLedger,
  unknown,
} from './ledgers';
import { type LedgerProcess, startProcess } from './process';

const DAY = 86_400_000;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @returns whether an error is of that problem, and says that nothing was sent */
const refused = (problem: string) => (error: unknown) => {
  assert.ok(error instanceof Error && 'problem' in error && 'details' in error, String(error));
  assert.equal(error.problem, problem);
  assert.equal((error.details as VerifyError['details']).charged, false);
  return true;
};

describe('the ledger, when things go wrong:', () => {
  let file: string;
  const processes: LedgerProcess[] = [];
  const start = async () => {
    const one = startProcess();
    processes.push(one);
    await one.ask('open', file);
    return one;
  };
  const allOf = async ({ ledger }: TestLedger) => {
    const all: Entry[] = [];
    for await (const entry of ledger.entries({})) all.push(entry);
    return all;
  };

  beforeEach(() => {
    file = join(temporaryDirectory(), 'cn-verify.db');
  });
  afterEach(async () => {
    await closeAll();
    await Promise.all(processes.splice(0).map((one) => one.kill()));
  });

  describe('a full disk', () => {
    it('and then a kill leave uncertain what ended meanwhile', async () => {
      const one = await start();
      const open = await one.ask('claim', { keys: [{ key: 'a', content: 'request' }] });
      assert.ok(open.state === 'claimed');
      one.limit(0);
      await one.ask('settle', open.id, 'notProcessed', ['a']);
      await one.kill();
      assert.deepEqual(await openLedger(file).look('a'), { state: 'uncertain', entry: open.id });
    });
  });

  describe('another process', () => {
    it('that thought this one dead has no last word on what is under way here', async () => {
      const ledger = openLedger(file);
      const [id, lost] = [await claimed(ledger, call(['a'])), await claimed(ledger, call(['b']))];
      const other = new Ledger({
        database: ledger.database,
        now: Date.now,
        notify: () => {},
        onBudget: () => {},
      });
      assert.equal((await other.uncertain(10)).count, 2);
      await ledger.ledger.settle(id, answered({ a: 1 }));
      assert.deepEqual(
        (await other.uncertain(10)).entries.map((each) => each.id),
        [lost],
      );
      assert.equal((await ledger.look('a'))?.state, 'answered');
      // What was released meanwhile is settled with what it cost, and its key is free.
      assert.deepEqual(await other.release([lost]), [lost]);
      await ledger.ledger.settle(lost, answered({ b: 1 }));
      const [entry] = await other.find({ id: lost }, 1);
      assert.deepEqual([entry?.state, entry?.charged], ['settled', true]);
      const never = new AbortController().signal;
      assert.equal(
        (await other.look(ACCOUNT, [{ key: 'b', content: 'request' }], null, 1_000, never)).size,
        0,
      );
      other.close();
    });
  });

  it('a file that somebody replaces gets what is under way', async () => {
    const other = join(temporaryDirectory(), 'other.db');
    const empty = openLedger(other);
    await claimed(empty, call(['of the other']));
    await empty.close();
    const bytes = readFileSync(other);
    const ledger = openLedger(file);
    const open = await claimed(ledger, call(['a']));
    // In one step, as a part of a file would be taken for a damaged one.
    writeFileSync(`${file}.new`, bytes, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    while (!ledger.notices.includes('replaced')) await pause(50);
    // What had been paid for is not in it.
    await assert.rejects(claim(ledger, call(['b'])), refused('ledger-damaged'));
    await ledger.database.acknowledge();
    await claimed(ledger, call(['b']));
    assert.deepEqual((await allOf(ledger)).map(({ id, state }) => [id === open, state]).sort(), [
      [false, 'claimed'],
      [false, 'uncertain'],
      [true, 'claimed'],
    ]);
    await ledger.ledger.settle(open, answered({ a: 1 }));
    await ledger.close();
    assert.equal((await openLedger(file).look('a'))?.state, 'answered');
  });

  it('damage lets nothing be paid for with a key or a budget before somebody says so', async () => {
    let ledger = openLedger(file);
    await done(ledger, call(['a']), answered({ a: 1 }));
    await ledger.close();
    // The header stays, so that it is a database.
    const handle = openSync(file, 'r+');
    writeSync(handle, Buffer.alloc(statSync(file).size - 4_096, 0xff), 0, null, 4_096);
    closeSync(handle);
    ledger = openLedger(file);
    await assert.rejects(claim(ledger, call(['a'])), refused('ledger-damaged'));
    await assert.rejects(claim(ledger, call([], { maxPerMonth: 10 })), refused('ledger-damaged'));
    await claimed(ledger, call());
    assert.ok(ledger.notices.includes('damaged'), String(ledger.notices));
    await ledger.database.acknowledge();
    await claimed(ledger, call(['a'], { maxPerMonth: 10 }));
  });

  describe('the secret', () => {
    const other = async () => Buffer.alloc(32, 8) as Uint8Array;

    it('that differs lets nothing be paid for under a key, and loses nothing', async () => {
      let ledger = openLedger(file);
      const id = await done(ledger, call(['a']), answered({ a: 'the answer' }));
      await ledger.close();
      ledger = openLedger(file, { secret: other });
      for (const key of ['a', 'b'])
        await assert.rejects(claim(ledger, call([key])), refused('secret-differs'));
      await assert.rejects(ledger.look('a'), refused('secret-differs'));
      // What has no key is written down, found and summed as ever.
      await done(ledger, call(), answered());
      assert.equal((await ledger.ledger.find({ id }, 1))[0]?.state, 'settled');
      await ledger.close();
      ledger = openLedger(file);
      assert.equal((await ledger.look('a'))?.state, 'answered');
    });

    it('that is given up leaves the calls, and no key', async () => {
      let ledger = openLedger(file);
      await done(ledger, call(['a']), answered({ a: 'the answer' }));
      await ledger.close();
      ledger = openLedger(file, { secret: other });
      await ledger.database.startAnew();
      await done(ledger, call(['a']), answered({ a: 'another answer' }));
      assert.equal((await allOf(ledger)).length, 2);
      await ledger.close();
      assert.equal(rowsIn(file, 'SELECT * FROM keys').length, 1);
    });

    it('that cannot be had lets calls without a key be paid for', async () => {
      const ledger = openLedger(file, {
        secret: () => Promise.reject(new VerifyError('CONFIG', 'secret-too-short', {}, { charged: false })),
      });
      await assert.rejects(claim(ledger, call(['a'])), refused('secret-too-short'));
      await done(ledger, call([], { maxPerDay: 1 }), answered());
    });
  });

  describe('the clock', () => {
    const TODAY = Date.parse('2026-06-15T04:00:00Z');

    for (const zone of ['America/New_York', 'Asia/Tokyo']) {
      it(`of a machine in ${zone} does not change when a day or month ends: in Shanghai`, async () => {
        const before = process.env.TZ;
        process.env.TZ = zone;
        try {
          let now = Date.parse('2026-02-28T15:59:58Z');
          const ledger = openLedger(file, { now: () => now });
          await claimed(ledger, call([], { maxPerDay: 1, maxPerMonth: 1 }));
          const over = (problem: string, retryAfter: number) => (error: unknown) => {
            assert.ok(error instanceof VerifyError);
            assert.deepEqual([error.code, error.details.retryAfter], ['BUDGET', retryAfter]);
            return refused(problem)(error);
          };
          const again = (limits: object) => claim(ledger, call([], limits));
          await assert.rejects(again({ maxPerDay: 1 }), over('budget-day', 2));
          await assert.rejects(again({ maxPerMonth: 1 }), over('budget-month', 2));
          now = Date.parse('2026-02-28T15:59:59.001Z');
          await assert.rejects(again({ maxPerDay: 1 }), over('budget-day', 1));
          now = Date.parse('2026-02-28T16:00:00Z');
          await claimed(ledger, call([], { maxPerDay: 1, maxPerMonth: 1 }));
          await assert.rejects(again({ maxPerDay: 1 }), over('budget-day', 86_400));
          await assert.rejects(again({ maxPerMonth: 1 }), over('budget-month', 31 * 86_400));
          const days = await ledger.ledger.sums('day', {});
          assert.deepEqual(
            days.map(({ period, calls }) => [period, calls]),
            [
              ['2026-02-28', 1],
              ['2026-03-01', 1],
            ],
          );
          assert.deepEqual(await ledger.ledger.spent(ACCOUNT), { day: 1, month: 1 });
        } finally {
          if (before === undefined) delete process.env.TZ;
          else process.env.TZ = before;
        }
      });
    }

    for (const [what, wrong] of [
      ['two years ahead', TODAY + 730 * DAY],
      ['three years behind', TODAY - 1_095 * DAY],
      ['of 1970', 0],
    ] as const)
      it(`${what} at one start forgets nothing, then or later`, async () => {
        const openAt = async (now: number, key: string) => {
          const ledger = openLedger(file, { now: () => now });
          await done(ledger, call([key]), answered({ [key]: 1 }));
          // Time to delete what it would delete.
          for (let round = 0; round < 5; round++) await ledger.ledger.spent(ACCOUNT);
          assert.equal((await ledger.look('old'))?.state, 'answered');
          return ledger;
        };
        const first = await openAt(TODAY, 'old');
        await done(first, call(['lost']), unknown);
        await first.close();
        await (await openAt(wrong, 'meanwhile')).close();
        for (let start = 1; start <= 3; start++) {
          const now = TODAY + start * DAY;
          const ledger = await openAt(now, `start ${start}`);
          assert.equal((await ledger.look('meanwhile'))?.state, 'answered');
          assert.equal((await ledger.look('lost'))?.state, 'uncertain');
          assert.equal(ledger.notices.includes('from-the-future'), wrong > now);
          await ledger.close();
        }
        assert.equal(rowsIn(file, 'SELECT * FROM entries').length, 6);
      });
  });
});
