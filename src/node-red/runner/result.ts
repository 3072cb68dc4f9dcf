/** What a message gets for an answer: docs/contract.md, "Result". */
import { type ErrorDetails, VerifyError } from '../../contract/errors';
import { isoTimes } from '../../contract/iso-time';
import type { Answer, Result } from '../../contract/result';
import type { Work } from './work';

const isoTime = isoTimes();

/**
 * @param answer of the action
 * @param called what was asked, and where unless the answer says it
 * @param work on the message
 * @param includeRaw whether the provider's own answer is in it
 */
export function resultOf(
  answer: Answer,
  called: Pick<Result, 'provider' | 'operation' | 'environment'>,
  work: Work,
  includeRaw = false,
): Result {
  const { outcome, reason, code, message, requestId, charged, data, raw } = answer;
  const result: Result = {
    ...called,
    ...(answer.environment && { environment: answer.environment }),
    outcome,
    reason,
    code,
    message,
    requestId,
    charged,
    ledger: answer.ledger ?? null,
    reused: answer.reused ?? null,
    data,
    timing: {
      startedAt: isoTime(work.startedAt),
      durationMs: Math.round(performance.now() - work.started),
      attempts: work.attempts,
    },
  };
  if (includeRaw) result.raw = raw;
  return result;
}

/** The error of a result that cannot be sent. It says what was paid for, so that nobody has to pay for it once more. */
export function notSent({ requestId, charged, ledger, data }: Result, { unsent }: Work): VerifyError {
  const {
    orderNo = null,
    score = null,
    tasks,
  } = data as ErrorDetails & { tasks?: ErrorDetails['submitted'] };
  const details = { requestId, charged, ledger, orderNo, score, retryable: false };
  const error = new VerifyError('INPUT', 'message-not-sent', {}, details);
  if (unsent && tasks) Object.assign(error.details, { submitted: tasks, notSubmitted: [], uncertain: [] });
  return error;
}
