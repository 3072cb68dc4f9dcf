/** The calls and the time that are asked for, in a message of `verify-ledger` or in an address of the admin interface. */
import { VerifyError } from '../../contract/errors';
import { readMoment } from '../../input/moment';
import { readId } from '../../input/text';
import { dayOf, monthAfter } from '../../ledger/calendar';
import type { Query } from '../../ledger/entry';
import { paidOperations } from '../runner/actions';

const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;

/**
 * @param given `from` and `to` as `readMoment` takes them, `account` (id of its node), `operation`; what is left out does
 *   not matter
 * @throws VerifyError INPUT
 */
export function readLedgerQuery(given: Readonly<Record<string, unknown>>): Query {
  const times = readTimes(given);
  const account = readId(given.account, 'account');
  const operation = oneOf(given.operation, 'operation', paidOperations());
  return { ...times, ...(account && { account }), ...(operation && { operation }) };
}

/**
 * @param given such as `2026-11`, or nothing for the present month
 * @param now Unix milliseconds
 * @returns the month, from its first moment to that of the next month
 * @throws VerifyError INPUT
 */
export function readMonth(given: unknown, now: number): { month: string; from: number; to: number } {
  const month = readId(given, 'month') || dayOf(now).slice(0, 7);
  if (!MONTH.test(month)) throw new VerifyError('INPUT', 'ledger-month');
  const begin = (of: string) => Date.parse(`${of}-01T00:00:00+08:00`);
  return { month, from: begin(month), to: begin(monthAfter(month, 1)) };
}

/**
 * @param given `from` and `to` as `readMoment` takes them
 * @throws VerifyError INPUT
 */
export function readTimes(given: Readonly<Record<string, unknown>>): Pick<Query, 'from' | 'to'> {
  const [from, to] = [readMoment(given.from, 'from', 'from'), readMoment(given.to, 'to', 'to')];
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

/**
 * @param value one of the choices, or nothing
 * @param name of it, for the error
 * @throws VerifyError INPUT
 */
export function oneOf<Choice extends string>(
  value: unknown,
  name: string,
  choices: readonly Choice[],
): Choice | null {
  if (value === undefined || value === null || value === '') return null;
  const found = choices.find((choice) => choice === value);
  if (!found) throw new VerifyError('INPUT', 'not-one-of', { name, choices: choices.join(', ') });
  return found;
}
