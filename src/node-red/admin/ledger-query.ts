/** What somebody asks of a ledger in an address of the admin interface. */
import { VerifyError } from '../../contract/errors';
import { readMoment } from '../../input/moment';
import { readText } from '../../input/text';
import { dayOf, monthAfter } from '../../ledger/calendar';
import type { Query } from '../../ledger/entry';

/** docs/contract.md, "What an input may look like", Text: an id of any kind. */
const LONGEST = 128;
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;

/**
 * @param asked `from` and `to` as `readMoment` takes them, `account` (id of its node), `operation`; what is left out does
 *   not matter
 * @throws VerifyError INPUT
 */
export function readLedgerQuery(asked: Readonly<Record<string, unknown>>): Query {
  const query: Query = {};
  for (const edge of ['from', 'to'] as const) {
    const at = readMoment(asked[edge], edge, edge);
    if (at !== undefined) query[edge] = at;
  }
  for (const name of ['account', 'operation'] as const) {
    const text = readText(asked[name], name, LONGEST, new Set());
    if (text) query[name] = text;
  }
  return query;
}

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
