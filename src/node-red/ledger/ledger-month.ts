/** A month as somebody writes it who asks a ledger. */
import { VerifyError } from '../../contract/errors';
import { readText } from '../../input/text';
import { dayOf, monthAfter } from '../../ledger/calendar';

/** docs/contract.md, "What an input may look like", Text: an id of any kind. */
const LONGEST = 128;
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;

/**
 * @param asked such as `2026-11`, or nothing for the present month
 * @param now Unix milliseconds
 * @throws VerifyError INPUT
 */
export function readMonth(asked: unknown, now: number): { month: string; from: number; to: number } {
  const month = readText(asked, 'month', LONGEST, new Set()) || dayOf(now).slice(0, 7);
  if (!MONTH.test(month)) throw new VerifyError('INPUT', 'ledger-month');
  const begin = (of: string) => Date.parse(`${of}-01T00:00:00+08:00`);
  return { month, from: begin(month), to: begin(monthAfter(month, 1)) };
}
