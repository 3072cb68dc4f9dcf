import type { Cause, ErrorCode, ErrorDetails } from '../errors';
import type { Result } from '../result';
import type { Entry } from '../waiting/book';
import type { InputMessage } from './handle-input';
import type { Message } from './red';

/** What a flow is still to be told of a message. */
export type Told = { result: Result } | { error: { message: string; code: ErrorCode; cause: Cause } };

/** @param work of an entry: what there is to tell, or the state of what waits */
export function isTold(work: unknown): work is Told {
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
  /** In the book, where it waits or is one from before. */
  entry: Entry | null;
  ended: boolean;
  /** What its error tells as long as nothing was sent. */
  unsent?: ErrorDetails | undefined;
}

/**
 * @param input that came in
 * @param account that the node has
 * @param entry where it is one from before
 */
export function workOn(input: InputMessage, account: string, entry: Entry | undefined): Work {
  const now = Date.now();
  const startedAt = entry?.since ?? now;
  const started = performance.now() - Math.max(0, now - startedAt);
  return {
    message: input.message,
    input,
    startedAt,
    started,
    account,
    attempts: 0,
    entry: entry ?? null,
    ended: false,
  };
}
