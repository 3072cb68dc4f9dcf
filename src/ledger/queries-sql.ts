/** What the ledger says of its calls, and what was spent, for SQLite and PostgreSQL alike. */
import { type OperationContext, type Operations, type Sql, sealOf, type Value } from '../store/sql';
import type { Spent } from './budget';
import { dayOf, type Period } from './calendar';
import { entryOf, FIELDS, nameOf, PRICE_STEPS } from './columns';
import type { Entry, Sum } from './entry';

/** Purpose of the digests of keys. */
export const KEY = 'ledger key';
/** So many entries are looked at in one operation, because nothing else runs meanwhile. */
const ENTRIES_AT_ONCE = 2_000;
/** How many characters of an id are its day. */
export const DAY_DIGITS = 8;
/** Greater than any id. */
export const AFTER_ALL = '~';

/** Ids from `from` on and before `to`. */
export interface EntriesRequest {
  from: string;
  to: string;
  account: string | null;
  operation: string | null;
}

type EntryRow = Readonly<Record<string, Value>>;

const ALL = FIELDS.map(nameOf).join(', ');
/** Entries of an EntriesRequest. */
const WITHIN = 'id >= ? AND id < ? AND account = COALESCE(?, account) AND operation = COALESCE(?, operation)';
/** The words of the index `entries_open`, which serves no others. */
export const OPEN = "state IN ('claimed', 'uncertain')";

/** @returns when the newest call was claimed, in Unix milliseconds */
export async function newest(sql: Sql): Promise<number | null> {
  return (await sql.get<{ at: number }>('SELECT at FROM entries ORDER BY id DESC LIMIT 1'))?.at ?? null;
}

/** @returns the newest of the calls that are uncertain and can be released, and how many there are */
async function uncertain(
  sql: Sql,
  { limit }: { limit: number },
): Promise<{ entries: Entry[]; count: number }> {
  const rows = await sql.all<EntryRow>(
    `SELECT ${ALL} FROM entries WHERE ${OPEN} AND state = 'uncertain' ORDER BY id DESC LIMIT ?`,
    limit,
  );
  const all = await sql.get<{ calls: number }>(
    `SELECT count(*) AS calls FROM entries WHERE ${OPEN} AND state = 'uncertain'`,
  );
  return { entries: rows.map(entryOf), count: all?.calls ?? 0 };
}

async function find(sql: Sql, { id }: { id: string }): Promise<Entry | null> {
  const row = await sql.get<EntryRow>(`SELECT ${ALL} FROM entries WHERE id = ?`, id);
  return row ? entryOf(row) : null;
}

/** @returns all calls that have or had a key, or have it as a label, newest first */
async function ofKey(
  sql: Sql,
  { account, key, limit }: { account: string; key: string; limit: number },
  at: OperationContext,
): Promise<Entry[]> {
  const rows = await sql.all<EntryRow>(
    `SELECT ${ALL} FROM entries WHERE id IN (SELECT entry FROM keys WHERE digest = ?) ORDER BY id DESC LIMIT ?`,
    sealOf(at).digest(KEY, account, key),
    limit,
  );
  return rows.map(entryOf);
}

/** @returns some entries, in the order of their ids or the other way round, and where to go on: null at the end */
async function entries(
  sql: Sql,
  { isNewestFirst, ...request }: EntriesRequest & { isNewestFirst: boolean },
): Promise<{ entries: Entry[]; next: string | null }> {
  const order = isNewestFirst ? 'DESC' : 'ASC';
  const next = await nextId(sql, request, order);
  const page = next === null ? request : { ...request, [isNewestFirst ? 'from' : 'to']: next };
  const rows = await sql.all<EntryRow>(
    `SELECT ${ALL} FROM entries WHERE ${WITHIN} ORDER BY id ${order} LIMIT ${ENTRIES_AT_ONCE}`,
    ...within(page),
  );
  return { entries: rows.map(entryOf), next };
}

/** @returns sums by day of some entries, and where to go on: null at the end */
async function sums(sql: Sql, request: EntriesRequest): Promise<{ sums: Sum[]; next: string | null }> {
  const next = await nextId(sql, request, 'ASC');
  const count = (condition: string) => `CAST(sum(CASE WHEN ${condition} THEN 1 ELSE 0 END) AS BIGINT)`;
  const rows = await sql.all<Sum>(
    `SELECT substr(id, 1, ${DAY_DIGITS}) AS period, account, operation, count(*) AS calls,
        ${count("state = 'settled' AND charged = 1")} AS charged,
        ${count("state = 'settled' AND charged = 0")} AS uncharged,
        ${count("state = 'settled' AND charged IS NULL")} AS unknown,
        ${count("state <> 'settled'")} AS uncertain,
        CAST(sum(price) AS BIGINT) AS price
      FROM entries WHERE ${WITHIN} GROUP BY substr(id, 1, ${DAY_DIGITS}), account, operation LIMIT ${ENTRIES_AT_ONCE}`,
    ...within({ ...request, to: next ?? request.to }),
  );
  const day = (text: string) => `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
  return {
    sums: rows.map((row) => ({ ...row, period: day(row.period), price: row.price / PRICE_STEPS })),
    next,
  };
}

/** @returns where the page after this one begins, or ends where it goes back; null where there is none */
async function nextId(sql: Sql, { from, to }: EntriesRequest, order: 'ASC' | 'DESC'): Promise<string | null> {
  const offset = order === 'ASC' ? ENTRIES_AT_ONCE : ENTRIES_AT_ONCE - 1;
  const row = await sql.get<{ id: string }>(
    `SELECT id FROM entries WHERE id >= ? AND id < ? ORDER BY id ${order} LIMIT 1 OFFSET ${offset}`,
    from,
    to,
  );
  return row?.id ?? null;
}

function within({ from, to, account, operation }: EntriesRequest): Value[] {
  return [from, to, account, operation];
}

/** The calls of one day or month. */
export interface PeriodRow {
  period: string;
  calls: number;
}

/** @returns what counts for the account's budgets, on the day and in the month of `at`, in Unix milliseconds */
export async function spent(sql: Sql, { account, at }: { account: string; at: number }): Promise<Spent> {
  const { day, month } = periodsOf(at);
  const rows = await sql.all<PeriodRow>(
    'SELECT period, calls FROM spent WHERE account = ? AND period IN (?, ?) LIMIT 2',
    account,
    day,
    month,
  );
  return sumOf(rows, at);
}

/** @returns the calls of the day and the month of `at`, in Unix milliseconds */
export function sumOf(rows: readonly PeriodRow[], at: number): Spent {
  const { day, month } = periodsOf(at);
  const callsOf = (period: string) => rows.find((row) => row.period === period)?.calls ?? 0;
  return { day: callsOf(day), month: callsOf(month) };
}

export const QUERY_OPERATIONS = {
  'ledger.uncertain': uncertain,
  'ledger.find': find,
  'ledger.ofKey': ofKey,
  'ledger.entries': entries,
  'ledger.sums': sums,
  'ledger.spent': spent,
} satisfies Operations;

/** @param at Unix milliseconds */
export function periodsOf(at: number): Record<Period, string> {
  const day = dayOf(at);
  return { day, month: day.slice(0, 7) };
}
