import type { HttpAnswer } from '../contract/transport';

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3), a number of seconds or a date.
 * @param answer whose header it is
 * @param now Unix time in milliseconds, used where the answer has no `Date` of its own
 * @returns seconds from now, or null where the header is missing or cannot be read
 */
export function retryAfterSeconds(answer: HttpAnswer, now: number): number | null {
  const value = answer.headers['retry-after'];
  if (typeof value !== 'string') return null;
  // More digits than a number holds would be infinite, and that is no JSON.
  if (/^\d+$/.test(value.trim())) return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
  // A date begins with the name of a day; Date.parse takes "1.5" for one too.
  const date = /^[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(date)) return null;
  const answered = Date.parse(String(answer.headers.date));
  return Math.max(0, Math.ceil((date - (Number.isNaN(answered) ? now : answered)) / 1000));
}
