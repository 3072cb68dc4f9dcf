/** All ledgers of a runtime as one: its own, and those of its `verify-ledger-store` nodes. */
import { VerifyError } from '../../contract/errors';
import { dayOf } from '../../ledger/calendar';
import { FIELDS } from '../../ledger/columns';
import { csv, HANDLING_COLUMNS, handlingCsv } from '../../ledger/csv';
import type { Entry, Query, Sum } from '../../ledger/entry';
import type { Ledger } from '../../ledger/ledger';
import { addSum, emptySum } from '../../ledger/sums';
import type { AccountNode } from '../account/account-node';
import { readMonth } from '../ledger/ledger-month';
import { type LedgerStoreNode, ledgerOf } from '../ledger/ledger-of';
import { operationsAboutPersons } from '../runner/actions';
import { configsOf, nodesOf } from '../runner/deployed';
import type { Red } from '../runner/red';
import { readLedgerQuery } from './ledger-query';

/** Nobody looks through more, and the table has them all. */
const MOST_UNCERTAIN = 100;
/** More are released by asking again. */
const MOST_RELEASED = 10_000;

/** Of one account. */
interface Budget {
  spent: number;
  /** 0: no limit. */
  limit: number;
}

interface AccountSpending {
  account: string;
  /** Yuan for one charged call, 0 where that is not known. */
  price: number;
  /** Nothing that is made up on this machine costs anything. */
  isPlayMoney: boolean;
  day: Budget;
  month: Budget;
}

/** A ledger that cannot be read. */
interface UnreadableLedger {
  /** Of the `verify-ledger-store`; null for the ledger of this Node-RED. */
  store: string | null;
  problem: string;
  values: VerifyError['values'];
}

/** What the sidebar shows of an entry: neither references of consents nor the purpose leave the ledger for it. */
const SHOWN = ['id', 'at', 'account', 'node', 'operation', 'requestId', 'orderNo'] as const;
type UncertainCall = Pick<Entry, (typeof SHOWN)[number]>;
type DaySum = Omit<Sum, 'period' | 'operation'> & { day: string };

export interface Summary {
  /** That `days` is of, such as `2026-11`. */
  month: string;
  /** In Shanghai. */
  today: string;
  /** How many ledgers there are; 0 where the user wants none. */
  ledgers: number;
  /** Those that are deployed and set up. */
  accounts: AccountSpending[];
  /** Newest first. */
  days: DaySum[];
  /** Newest first, at most a hundred. */
  uncertain: UncertainCall[];
  uncertainCount: number;
  troubles: UnreadableLedger[];
}

/**
 * @param red Node-RED
 * @param asked the month, such as `2026-11`, or nothing for the present one
 * @returns what was spent and is not certain
 * @throws VerifyError INPUT where there is no such month
 */
export async function summarize(red: Red, asked: unknown): Promise<Summary> {
  const now = Date.now();
  const { month, ...query } = readMonth(asked, now);
  const { found, troubles } = ledgersOf(red);
  const days = new Map<string, DaySum>();
  const uncertain = new Map<string, Entry>();
  let uncertainCount = 0;
  const read = async (ledger: Ledger, store: string | null) => {
    try {
      const [sums, open] = await Promise.all([ledger.sums('day', query), ledger.uncertain(MOST_UNCERTAIN)]);
      for (const sum of sums) add(days, sum);
      for (const entry of open.entries) uncertain.set(entry.id, entry);
      uncertainCount += open.count;
    } catch (reason) {
      troubles.push(unreadableLedger(store, reason));
    }
  };
  // One that cannot be reached takes its time.
  const [accounts] = await Promise.all([
    spendingOf(accountsOf(red)),
    ...[...found].map(([ledger, store]) => read(ledger, store)),
  ]);
  const calls = [...uncertain.values()].sort((a, b) => order(b.id, a.id));
  return {
    month,
    today: dayOf(now),
    ledgers: found.size,
    accounts,
    troubles,
    days: [...days.values()].sort((a, b) =>
      a.day === b.day ? order(a.account, b.account) : order(b.day, a.day),
    ),
    uncertain: calls.slice(0, MOST_UNCERTAIN).map(shownOf),
    uncertainCount,
  };
}

/**
 * @param red Node-RED
 * @param asked as `readLedgerQuery` takes it
 * @param language of the reader, for the heads; without one, that of the runtime
 * @returns the entries as a table, in pieces; accounts and nodes by name, with their ids
 * @throws VerifyError INPUT; CONFIG or NETWORK where a ledger cannot be read, as then something would be missing
 */
export async function* tableOf(
  red: Red,
  asked: Readonly<Record<string, unknown>>,
  language?: string,
): AsyncGenerator<string, void> {
  const query = readLedgerQuery(asked);
  const found = allLedgersOf(red);
  const heads = FIELDS.map((name) => red._(`columns.${name}`, { lng: language }));
  yield* csv(entriesOf(red, found.keys(), query), heads);
}

/**
 * @param red Node-RED
 * @param asked as `readLedgerQuery` takes it
 * @param language of the reader
 * @returns the record of handling as a table, in pieces; no person is in it
 * @throws VerifyError as `tableOf` does
 */
export async function* handlingOf(
  red: Red,
  asked: Readonly<Record<string, unknown>>,
  language?: string,
): AsyncGenerator<string, void> {
  const query = readLedgerQuery(asked);
  const found = allLedgersOf(red);
  const values = { lng: language };
  const heads = HANDLING_COLUMNS.map((name) => red._(`columns.${name}`, values));
  const known = { yes: red._('columns.yes', values), no: red._('columns.no', values) };
  const operations = new Set(operationsAboutPersons());
  const providers = new Map(
    configsOf(red)
      .filter(({ type }) => type.endsWith('-account'))
      .map(({ id, type }) => [id, red._(`providers.${type.slice(0, -'-account'.length)}`, values)]),
  );
  async function* calls() {
    for (const ledger of found.keys())
      for await (const entry of ledger.entries(query))
        if (operations.has(entry.operation)) yield { ...entry, provider: providers.get(entry.account) ?? '' };
  }
  yield* handlingCsv(calls(), heads, known);
}

/**
 * Sets the keys of uncertain calls free.
 * @param red Node-RED
 * @param wanted the entry, or the newest of those that were looked at: those before it are released with it
 * @returns how many were uncertain
 * @throws VerifyError where a ledger cannot be reached, and no other had any of them
 */
export async function release(red: Red, wanted: { id: string } | { until: string }): Promise<number> {
  let failed: unknown;
  let released = 0;
  for (const ledger of ledgersOf(red).found.keys()) {
    try {
      released += (
        await ledger.release('id' in wanted ? [wanted.id] : await uncertainUntil(ledger, wanted.until))
      ).length;
    } catch (reason) {
      failed = reason;
    }
  }
  if (failed && released === 0) throw failed;
  return released;
}

async function uncertainUntil(ledger: Ledger, until: string): Promise<string[]> {
  const { entries } = await ledger.uncertain(MOST_RELEASED);
  return entries.map(({ id }) => id).filter((id) => id <= until);
}

function shownOf(entry: Entry): UncertainCall {
  return Object.fromEntries(SHOWN.map((name) => [name, entry[name]])) as UncertainCall;
}

/** @throws VerifyError CONFIG where one cannot be read: without it, a report would lack something */
function allLedgersOf(red: Red): Map<Ledger, string | null> {
  const { found, troubles } = ledgersOf(red);
  const [unreadable] = troubles;
  if (unreadable) throw new VerifyError('CONFIG', unreadable.problem, unreadable.values);
  return found;
}

/** Of stores that are one and the same ledger, the first. */
function ledgersOf(red: Red): { found: Map<Ledger, string | null>; troubles: UnreadableLedger[] } {
  const nodes = nodesOf<LedgerStoreNode>(red, 'verify-ledger-store', 'location');
  const byLocation = Map.groupBy(nodes, ({ id, location }) => location ?? id);
  const stores = [null, ...[...byLocation.values()].map(([first]) => first!.id)];
  const found = new Map<Ledger, string | null>();
  const troubles: UnreadableLedger[] = [];
  for (const store of stores) {
    try {
      const ledger = ledgerOf(red, store);
      if (ledger) found.set(ledger, store);
    } catch (reason) {
      troubles.push(unreadableLedger(store, reason));
    }
  }
  return { found, troubles };
}

/**
 * An account that is not set up pays nothing, and the live check names it. A ledger that cannot be read is named once, and not
 * for each of its accounts.
 */
async function spendingOf(nodes: readonly AccountNode[]): Promise<AccountSpending[]> {
  const spending = nodes.map(async (node): Promise<AccountSpending[]> => {
    try {
      const { ledger, price, maxPerDay, maxPerMonth } = node.terms();
      if (!ledger) return [];
      const { day, month } = await ledger.spent(node.id);
      const budgets = { day: { spent: day, limit: maxPerDay }, month: { spent: month, limit: maxPerMonth } };
      return [{ account: node.id, price, isPlayMoney: node.environment === 'sandbox', ...budgets }];
    } catch (reason) {
      if (reason instanceof VerifyError) return [];
      throw reason;
    }
  });
  return (await Promise.all(spending)).flat();
}

/** @returns the account nodes that are deployed and running */
export function accountsOf(red: Red): AccountNode[] {
  return nodesOf<AccountNode>(red, '-account', 'terms');
}

/** All operations of a day and account in one. */
function add(days: Map<string, DaySum>, sum: Sum): void {
  const key = `${sum.period}\n${sum.account}`;
  const { period, operation: _, ...none } = emptySum(sum.period, sum.account, '');
  const of = days.get(key) ?? { day: period, ...none };
  days.set(key, of);
  addSum(of, sum);
}

async function* entriesOf(red: Red, ledgers: Iterable<Ledger>, query: Query): AsyncIterable<Entry> {
  const names = new Map(configsOf(red).map(({ id, name }) => [id, name]));
  const named = (id: string) => (names.get(id) ? `${names.get(id)} (${id})` : id);
  for (const ledger of ledgers)
    for await (const entry of ledger.entries(query))
      yield { ...entry, account: named(entry.account), node: named(entry.node) };
}

function unreadableLedger(store: string | null, reason: unknown): UnreadableLedger {
  if (!(reason instanceof VerifyError)) throw reason;
  return { store, problem: reason.problem, values: reason.values };
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
