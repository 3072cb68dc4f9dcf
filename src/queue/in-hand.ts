/** The jobs that this process works on, found by what their messages carry. */
import { type Cause, VerifyError } from '../contract/errors';

/** Plain data, so that it survives a clone, and a truth-poll that writes the message to disk. */
const HANDLE = '_verifyJob';

/** An error as a flow has it. */
export interface Told {
  message: string;
  code: string;
  cause: Cause;
}

/** How a job ended, of which nothing is known where its worker died; `ledger` is what it was paying for then. */
export type JobEnd = { answer: unknown } | { error: Told } | { lost: { ledger: string | null } };

/**
 * @param job id of a job whose worker died
 * @param ledger id of the entry of the call that it was paying for, if it had noted one
 */
export function jobLost(job: string, ledger: string | null): VerifyError {
  return ledger === null
    ? new VerifyError('UNCERTAIN', 'job-lost', { job }, { charged: null })
    : new VerifyError('UNCERTAIN', 'job-lost-paying', { job, ledger }, { charged: null, ledger });
}

export interface JobInHand {
  /** Only the first end counts. */
  end(how: { answer: unknown } | { error: Told }): void;
  /** Notes a call that may cost, before it is sent. */
  paying(ledger: string): void;
}

const inHand = new Map<string, JobInHand>();

/**
 * @param id of the job
 * @returns what its message has to carry
 */
export function takeInHand(id: string, job: JobInHand): Record<string, unknown> {
  inHand.set(id, job);
  return { [HANDLE]: id };
}

export function letGo(id: string, job: JobInHand): void {
  if (inHand.get(id) === job) inHand.delete(id);
}

/** @returns the job of a message, `over` where this process has it no more, null where the message is of none */
export function jobOf(message: Readonly<Record<string, unknown>>): JobInHand | 'over' | null {
  const id = message[HANDLE];
  return typeof id === 'string' ? (inHand.get(id) ?? 'over') : null;
}
