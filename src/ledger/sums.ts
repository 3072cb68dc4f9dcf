/** What was spent, by day, account and operation. */
import type { Spent } from './budget';
import { dayOf, type Period } from './calendar';
import type { Entry, Query, Sum } from './ledger';

type Column = 'charged' | 'uncharged' | 'unknown' | 'uncertain';

/** A price has no more decimals; binary fractions would show some. */
export const PRICE_STEPS = 10_000;

/** @returns the column of a sum that counts an entry */
export function columnOf({ state, charged }: Pick<Entry, 'state' | 'charged'>): Column {
  if (state !== 'settled') return 'uncertain';
  if (charged === null) return 'unknown';
  return charged ? 'charged' : 'uncharged';
}

/** @returns the sums of days put together by months where that is asked for, oldest first */
export function sumsBy(by: Period, days: Iterable<Sum>, { from, to, account, operation }: Query): Sum[] {
  const first = from === undefined ? '' : dayOf(from);
  const last = to === undefined ? '9' : dayOf(to - 1);
  const sums = new Map<string, Sum>();
  for (const day of days) {
    if (day.period < first || day.period > last) continue;
    if (account !== undefined && account !== day.account) continue;
    if (operation !== undefined && operation !== day.operation) continue;
    const period = by === 'day' ? day.period : day.period.slice(0, 7);
    const key = `${period}\n${day.account}\n${day.operation}`;
    const sum = sums.get(key) ?? emptySum(period, day.account, day.operation);
    sums.set(key, sum);
    for (const name of ['calls', 'charged', 'uncharged', 'unknown', 'uncertain', 'price'] as const)
      sum[name] += day[name];
    sum.price = Math.round(sum.price * PRICE_STEPS) / PRICE_STEPS;
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

export function emptySum(period: string, account: string, operation: string): Sum {
  return {
    period,
    account,
    operation,
    calls: 0,
    charged: 0,
    uncharged: 0,
    unknown: 0,
    uncertain: 0,
    price: 0,
  };
}

/** What counts for a budget. */
interface Counter {
  spent: number;
}

export class Sums {
  readonly #days = new Map<string, Sum>();
  /** By day or month, and account. */
  readonly #counters = new Map<string, Counter>();
  /** Where the latest entry was counted, as the next one mostly is counted there too. */
  #latest: { sum: Sum; counters: Counter[] } | null = null;

  /** @param times 1, or -1 for an entry that is another now */
  add(entry: Entry, times: 1 | -1 = 1): void {
    const { sum, counters } = this.#placeOf(entry);
    const column = columnOf(entry);
    sum[column] += times;
    sum.calls += times;
    if (column === 'uncharged') return;
    sum.price += times * entry.price;
    for (const counter of counters) counter.spent += times;
  }

  days(): Iterable<Sum> {
    return this.#days.values();
  }

  /** @param now Unix milliseconds */
  spent(account: string, now: number): Spent {
    const day = dayOf(now);
    const of = (period: string) => this.#counters.get(`${period}\n${account}`)?.spent ?? 0;
    return { day: of(day), month: of(day.slice(0, 7)) };
  }

  #placeOf({ at, account, operation }: Entry): { sum: Sum; counters: Counter[] } {
    const day = dayOf(Date.parse(at));
    const { sum } = this.#latest ?? {};
    if (this.#latest && sum?.period === day && sum.account === account && sum.operation === operation)
      return this.#latest;
    const key = `${day}\n${account}\n${operation}`;
    const found = this.#days.get(key) ?? emptySum(day, account, operation);
    this.#days.set(key, found);
    const counters = [day, day.slice(0, 7)].map((period) => {
      const counter = this.#counters.get(`${period}\n${account}`) ?? { spent: 0 };
      this.#counters.set(`${period}\n${account}`, counter);
      return counter;
    });
    this.#latest = { sum: found, counters };
    return this.#latest;
  }
}
