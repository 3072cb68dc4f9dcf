/** What a ledger is asked about its calls, read page by page (queries-sql.ts). */
import type { RoomDatabase } from '../store/database';
import { dayOf, type Period } from './calendar';
import { type Entry, idFloor, type Query, type Sum } from './entry';
import { AFTER_ALL, type EntriesRequest } from './queries-sql';
import { sumsBy } from './sums';

/** @returns all of the query, oldest first, as they are read */
export async function* entriesOf(database: RoomDatabase, query: Query): AsyncIterable<Entry> {
  if (query.id !== undefined || query.key !== undefined)
    yield* await findEntries(database, query, Number.MAX_SAFE_INTEGER);
  else for await (const { entries } of pagesOf(database, query, false)) yield* entries;
}

/** @returns newest first, at most `limit` */
export async function findEntries(database: RoomDatabase, query: Query, limit: number): Promise<Entry[]> {
  const { id, key, account = '' } = query;
  if (id !== undefined) {
    const entry = await database.call<object, Entry | null>('ledger.find', { id });
    return entry && matches(entry, query) ? [entry] : [];
  }
  if (key !== undefined) {
    const found = await database.call<object, Entry[]>('ledger.ofKey', { account, key, limit });
    return found.filter((entry) => matches(entry, query));
  }
  const found: Entry[] = [];
  for await (const { entries } of pagesOf(database, query, true)) {
    found.push(...entries.slice(0, limit - found.length));
    if (found.length >= limit) break;
  }
  return found;
}

/** @returns by period, account and operation; `id` and `key` of the query do not matter, days count whole */
export async function sumsOf(database: RoomDatabase, by: Period, query: Query): Promise<Sum[]> {
  const { from, to, account = null, operation = null } = query;
  const request = {
    from: from === undefined ? '' : dayId(from),
    to: to === undefined ? AFTER_ALL : `${dayId(to - 1)}${AFTER_ALL}`,
    account,
    operation,
  };
  const days: Sum[] = [];
  for await (const { sums } of pagesFrom<{ sums: Sum[] }>(database, 'ledger.sums', request))
    days.push(...sums);
  return sumsBy(by, days);
}

function pagesOf(database: RoomDatabase, query: Query, isNewestFirst: boolean) {
  const { from, to, account = null, operation = null } = query;
  const request = {
    from: from === undefined ? '' : idFloor(from),
    to: to === undefined ? AFTER_ALL : idFloor(to),
    account,
    operation,
    isNewestFirst,
  };
  return pagesFrom<{ entries: Entry[] }>(database, 'ledger.entries', request);
}

async function* pagesFrom<Page>(
  database: RoomDatabase,
  operation: string,
  request: EntriesRequest & { isNewestFirst?: boolean },
): AsyncGenerator<Page> {
  for (let pageRequest = request; ; ) {
    const page = await database.call<object, Page & { next: string | null }>(operation, pageRequest);
    yield page as Awaited<Page>;
    if (page.next === null) return;
    pageRequest = { ...pageRequest, [request.isNewestFirst ? 'to' : 'from']: page.next };
  }
}

/** What all ids of a day in Shanghai begin with. */
function dayId(time: number): string {
  return dayOf(time).replaceAll('-', '');
}

function matches({ at, account, operation }: Entry, query: Query): boolean {
  const time = Date.parse(at);
  return (
    (query.account ?? account) === account &&
    (query.operation ?? operation) === operation &&
    time >= (query.from ?? Number.NEGATIVE_INFINITY) &&
    time < (query.to ?? Number.POSITIVE_INFINITY)
  );
}
