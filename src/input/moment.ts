/** The beginning or end of a span of time, as people write it: docs/contract.md, "Ledger", node `verify-ledger`. */
import { VerifyError } from '../contract/errors';

/** ISO 8601, with a blank where many write one. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/;
const MILLISECONDS = /^\d{12,14}$/;
const LONGEST = 40;
const DAY_MS = 86_400_000;
/** Budgets and sums are counted by the days of Asia/Shanghai, so what says no zone is of that one. */
const ZONE = '+08:00';

/**
 * @param value ISO 8601, or Unix milliseconds; a day alone is the whole day in Shanghai
 * @param name of the property
 * @param edge which of the two ends of a span it is: the end of a day is the beginning of the next
 * @returns Unix milliseconds; undefined where there is none
 * @throws VerifyError INPUT
 */
export function readMoment(value: unknown, name: string, edge: 'from' | 'to'): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const text = typeof value === 'number' ? String(value) : value;
  const time = typeof text === 'string' && text.length <= LONGEST ? parse(text.trim(), edge) : Number.NaN;
  if (Number.isNaN(time)) throw new VerifyError('INPUT', 'time-unreadable', { name });
  return time;
}

/** @returns NaN where it is no time, or Unix seconds, which would be milliseconds of 1970 */
function parse(text: string, edge: 'from' | 'to'): number {
  if (MILLISECONDS.test(text)) return Number(text);
  const [, day = '', time, zone = ZONE] = ISO.exec(text) ?? [];
  const midnight = Date.parse(`${day}T00:00Z`);
  // The 30th of February would be a day of March.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return Number.NaN;
  if (time !== undefined) return Date.parse(`${day}T${time}${zone}`);
  return Date.parse(`${day}T00:00${ZONE}`) + (edge === 'to' ? DAY_MS : 0);
}
