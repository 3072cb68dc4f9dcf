/** What only the transport knows of a request that failed: docs/contract.md, "Errors", on `cause`. */
import { ERRORS, mayHaveBeenProcessed, type VerifyError } from '../contract/errors';
import type { Call, HttpAnswer } from '../contract/transport';
import { retryAfterSeconds } from './retry-after';

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
