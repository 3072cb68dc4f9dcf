/** What somebody asks of a ledger, in a table's address or in a message. */
import { VerifyError } from '../errors';
import { readText } from '../input/text';
import { dayOf, monthAfter } from '../ledger/calendar';
import type { Query } from '../ledger/ledger';

/** CONTRACT, "What an input may look like", Text: an id of any kind. */
const LONGEST = 128;
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** ISO 8601 with its zone: without one, it would be whatever the machine is set to. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const DAY_MS = 86_400_000;
/** With the milliseconds after the beginning of a day that they stand for. */
const BOUNDS = [
  ['from', 0],
  ['to', DAY_MS],
] as const;

/**
 * @param asked `from` and `to`: a day of Asia/Shanghai (`2026-11-25`), of which `to` counts whole, or ISO 8601 with its
 *   zone, of which `to` does not count; `account`: the id of its node; `operation`. What is left out does not matter.
 * @throws VerifyError INPUT
 */
export function readLedgerQuery(asked: Readonly<Record<string, unknown>>): Query {
  const query: Query = {};
  for (const [name, rest] of BOUNDS) {
    const at = moment(name, asked[name], rest);
    if (at !== null) query[name] = at;
  }
  const account = named('account', asked.account);
  if (account) query.account = account;
  const operation = named('operation', asked.operation);
  if (operation) query.operation = operation;
  return query;
}

/**
 * @param asked such as `2026-11`, or nothing for the present month
 * @param now Unix milliseconds
 * @throws VerifyError INPUT
 */
export function readMonth(asked: unknown, now: number): { month: string; from: number; to: number } {
  const month = named('month', asked) || dayOf(now).slice(0, 7);
  if (!MONTH.test(month)) throw new VerifyError('INPUT', 'ledger-month');
  const begin = (of: string) => Date.parse(`${of}-01T00:00:00+08:00`);
  return { month, from: begin(month), to: begin(monthAfter(month, 1)) };
}

/** @returns null where nothing is asked */
function moment(name: string, asked: unknown, rest: number): number | null {
  const text = named(name, asked);
  if (text === '') return null;
  let at = Number.NaN;
  if (DAY.test(text)) at = Date.parse(`${text}T00:00:00+08:00`) + rest;
  else if (TIME.test(text)) at = Date.parse(text);
  if (Number.isNaN(at)) throw new VerifyError('INPUT', 'ledger-time', { name });
  return at;
}

function named(name: string, asked: unknown): string {
  return readText(asked, name, LONGEST, new Set());
}
