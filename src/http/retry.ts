/** Whether and when the same request goes out again for the same message: docs/contract.md, "Errors", from "Retries" on. */
import { ERRORS, type VerifyError } from '../contract/errors';
import type { Call } from '../contract/transport';

const ATTEMPTS = 3;
const FIRST_BACK_OFF_MS = 200;
/** Whoever asks to slow down and does not say for how long is not asked again at once: docs/providers/linkface.md, 1009. */
const FIRST_SLOW_DOWN_MS = 1_000;
const LONGEST_RETRY_AFTER_S = 60;

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
  return details.refused === true && details.retryAfter != null;
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
