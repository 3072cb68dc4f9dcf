/** What only the transport knows of a request that failed: docs/contract.md, "Errors", on `cause`. */
import { ERRORS, mayHaveBeenProcessed, type VerifyError } from '../contract/errors';
import type { Call, HttpAnswer } from '../contract/transport';

/**
 * Adds to an error whether the call was charged, whether and when it may be repeated, and the id by which support finds it.
 * @param error that the request ended with
 * @param call that the request belongs to
 * @param answer undefined where none came
 */
export function describeFailure<Value>(
  error: VerifyError,
  call: Call<Value>,
  answer: HttpAnswer | undefined,
): void {
  const { details, code } = error;
  const { headers } = details;
  delete details.headers;
  if (headers) details.requestId ??= call.requestIdIn?.(headers) ?? null;
  if (answer) {
    details.httpStatus ??= answer.status;
    details.retryAfter ??= retryAfterSeconds(answer, Date.now());
    // A 503 in the provider's own form is an answer: by then it has processed the request.
    const isTurnedAway = answer.status === 503 && details.retryAfter !== null && !details.envelope;
    if (code === 'RATE_LIMITED' || isTurnedAway) details.refused = true;
  }
  details.charged ??= call.claim && !mayHaveBeenProcessed(error) ? false : null;
  details.retryable ??= ERRORS[code].retryable && (!call.claim || details.charged === false);
}

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
