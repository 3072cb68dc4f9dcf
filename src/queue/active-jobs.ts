/** The jobs that this process works on, found by what their messages carry. */
import { type Cause, VerifyError } from '../contract/errors';

/** Plain data, so that it survives a clone, and a truth-poll that writes the message to disk. */
const HANDLE = '_verifyJob';

/** An error as a flow has it. */
export interface JobError {
  message: string;
  code: string;
  cause: Cause;
}

/** How a job ended. `lost`: its worker died, so nothing is known of it; `ledger` is the entry of what it was paying for then. */
export type JobEnd = { answer: unknown } | { error: JobError } | { lost: { ledger: string | null } };

/**
 * @param job id of a job whose worker died
 * @param ledger id of the entry of the call that it was paying for, if it had noted one
 */
export function jobLost(job: string, ledger: string | null): VerifyError {
  return ledger === null
    ? new VerifyError('UNCERTAIN', 'job-lost', { job }, { charged: null })
    : new VerifyError('UNCERTAIN', 'job-lost-paying', { job, ledger }, { charged: null, ledger });
}

export interface ActiveJob {
  /** Only the first end counts. */
  end(how: { answer: unknown } | { error: JobError }): void;
  /**
   * Notes a call that may cost, before it is sent.
   * @param ledger id of its entry; null where no ledger is kept
   */
  paying(ledger: string | null): void;
  /**
   * The node that had the job closes before it sent anything: another worker, or this one later, does the job.
   * @returns false where an earlier call of the job may have cost something; then it has to end
   */
  giveBackUnsent(): boolean;
}

const jobs = new Map<string, ActiveJob>();

export const activeJobs = {
  /**
   * @param id of the job
   * @returns what its message has to carry
   */
  add(id: string, job: ActiveJob): Record<string, unknown> {
    jobs.set(id, job);
    return { [HANDLE]: id };
  },

  delete(id: string, job: ActiveJob): void {
    if (jobs.get(id) === job) jobs.delete(id);
  },

  /** @returns the job of a message, `over` where this process has it no more, null where the message is of none */
  get(message: Readonly<Record<string, unknown>>): ActiveJob | 'over' | null {
    const id = message[HANDLE];
    return typeof id === 'string' ? (jobs.get(id) ?? 'over') : null;
  },
};
