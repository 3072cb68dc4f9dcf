/** A provider's bill beside the ledger of the same month: docs/contract.md, "Ledger", node `verify-ledger`. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BillRow } from './bill-rows';
import { PRICE_STEPS } from './columns';
import type { Entry } from './entry';

/** The clocks of a provider and of this machine differ, and a provider may write down when it was done. */
const SLACK_MS = 5_000;
/** Of a call of which nobody knows how long it took. */
const LONGEST_CALL_MS = 120_000;
/** A row without an id is looked for among at most so many calls that were under way at the same time. */
const MOST_AT_ONCE = 64;
/** What is called just before midnight may be on the bill of the day after. */
const EDGE_MS = 3_600_000;
/** Rows that are gone through without letting anything else happen. */
const ROWS_PER_TURN = 1_000;

type BilledCall = Pick<
  Entry,
  'id' | 'at' | 'operation' | 'state' | 'charged' | 'requestId' | 'orderNo' | 'price'
>;

/** Both sides of one call. */
interface BillPair {
  /** null where it is not on the bill. */
  row: (Omit<BillRow, 'at' | 'precisionMs'> & { at: string | null }) | null;
  /** null where it is not in the ledger. */
  entry: BilledCall | null;
}

export interface BillSide {
  count: number;
  /** Yuan on the bill; null where it has no prices. */
  billed: number | null;
  /** Yuan in the ledger. */
  booked: number;
  calls: BillPair[];
}

/**
 * `matched`: on both. `missing`: on the bill, and in the ledger it is not, or was not charged. `unbilled`: may have cost,
 * and is not on the bill. `dearer`: costs more on the bill. `twice`: on the bill once more.
 */
export type BillKind = 'matched' | 'missing' | 'unbilled' | 'dearer' | 'twice';
export type BillComparison = Record<BillKind, BillSide>;

/** Begins and ends, in Unix milliseconds, when the provider may have written a call down. */
interface Candidate {
  entry: Entry;
  from: number;
  to: number;
}

/** @returns the span of time, in Unix milliseconds, of which `compareBill` wants the entries of a month */
export function spanOfBill({ from, to }: { from: number; to: number }): { from: number; to: number } {
  return { from: from - EDGE_MS, to: to + EDGE_MS };
}

/**
 * Looks for each row by its order number, else by its request id, else by its time, among the calls that have no such id.
 * @param rows of the bill
 * @param entries of one account in the span of `spanOfBill`
 * @param month in Unix milliseconds; what was called outside of it may be on the bill, and is not missed
 */
export async function compareBill(
  rows: readonly BillRow[],
  entries: readonly Entry[],
  month: { from: number; to: number },
): Promise<BillComparison> {
  const hasPrices = rows.some(({ price }) => price !== null);
  const side = (): BillSide => ({ count: 0, billed: hasPrices ? 0 : null, booked: 0, calls: [] });
  const comparison: BillComparison = {
    matched: side(),
    missing: side(),
    unbilled: side(),
    dearer: side(),
    twice: side(),
  };
  const add = (kind: BillKind, row: BillRow | null, entry: Entry | null) =>
    addPair(comparison[kind], row, entry);
  const byOrderNo = Map.groupBy(entries, ({ orderNo }) => orderNo ?? '');
  const byRequestId = Map.groupBy(entries, ({ requestId }) => requestId ?? '');
  const found = new Set<Entry>();
  const match = (row: BillRow, entry: Entry) => {
    found.add(entry);
    add(kindOf(row, entry), row, entry);
  };
  const others: BillRow[] = [];
  for (const [index, row] of rows.entries()) {
    if (index % ROWS_PER_TURN === 0) await nextTurn();
    const named =
      (row.orderNo !== null && byOrderNo.get(row.orderNo)) ||
      (row.requestId !== null && byRequestId.get(row.requestId)) ||
      [];
    const entry = named.find((each) => !found.has(each));
    if (entry) match(row, entry);
    else if (named[0]) add('twice', row, named[0]);
    else others.push(row);
  }
  const candidates = entries.filter((entry) => mayHaveCost(entry) && !found.has(entry)).map(candidateOf);
  await matchByTime(others, candidates, (row, entry) => {
    if (entry) match(row, entry);
    else add('missing', row, null);
  });
  for (const entry of entries) {
    const at = Date.parse(entry.at);
    if (mayHaveCost(entry) && !found.has(entry) && at >= month.from && at < month.to)
      add('unbilled', null, entry);
  }
  return comparison;
}

/** A row that costs nothing is no claim for money. */
function kindOf({ price }: BillRow, entry: Entry): BillKind {
  if (entry.charged === false) return price === 0 ? 'matched' : 'missing';
  return price !== null && entry.price > 0 && yuan(price) > yuan(entry.price) ? 'dearer' : 'matched';
}

function mayHaveCost({ charged }: Entry): boolean {
  return charged !== false;
}

function candidateOf(entry: Entry): Candidate {
  const at = Date.parse(entry.at);
  return { entry, from: at - SLACK_MS, to: at + (entry.durationMs ?? LONGEST_CALL_MS) + SLACK_MS };
}

/**
 * Gives each row, in the order of time, the call that had started by then and whose time is over first. Rows with an id of
 * theirs are not looked for among calls that have another one.
 */
async function matchByTime(
  rows: readonly BillRow[],
  candidates: Candidate[],
  matched: (row: BillRow, entry: Entry | null) => void,
): Promise<void> {
  candidates.sort((a, b) => a.from - b.from);
  const isNamed = ({ orderNo, requestId }: BillRow) => orderNo !== null || requestId !== null;
  const pools = [
    { rows: rows.filter(isNamed), open: candidates.filter(({ entry }) => !entry.orderNo) },
    { rows: rows.filter((row) => !isNamed(row)), open: candidates },
  ];
  const taken = new Set<Entry>();
  for (const pool of pools) {
    let first = 0;
    const inOrder = [...pool.rows].sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
    for (const [index, row] of inOrder.entries()) {
      if (index % ROWS_PER_TURN === 0) await nextTurn();
      const { at } = row;
      let best: Candidate | null = null;
      if (at !== null) {
        const isOver = ({ entry, to }: Candidate) => taken.has(entry) || to < at;
        while (first < pool.open.length && isOver(pool.open[first]!)) first++;
        const until = at + row.precisionMs;
        for (const candidate of pool.open.slice(first, first + MOST_AT_ONCE)) {
          if (candidate.from > until) break;
          if (!isOver(candidate) && (best === null || candidate.to < best.to)) best = candidate;
        }
      }
      if (best) taken.add(best.entry);
      matched(row, best?.entry ?? null);
    }
  }
}

function addPair(side: BillSide, row: BillRow | null, entry: Entry | null): void {
  side.count += 1;
  if (side.billed !== null) side.billed = yuan(side.billed + (row?.price ?? 0));
  side.booked = yuan(side.booked + (entry?.price ?? 0));
  side.calls.push({
    row: row && billedRow(row),
    entry: entry && billedCall(entry),
  });
}

function billedRow({ line, orderNo, requestId, at, price }: BillRow): BillPair['row'] {
  return { line, orderNo, requestId, at: at === null ? null : new Date(at).toISOString(), price };
}

function billedCall({ id, at, operation, state, charged, requestId, orderNo, price }: Entry): BilledCall {
  return { id, at, operation, state, charged, requestId, orderNo, price };
}

/** Without the decimals that binary fractions show and no price has. */
function yuan(amount: number): number {
  return Math.round(amount * PRICE_STEPS) / PRICE_STEPS;
}
