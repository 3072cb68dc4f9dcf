import type { Cause, ErrorCode, ErrorDetails } from '../../contract/errors';
import type { Result } from '../../contract/result';
import type { PendingTask } from '../../waiting/pending-tasks';
import type { InputMessage } from './handle-input';
import type { Message } from './red';

/** The result or error of a message that has not been sent or raised yet: plain data. */
export type PendingDelivery =
  | { result: Result }
  | { error: { message: string; code: ErrorCode; cause: Cause } };

/** @param work of a task: a delivery, or the state of what waits */
export function isDelivery(work: unknown): work is PendingDelivery {
  return typeof work === 'object' && work !== null && ('result' in work || 'error' in work);
}

/** One message that is being worked on. */
export interface Work {
  readonly message: Message;
  readonly input: InputMessage;
  /** Unix time in milliseconds, when the node first took it. */
  readonly startedAt: number;
  /** The same on the clock of `performance.now()`. */
  readonly started: number;
  /** Requests sent. */
  attempts: number;
  /** Id of the account node it goes to. */
  account: string;
  /** Of that account, once it was found. */
  provider: string | null;
  /** Set if the message waits, or is that of a resumed task. */
  task: PendingTask | null;
  ended: boolean;
  /** Details for its error as long as nothing was sent. */
  unsent?: ErrorDetails | undefined;
}

/**
 * @param input that came in
 * @param account that the node has
 * @param task if the message is that of a resumed one
 */
export function workOn(input: InputMessage, account: string, task: PendingTask | undefined): Work {
  const now = Date.now();
  const startedAt = task?.since ?? now;
  const started = performance.now() - Math.max(0, now - startedAt);
  return {
    message: input.message,
    input,
    startedAt,
    started,
    account,
    provider: null,
    attempts: 0,
    task: task ?? null,
    ended: false,
  };
}
