/**
 * What the transport knows of a request that failed, and whether and when the same request goes out again for the same
 * message: docs/contract.md, "Errors", on `cause` and from "Retries" on.
 */
import { ERRORS, mayHaveBeenProcessed, type VerifyError } from '../contract/errors';
import type { Call, HttpAnswer } from '../contract/transport';

const ATTEMPTS = 3;
const FIRST_BACK_OFF_MS = 200;
/** Whoever asks to slow down and does not say for how long is not asked again at once: docs/providers/linkface.md, 1009. */
const FIRST_SLOW_DOWN_MS = 1_000;
const LONGEST_RETRY_AFTER_S = 60;

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
    if ((code === 'RATE_LIMITED' && answer.status === 429) || isTurnedAway) details.notProcessed = true;
  }
  details.charged ??= mayHaveBeenProcessed(error) ? null : false;
  details.retryable ??= ERRORS[code].retryable && (!call.claim || details.charged === false);
}

/**
 * @param error that a request ended with, as `describeFailure` left it
 * @param call that the request belongs to
 * @param attempt how many requests were sent for it
 */
export function shouldRetry<Value>(
  { code, details }: VerifyError,
  call: Call<Value>,
  attempt: number,
): boolean {
  if (attempt >= ATTEMPTS) return false;
  // Somebody watches, and tries again themselves.
  if (call.once) return false;
  // The flow learns how long to wait instead.
  if ((details.retryAfter ?? 0) > LONGEST_RETRY_AFTER_S) return false;
  // What costs nothing may be asked as often as we like.
  if (call.repeat && ERRORS[code].repeatedWhenFree) return true;
  // The request never reached the provider.
  if ((code === 'NETWORK' || code === 'TIMEOUT') && details.charged === false) return true;
  // The provider did not process it, and says when to come back.
  return details.notProcessed === true && details.retryAfter != null;
}

/**
 * Exponential back-off with full jitter, and never sooner than the provider asked for.
 * @param error that the last request ended with
 * @param attempt how many requests were sent
 * @param random from 0 up to 1
 * @returns milliseconds to wait before the next request
 */
export function pauseBeforeRetry({ code, details }: VerifyError, attempt: number, random: number): number {
  const backOff = random * FIRST_BACK_OFF_MS * 2 ** attempt;
  const { retryAfter = null } = details;
  if (code === 'RATE_LIMITED' && retryAfter === null)
    return backOff + FIRST_SLOW_DOWN_MS * 2 ** (attempt - 1);
  return Math.max(backOff, (retryAfter ?? 0) * 1000);
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
