/** What was spent, put together. */
import type { Period } from './calendar';
import { PRICE_STEPS } from './columns';
import type { Sum } from './entry';

export const COUNTS = ['calls', 'charged', 'uncharged', 'unknown', 'uncertain', 'price'] as const;

/** @returns the sums of days, several of one day added up, by days or months, oldest first */
export function sumsBy(by: Period, days: Iterable<Sum>): Sum[] {
  const sums = new Map<string, Sum>();
  for (const day of days) {
    const period = by === 'day' ? day.period : day.period.slice(0, 7);
    const key = `${period}\n${day.account}\n${day.operation}`;
    const sum = sums.get(key) ?? emptySum(period, day.account, day.operation);
    sums.set(key, sum);
    addSum(sum, day);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

/** Adds to a sum what another counts. */
export function addSum(
  sum: Pick<Sum, (typeof COUNTS)[number]>,
  other: Pick<Sum, (typeof COUNTS)[number]>,
): void {
  for (const name of COUNTS) sum[name] += other[name];
  // Binary fractions would show decimals that no price has.
  sum.price = Math.round(sum.price * PRICE_STEPS) / PRICE_STEPS;
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
