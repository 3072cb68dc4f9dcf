/** What is kept for 13 months, and then not: in small steps, and with its space on disk. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { idFloor } from '../../src/ledger/entry';
import { temporaryDirectory } from '../demo-process';
import { closeAll } from '../http/server';
import { until } from '../until';
import { ACCOUNT, answered, call, done, openLedger, rowsIn, unknown } from './ledgers';

const DAY = 86_400_000;
const OLD = 3_000;
const DELETED_AT_ONCE = 200;

describe('the ledger, when 13 months are over', () => {
  afterEach(closeAll);

  it('deletes what is old in small steps, and the file shrinks while it is open', async () => {
    const file = join(temporaryDirectory(), 'cn-verify.db');
    const now = Date.parse('2026-11-25T12:00:00+08:00');
    const first = openLedger(file, { now: () => now });
    await done(first, call(['new']), answered({ new: 1 }));
    await first.close();
    fill(file, now - 430 * DAY, OLD);
    for (let day = 1; day <= 7; day++) fill(file, now - day * DAY, 1);
    const before = statSync(file).size;
    const count = () => Number(rowsIn(file, "SELECT content FROM meta WHERE name = 'count'")[0]!.content);
    const transactions = count();

    const ledger = openLedger(file, { now: () => now });
    const isThere = async (id: string) => (await ledger.ledger.find({ id }, 1)).length === 1;
    await until(async () => !(await isThere(idOf(now - 430 * DAY, OLD - 1))));
    await until(() => statSync(file).size < before / 4);
    assert.equal((await ledger.look('new'))?.state, 'answered');
    await ledger.close();
    assert.equal(countIn(file, 'entries'), 1 + 7);
    assert.equal(countIn(file, 'keys'), 1 + 7);
    assert.ok(count() - transactions >= OLD / DELETED_AT_ONCE);
  });

  it('deletes nothing before calls on seven days have shown it, and never what is uncertain', async () => {
    const file = join(temporaryDirectory(), 'cn-verify.db');
    let now = Date.parse('2026-03-10T12:00:00+08:00');
    const ledger = openLedger(file, { now: () => now });
    const id = await done(ledger, call(['k']), answered({ k: 1 }));
    const lost = await done(ledger, call(['lost']), unknown);
    const isGone = async () => {
      await ledger.database.callUntilDone('ledger.forget', null);
      return (await ledger.ledger.find({ id }, 1)).length === 0;
    };
    now = Date.parse('2027-04-30T23:59:59+08:00');
    for (let day = 0; day <= 7; day++, now += DAY) {
      assert.equal(await isGone(), false, `${day}`);
      await done(ledger, call(), answered());
    }
    assert.equal((await ledger.look('k'))?.state, 'answered');
    assert.equal(await isGone(), true);
    assert.equal(await ledger.look('k'), null);
    // Only an operator releases it.
    assert.deepEqual(await ledger.look('lost'), { state: 'uncertain', entry: lost });
    await ledger.close();
    assert.deepEqual(rowsIn(file, "SELECT period FROM spent WHERE period < '2026-04'"), []);
  });
});

const idOf = (at: number, index: number) => idFloor(at) + String(index).padStart(9, '0');

const countIn = (file: string, table: string) =>
  rowsIn(file, `SELECT count(*) AS rows FROM ${table}`)[0]!.rows;

/** Adds settled entries of one moment, each with a key that has an answer of 1 KB, to a file that nobody has open. */
function fill(file: string, at: number, count: number): void {
  const database = new DatabaseSync(file);
  database.exec('BEGIN');
  const entry = database.prepare(
    `INSERT INTO entries (id, at, kept_from, owner, account, node, operation, state, outcome, charged, price, duration_ms)
      VALUES (?, ?, ?, 'another', ?, 'a-node', 'face-compare', 'settled', 'passed', 1, 10000, 12)`,
  );
  const key = database.prepare(
    "INSERT INTO keys (digest, freed, entry, part, content, keeps, answer) VALUES (?, '', ?, 0, 'request', 1, randomblob(1000))",
  );
  for (let index = 0; index < count; index++) {
    entry.run(idOf(at, index), at, at, ACCOUNT);
    key.run(`digest of ${idOf(at, index)}`, idOf(at, index));
  }
  database.exec('COMMIT');
  database.close();
}
