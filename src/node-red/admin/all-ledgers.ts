/** All ledgers of a runtime as one: its own, and those of its `verify-ledger-store` nodes. */
import { VerifyError } from '../../contract/errors';
import { dayOf } from '../../ledger/calendar';
import { FIELDS } from '../../ledger/columns';
import { csv, HANDLING_COLUMNS, handlingCsv } from '../../ledger/csv';
import type { Entry, Query, Sum } from '../../ledger/entry';
import type { Ledger } from '../../ledger/ledger';
import { addSum, emptySum } from '../../ledger/sums';
import type { AccountNode } from '../account/account-node';
import { type LedgerStoreNode, ledgerOf } from '../ledger/ledger-of';
import { readLedgerQuery, readMonth } from '../ledger/ledger-query';
import { operationsAboutPersons } from '../runner/actions';
import { configsOf, nodesOf } from '../runner/deployed';
import { asVerifyError, withText } from '../runner/flow-error';
import type { Red } from '../runner/red';
import type { AdminQuestion, Download } from './question';

/** Nobody looks through more, and the table has them all. */
const MOST_UNCERTAIN = 100;
/** More are released by asking again. */
const MOST_RELEASED = 10_000;

/** What an account may spend in a day or month, and has spent. */
interface Budget {
  spent: number;
  /** 0: no limit. */
  limit: number;
}

interface AccountSpending {
  account: string;
  /** Yuan for one charged call, 0 where that is not known. */
  price: number;
  /** The account is on the sandbox, which costs nothing. */
  isPlayMoney: boolean;
  day: Budget;
  month: Budget;
}

/** A ledger that cannot be read. */
interface UnreadableLedger {
  /** Id of its `verify-ledger-store`; null for the ledger of this Node-RED. */
  store: string | null;
  problem: string;
  values: VerifyError['values'];
}

/** What the sidebar shows of an entry: neither references of consents nor the purpose leave the ledger for it. */
const SHOWN = ['id', 'at', 'account', 'node', 'operation', 'requestId', 'orderNo'] as const;
type UncertainCall = Pick<Entry, (typeof SHOWN)[number]>;
type DaySum = Omit<Sum, 'period' | 'operation'> & { day: string };

export interface Summary {
  /** The month of `days`, such as `2026-11`. */
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
  /** With the text for the reader. */
  unreadable: (UnreadableLedger & { text: string })[];
}

/**
 * @param question `month` in the address, such as `2026-11`, or nothing for the present one
 * @returns what was spent and is not certain
 * @throws VerifyError INPUT where there is no such month
 */
export async function summarize({ red, query: parameters, language }: AdminQuestion): Promise<Summary> {
  const now = Date.now();
  const { month, ...query } = readMonth(parameters.month, now);
  const { found, unreadable } = ledgersOf(red);
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
      unreadable.push(unreadableLedger(red, store, reason));
    }
  };
  // A ledger that cannot be reached takes long to say so: none waits for another.
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
    unreadable: unreadable.map((each) => withText(red, each, language)),
    days: [...days.values()].sort((a, b) =>
      a.day === b.day ? order(a.account, b.account) : order(b.day, a.day),
    ),
    uncertain: calls.slice(0, MOST_UNCERTAIN).map(shownOf),
    uncertainCount,
  };
}

/**
 * @param question as `readLedgerQuery` takes it in the address
 * @returns the entries as a table; accounts and nodes by name, with their ids. Its first piece throws a VerifyError: INPUT;
 *   CONFIG or NETWORK where a ledger cannot be read, as then something would be missing
 */
export function ledgerTable(question: AdminQuestion): Download {
  return table('ledger', entryLines(question));
}

/** The same for the record of handling; nobody who was verified is in it. */
export function handlingTable(question: AdminQuestion): Download {
  return table('handling', handlingLines(question));
}

function table(name: string, pieces: Download['pieces']): Download {
  return { contentType: 'text/csv; charset=utf-8', name: `cn-verify-${name}.csv`, pieces };
}

async function* entryLines({ red, query: parameters, language }: AdminQuestion): Download['pieces'] {
  const query = readLedgerQuery(parameters);
  const found = allLedgersOf(red);
  const heads = FIELDS.map((name) => red._(`columns.${name}`, { lng: language }));
  yield* csv(entriesOf(red, found.keys(), query), heads);
}

async function* handlingLines({ red, query: parameters, language }: AdminQuestion): Download['pieces'] {
  const query = readLedgerQuery(parameters);
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

/** Releases the keys of an uncertain call. */
export async function releaseOne({ red, params }: AdminQuestion): Promise<{ released: boolean }> {
  return { released: (await release(red, async () => [params.id ?? ''])) > 0 };
}

/** Releases the keys of all uncertain calls up to `until`, the id of the newest call that the operator has seen. */
export async function releaseUntil({ red, query }: AdminQuestion): Promise<{ released: number }> {
  const { until } = query;
  if (typeof until !== 'string' || until === '') throw new VerifyError('INPUT', 'ledger-until');
  const released = await release(red, async (ledger) => {
    const { entries } = await ledger.uncertain(MOST_RELEASED);
    return entries.map(({ id }) => id).filter((id) => id <= until);
  });
  return { released };
}

/**
 * @param red Node-RED
 * @param idsIn the entries that are to be released, as far as a ledger has them
 * @returns how many were uncertain
 * @throws VerifyError where a ledger cannot be reached, and no other had any of them
 */
async function release(red: Red, idsIn: (ledger: Ledger) => Promise<string[]>): Promise<number> {
  let failed: unknown;
  let released = 0;
  for (const ledger of ledgersOf(red).found.keys()) {
    try {
      released += (await ledger.release(await idsIn(ledger))).length;
    } catch (reason) {
      failed = reason;
    }
  }
  if (failed && released === 0) throw failed;
  return released;
}

function shownOf(entry: Entry): UncertainCall {
  return Object.fromEntries(SHOWN.map((name) => [name, entry[name]])) as UncertainCall;
}

/** @throws VerifyError CONFIG where one cannot be read: without it, a report would lack something */
function allLedgersOf(red: Red): Map<Ledger, string | null> {
  const { found, unreadable } = ledgersOf(red);
  const [first] = unreadable;
  if (first) throw new VerifyError('CONFIG', first.problem, first.values);
  return found;
}

/** Of stores that are one and the same ledger, the first. */
function ledgersOf(red: Red): { found: Map<Ledger, string | null>; unreadable: UnreadableLedger[] } {
  const nodes = nodesOf<LedgerStoreNode>(red, 'verify-ledger-store', 'location');
  const byLocation = Map.groupBy(nodes, ({ id, location }) => location ?? id);
  const stores = [null, ...[...byLocation.values()].map(([first]) => first!.id)];
  const found = new Map<Ledger, string | null>();
  const unreadable: UnreadableLedger[] = [];
  for (const store of stores) {
    try {
      const ledger = ledgerOf(red, store);
      if (ledger) found.set(ledger, store);
    } catch (reason) {
      unreadable.push(unreadableLedger(red, store, reason));
    }
  }
  return { found, unreadable };
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

function unreadableLedger(red: Red, store: string | null, reason: unknown): UnreadableLedger {
  const { problem, values } = asVerifyError(red, store === null ? null : red.nodes.getNode(store), reason);
  return { store, problem, values };
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
