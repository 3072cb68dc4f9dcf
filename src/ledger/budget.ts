/** What an account may spend: docs/contract.md, "Account nodes", `maxPerDay` and `maxPerMonth`. */
import { VerifyError } from '../contract/errors';
import { type Period, secondsToNext } from './calendar';
import type { Call } from './entry';

export type Spent = Record<Period, number>;

type Limits = Pick<Call, 'account' | 'maxPerDay' | 'maxPerMonth'>;

/** A budget of which 80 % are used; it is said once a day or month. */
export interface BudgetWarning {
  account: string;
  period: Period;
  limit: number;
  spent: number;
}

/** The owner of a budget is warned when this part of it is used. */
export const WARN_FROM = 0.8;

/**
 * @param call that would be one more
 * @param now Unix milliseconds
 * @returns what refuses it, the longer wait first; null where there is room
 */
export function overBudget(
  { maxPerDay, maxPerMonth }: Limits,
  spent: Spent,
  now: number,
): VerifyError | null {
  if (maxPerMonth > 0 && spent.month >= maxPerMonth) {
    const retryAfter = secondsToNext('month', now);
    const details = { charged: false, retryAfter };
    return new VerifyError('BUDGET', 'budget-month', { maxPerMonth, retryAfter }, details);
  }
  if (maxPerDay > 0 && spent.day >= maxPerDay) {
    const retryAfter = secondsToNext('day', now);
    return new VerifyError('BUDGET', 'budget-day', { maxPerDay, retryAfter }, { charged: false, retryAfter });
  }
  return null;
}

/** @returns the budgets whose owner is to be warned */
export function nearlySpent({ account, maxPerDay, maxPerMonth }: Limits, spent: Spent): BudgetWarning[] {
  const budgets: BudgetWarning[] = [
    { account, period: 'day', limit: maxPerDay, spent: spent.day },
    { account, period: 'month', limit: maxPerMonth, spent: spent.month },
  ];
  return budgets.filter(({ limit, spent: used }) => limit > 0 && used >= limit * WARN_FROM);
}
