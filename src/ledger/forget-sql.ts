/** For how long the ledger keeps its calls, for SQLite and PostgreSQL alike. */
import type { OperationContext, Operations, Sql } from '../store/sql';
import { monthAfter, monthOf } from './calendar';
import { idFloor } from './entry';
import { AFTER_ALL, DAY_DIGITS } from './queries-sql';

const DELETED_AT_ONCE = 200;
export const KEPT_MONTHS = 13;
/** Calls on so many days show that time has passed: what a wrong clock says at some starts does not. */
const DAYS_OF_PROOF = 7;

/**
 * Deletes some entries, with their keys, that are older than 13 months, and sums of earlier months; not what an operator
 * has to release. Time is the last call of the seventh newest day with calls, or the clock if that is earlier.
 * @returns how many
 */
async function forget(sql: Sql, _: null, { now }: OperationContext): Promise<number> {
  const proven = await provenTime(sql);
  if (proven === null) return 0;
  const month = monthAfter(monthOf(Math.min(proven, now)), -KEPT_MONTHS);
  const before = Date.parse(`${month}-01T00:00:00+08:00`);
  const old = await sql.all<{ id: string }>(
    `SELECT id FROM entries WHERE id < ? AND kept_from < ? AND state IN ('settled', 'released')
      ORDER BY id LIMIT ${DELETED_AT_ONCE}`,
    idFloor(before),
    before,
  );
  for (const { id } of old) {
    await sql.run('DELETE FROM keys WHERE entry = ?', id);
    await sql.run('DELETE FROM entries WHERE id = ?', id);
  }
  if (old.length === 0) await sql.run('DELETE FROM spent WHERE period < ?', month);
  return old.length;
}

/** @returns when the newest call of the seventh newest day with calls was claimed, in Unix milliseconds; null: too few days */
async function provenTime(sql: Sql): Promise<number | null> {
  let end = AFTER_ALL;
  let at = 0;
  for (let day = 0; day < DAYS_OF_PROOF; day++) {
    const last = await sql.get<{ id: string; at: number }>(
      'SELECT id, at FROM entries WHERE id < ? ORDER BY id DESC LIMIT 1',
      end,
    );
    if (!last) return null;
    at = last.at;
    end = last.id.slice(0, DAY_DIGITS);
  }
  return at;
}

export const FORGET_OPERATIONS = { 'ledger.forget': forget } satisfies Operations;
