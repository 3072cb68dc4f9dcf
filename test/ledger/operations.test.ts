/** The ledger's operations as PostgreSQL runs them too: a second time, and with those of another process in between. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { CLAIMED, ENDED, valuesOf } from '../../src/ledger/columns';
import { createEntry, newId } from '../../src/ledger/entry';
import {
  type ClaimAnswer,
  type ClaimRequest,
  LEDGER_OPERATIONS,
  type SettleRequest,
} from '../../src/ledger/ledger-sql';
import { SQLITE_TYPES } from '../../src/store/schema/columns';
import { MIGRATIONS } from '../../src/store/schema/migrations';
import { Seal } from '../../src/store/seal';
import { type OperationContext, type Sql, SqliteSql, type Value } from '../../src/store/sql';
import { ACCOUNT, call } from './ledgers';

const NOW = Date.parse('2026-03-10T04:00:00Z');
const AT: OperationContext = {
  now: NOW,
  seal: new Seal(Buffer.alloc(32, 7)),
  whyNoSeal: null,
  damage: null,
};

/** Lets something happen before the first statement that begins so. */
function interrupted(sql: Sql, beginning: string, interruption: () => Promise<unknown>): Sql {
  let isOver = false;
  const before = async (text: string) => {
    if (isOver || !text.startsWith(beginning)) return;
    isOver = true;
    await interruption();
  };
  return {
    async get<Row>(text: string, ...values: Value[]) {
      await before(text);
      return sql.get<Row>(text, ...values);
    },
    async all<Row>(text: string, ...values: Value[]) {
      await before(text);
      return sql.all<Row>(text, ...values);
    },
    async run(text, ...values) {
      await before(text);
      return sql.run(text, ...values);
    },
    runLater: (text, ...values) => sql.runLater(text, ...values),
  };
}

describe("the ledger's operations", () => {
  let sql: SqliteSql;
  beforeEach(async () => {
    const database = new DatabaseSync(':memory:');
    for (const migration of MIGRATIONS)
      for (const statement of migration(SQLITE_TYPES)) database.exec(statement);
    sql = new SqliteSql(database);
    await LEDGER_OPERATIONS['ledger.begin'](sql, { owner: 'this process', claims: [] }, AT);
  });

  const request = (keys: readonly string[], changes: Partial<ClaimRequest> = {}): ClaimRequest => {
    const id = newId(NOW);
    return {
      id,
      account: ACCOUNT,
      at: NOW,
      values: valuesOf(createEntry(id, call(), NOW), CLAIMED),
      owner: 'this process',
      since: null,
      keys: keys.map((key) => ({ key, content: 'request' })),
      maxPerDay: 0,
      maxPerMonth: 0,
      ...changes,
    };
  };
  const claim = (one: ClaimRequest, over: Sql = sql): Promise<ClaimAnswer> =>
    LEDGER_OPERATIONS['ledger.claim'](over, one, AT);
  const settle = (one: SettleRequest, at = AT) => LEDGER_OPERATIONS['ledger.settle'](sql, one, at);
  const spent = () => LEDGER_OPERATIONS['ledger.spent'](sql, { account: ACCOUNT, at: NOW });
  const count = async (table: string) =>
    (await sql.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))!.n;
  const answer = (claimed: ClaimRequest, changes: Partial<SettleRequest> = {}): SettleRequest => ({
    claim: null,
    answers: claimed.keys.map(() => ['the answer'] as const),
    keepsKeys: true,
    id: claimed.id,
    account: claimed.account,
    at: claimed.at,
    state: 'settled',
    charged: true,
    values: valuesOf({ ...createEntry(claimed.id, call(), NOW), charged: true }, ENDED),
    ...changes,
  });

  it('do nothing twice that they are run twice', async () => {
    for (const [index, one] of [request(['k'], { maxPerDay: 2 }), request([], { maxPerDay: 2 })].entries()) {
      for (const _time of [1, 2]) assert.equal((await claim(one)).state, 'claimed');
      assert.deepEqual(await spent(), { day: index + 1, month: index + 1 });
      const free = answer(one, { charged: false });
      for (const _time of [1, 2]) assert.equal(await settle(free), true);
      assert.deepEqual(await spent(), { day: index, month: index });
      await claim(request([]));
    }
    assert.deepEqual([await count('entries'), await count('keys')], [4, 1]);
  });

  it('let the last call of a budget be claimed a second time, and no other', async () => {
    const last = request([], { maxPerDay: 1 });
    for (const _time of [1, 2]) assert.equal((await claim(last)).state, 'claimed');
    await assert.rejects(claim(request([], { maxPerDay: 1 })), { problem: 'budget-day' });
    assert.deepEqual([await count('entries'), await spent()], [1, { day: 1, month: 1 }]);
  });

  it('fail where another process has taken the key meanwhile, and know it when they are run again', async () => {
    const [quick, slow] = [request(['k']), request(['k'])];
    const over = interrupted(sql, 'SELECT id FROM entries', () => claim(quick));
    await assert.rejects(claim(slow, over), /UNIQUE constraint failed: keys/);
    assert.deepEqual(await claim(slow), {
      state: 'known',
      keys: { k: { state: 'under-way', entry: quick.id } },
    });
    assert.deepEqual(
      [await count('entries'), await count('keys'), await spent()],
      [1, 1, { day: 1, month: 1 }],
    );
  });

  it('free an outdated key of the call that they found it with, not of one that has claimed it meanwhile', async () => {
    const old = request(['k']);
    await claim(old);
    await settle(answer(old));
    const [quick, slow] = [request(['k'], { since: NOW + 1 }), request(['k'], { since: NOW + 1 })];
    const over = interrupted(sql, 'SELECT id FROM entries', () => claim(quick));
    await assert.rejects(claim(slow, over), /UNIQUE constraint failed: keys/);
    assert.deepEqual(await claim(slow), {
      state: 'known',
      keys: { k: { state: 'under-way', entry: quick.id } },
    });
  });

  it('refuse the last call of a budget to one of two that found it free', async () => {
    const limits = { maxPerDay: 0, maxPerMonth: 1 };
    const over = interrupted(sql, 'INSERT INTO spent', () => claim(request([], limits)));
    // Which rolls back all that it has written.
    await assert.rejects(claim(request([], limits), over), { code: 'BUDGET', problem: 'budget-month' });
  });

  it('settle what the database does not know only with its claim', async () => {
    const lost = request(['k']);
    assert.equal(await settle(answer(lost)), false);
    assert.equal(await count('entries'), 0);
    assert.equal(await settle(answer(lost, { claim: lost })), true);
    assert.deepEqual(await spent(), { day: 1, month: 1 });
    const known = await claim(request(['k']));
    assert.deepEqual(known.state === 'known' && known.keys.k?.state, 'answered');
  });

  it('settle what was uncertain or released when an answer comes late, and nothing makes that uncertain again', async () => {
    for (const before of ['uncertain', 'released']) {
      const one = request([]);
      await claim(one);
      await settle(answer(one, { state: 'uncertain' }));
      if (before === 'released') await LEDGER_OPERATIONS['ledger.release'](sql, { ids: [one.id] });
      const ends: unknown[] = [];
      for (const state of ['uncertain', 'settled', 'uncertain'] as const) {
        await settle(answer(one, { state }));
        ends.push(
          (await sql.get<{ state: string }>('SELECT state FROM entries WHERE id = ?', one.id))?.state,
        );
      }
      assert.deepEqual(ends, [before, 'settled', 'settled']);
    }
  });

  it('take no key from another call for one that is written down again', async () => {
    const [lost, later] = [request(['k']), request(['k'])];
    await claim(later);
    await LEDGER_OPERATIONS['ledger.begin'](sql, { owner: 'this process', claims: [lost] }, AT);
    await settle(answer(lost));
    assert.deepEqual(await claim(request(['k'])), {
      state: 'known',
      keys: { k: { state: 'under-way', entry: later.id } },
    });
  });

  it('keep no answer that cannot be encrypted, and free no key of it', async () => {
    const one = request(['k']);
    await claim(one);
    await settle(answer(one), { ...AT, seal: null });
    const known = await claim(request(['k']));
    assert.deepEqual(known.state === 'known' && known.keys.k, { state: 'uncertain', entry: one.id });
    assert.deepEqual(await LEDGER_OPERATIONS['ledger.release'](sql, { ids: [one.id] }), [one.id]);
  });

  it('open no answer in another row', async () => {
    const [one, other] = [request(['k']), request(['other'])];
    for (const each of [one, other]) {
      await claim(each);
      await settle(answer(each));
    }
    await sql.run(
      'UPDATE keys SET answer = (SELECT answer FROM keys WHERE entry = ?) WHERE entry = ?',
      one.id,
      other.id,
    );
    await assert.rejects(claim(request(['other'])), {
      code: 'CONFIG',
      problem: 'ledger-answer-unreadable',
      details: { charged: false, ledger: other.id },
    });
  });
});
