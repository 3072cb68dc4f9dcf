/** What the ledger says: budgets, sums and entries. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Period } from '../../src/ledger/calendar';
import { FIELDS } from '../../src/ledger/columns';
import { csv } from '../../src/ledger/csv';
import type { Entry, Query, Settlement, Sum } from '../../src/ledger/entry';
import { emptySum } from '../../src/ledger/sums';
import { temporaryDirectory } from '../demo-process';
import { closeAll } from '../http/server';
import {
  ACCOUNT,
  answered,
  call,
  claim,
  claimed,
  notProcessed,
  openLedger,
  type TestLedger,
  unknown,
} from './ledgers';

const DAY = 86_400_000;

describe('the ledger says', () => {
  let file: string;
  let now: number;
  let opened: TestLedger;
  let ledger: TestLedger['ledger'];
  const open = () => {
    opened = openLedger(file, { now: () => now });
    ledger = opened.ledger;
  };
  beforeEach(() => {
    file = join(temporaryDirectory(), 'cn-verify.db');
    now = Date.parse('2026-03-10T04:00:00Z');
    open();
  });
  afterEach(closeAll);

  const reopen = async () => {
    await opened.close();
    open();
  };
  const done = async (
    changes: Parameters<typeof call>[1],
    end: Settlement = answered(),
    keys: string[] = [],
  ) => {
    const id = await claimed(opened, call(keys, changes));
    await ledger.settle(id, end);
    return id;
  };
  const all = async (query: Query) => {
    const found: Entry[] = [];
    for await (const entry of ledger.entries(query)) found.push(entry);
    return found;
  };

  describe('who has spent too much', () => {
    it('counting what cost, or may have, and after a restart too', async () => {
      await done({}, answered({}, { charged: true }));
      await done({}, answered({}, { charged: null }));
      await done({}, unknown);
      await done({}, answered({}, { charged: false }));
      await done({}, notProcessed);
      const released = await done({}, unknown);
      await ledger.release([released]);
      await claimed(opened, call());
      await done({ account: 'another' });
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(await ledger.spent(ACCOUNT), { day: 5, month: 5 });
        assert.deepEqual(await ledger.spent('another'), { day: 1, month: 1 });
        await assert.rejects(claim(opened, call([], { maxPerMonth: 5 })), {
          problem: 'budget-month',
        });
        await reopen();
      }
      now += DAY;
      assert.deepEqual(await ledger.spent(ACCOUNT), { day: 0, month: 5 });
    });

    it('once, when 80 % are used, and again on another day', async () => {
      const budget = { maxPerDay: 10, maxPerMonth: 20 };
      for (let index = 0; index < 10; index++) await done(budget);
      assert.deepEqual(opened.warnings, [{ account: ACCOUNT, period: 'day', limit: 10, spent: 8 }]);
      now += DAY;
      for (let index = 0; index < 9; index++) await done(budget);
      assert.deepEqual(opened.warnings.slice(1), [
        { account: ACCOUNT, period: 'month', limit: 20, spent: 16 },
        { account: ACCOUNT, period: 'day', limit: 10, spent: 8 },
      ]);
    });
  });

  it('what was spent, by day and month', async () => {
    const expected = (period: string, changes: Partial<Sum>) => {
      const { account = ACCOUNT, operation = 'face-compare' } = changes;
      return { ...emptySum(period, account, operation), ...changes };
    };
    await done({ price: 0.1 });
    await done({ price: 0.2 }, answered({}, { charged: null }));
    await done({ price: 9 }, answered({}, { charged: false }));
    const march10 = expected('2026-03-10', { calls: 3, charged: 1, unknown: 1, uncharged: 1, price: 0.3 });
    now += 5 * DAY;
    await done({ price: 0.5 }, unknown);
    await done({ price: 0.5, account: 'another', operation: 'truth-create' });
    const march15 = expected('2026-03-15', { calls: 1, uncertain: 1, price: 0.5 });
    const truth = { account: 'another', operation: 'truth-create', calls: 1, charged: 1, price: 0.5 };
    const other = expected('2026-03-15', truth);
    now += 200 * DAY;
    await done({ price: 1 });
    const march = { calls: 4, charged: 1, unknown: 1, uncharged: 1, uncertain: 1, price: 0.8 };
    const october = { calls: 1, charged: 1, price: 1 };
    const from = Date.parse('2026-03-10T16:00:00Z');
    const [day, month] = ['day', 'month'] as const;
    const asked: [Period, Query, Sum[]][] = [
      [day, {}, [march10, march15, other, expected('2026-10-01', october)]],
      [month, { account: ACCOUNT }, [expected('2026-03', march), expected('2026-10', october)]],
      [day, { account: 'another' }, [other]],
      [month, { operation: 'truth-create' }, [expected('2026-03', truth)]],
      [day, { from, to: from + 30 * DAY }, [march15, other]],
      [day, { from: from - 1, to: from }, [march10]],
    ];
    for (const [by, query, sums] of asked) assert.deepEqual(await ledger.sums(by, query), sums);
  });

  describe('entries', () => {
    it('newest first, by time, account, operation, id and key', async () => {
      const ids: string[] = [];
      for (let index = 0; index < 6; index++) {
        now += 12 * DAY;
        const account = index % 2 ? 'odd' : 'even';
        ids.push(
          await done(
            { account, operation: index < 3 ? 'truth-create' : 'face-compare' },
            answered({ k: 1 }),
            [`k${index}`],
          ),
        );
      }
      const idsOf = (entries: Entry[]) => entries.map(({ id }) => ids.indexOf(id));
      assert.deepEqual(idsOf(await ledger.find({ to: now }, 99)), [4, 3, 2, 1, 0]);
      assert.deepEqual(idsOf(await all({ to: now })), [0, 1, 2, 3, 4]);
      assert.deepEqual(idsOf(await ledger.find({ to: now }, 2)), [4, 3]);
      assert.deepEqual(idsOf(await ledger.find({ from: now - 24 * DAY, to: now - 12 * DAY }, 99)), [3]);
      assert.deepEqual(idsOf(await ledger.find({ account: 'odd' }, 99)), [5, 3, 1]);
      assert.deepEqual(idsOf(await ledger.find({ operation: 'truth-create' }, 99)), [2, 1, 0]);
      assert.deepEqual(await ledger.find({ from: now, account: 'even', key: 'k2' }, 99), []);
      assert.deepEqual(idsOf(await ledger.find({ id: ids[1]! }, 99)), [1]);
      assert.deepEqual(await ledger.find({ id: ids[1]!, account: 'even' }, 99), []);
      assert.deepEqual(await ledger.find({ id: '2026' }, 99), []);
    });

    it('as a table that a spreadsheet reads as text, at the time of Asia/Shanghai', async () => {
      const id = await done(
        { node: '=1+1', account: '账号' },
        answered(
          {},
          { reason: 'a "quoted"; reason', code: '-2305', orderNo: '202511250000001', requestId: '\t+1\n' },
        ),
      );
      now += 1_000;
      await done(
        {},
        answered({}, { reason: null, code: '＝A1', orderNo: '20251125000000123', requestId: 'a' }),
      );
      let text = '';
      for await (const piece of csv(ledger.entries({}))) text += piece;
      const [head, first, second, ...others] = text.split('\r\n');
      assert.equal(head, `\uFEFF${FIELDS.join()}`);
      assert.match(second!, /,,"'＝A1",,a,"'20251125000000123",true,1,12,,,/);
      const cells = `${id},2026-03-10 12:00:00,账号,"'=1+1",face-compare,settled,passed,"a ""quoted""; reason"`;
      assert.ok(first!.startsWith(`${cells},"'-2305",,"'\t+1\n",202511250000001,true,1,12,,,`), first);
      assert.deepEqual(others, ['']);
    });
  });

  it('as much as there is, in pages', async function () {
    this.timeout(60_000);
    const count = 4_500;
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        claimed(opened, call([], { account: index % 1_000 === 7 ? 'rare' : ACCOUNT })),
      ),
    );
    const ids = (await all({})).map(({ id }) => id);
    assert.deepEqual([ids.length, ids], [count, [...new Set(ids)].sort()]);
    assert.deepEqual(
      (await ledger.find({}, count + 1)).map(({ id }) => id),
      ids.toReversed(),
    );
    assert.deepEqual(
      (await ledger.find({}, 2_001)).map(({ id }) => id),
      ids.toReversed().slice(0, 2_001),
    );
    assert.equal((await ledger.find({ account: 'rare' }, 99)).length, 5);
    assert.equal((await all({ account: 'rare' })).length, 5);
    const [sum, ...others] = await ledger.sums('day', { account: ACCOUNT });
    assert.deepEqual([sum?.calls, sum?.price, others], [count - 5, count - 5, []]);
  });
});
