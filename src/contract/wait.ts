import { setTimeout as sleep } from 'node:timers/promises';
import { onAbort } from './cancel';
import { cancelled } from './errors';

/** How long somebody waits for a server that cannot be reached. */
export interface WaitOptions {
  timeoutMs: number;
  cancel: AbortSignal;
  /** How much is sent. The wait is longer by the time that so much needs on a slow line. */
  bytes?: number;
}

/** Never aborts: for work that goes on when a node closes. */
export const NEVER: AbortSignal = new AbortController().signal;

/**
 * @param work that is not stopped when nobody waits for it any more
 * @returns what it gives
 * @throws VerifyError CANCELLED, or what `work` rejects with
 */
export function unlessCancelled<Value>(work: Promise<Value>, cancel: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(cancel, () => reject(cancelled()));
    void work.then(resolve, reject).finally(forget);
  });
}

/**
 * @param work that may take for ever; it is not stopped when nobody waits for it any more
 * @param late gives the error for work that took too long
 * @returns what it gives
 * @throws VerifyError CANCELLED, or what `late` gives, or what `work` rejects with
 */
export function withTimeout<Value>(
  work: Promise<Value>,
  { timeoutMs, cancel }: WaitOptions,
  late: () => Error,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    void unlessCancelled(work, cancel)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/** @throws VerifyError CANCELLED */
export async function pause(milliseconds: number, cancel: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal: cancel });
  } catch {
    throw cancelled();
  }
}

/** Keeps no process alive. */
export function later(milliseconds: number): Promise<void> {
  return sleep(milliseconds, undefined, { ref: false });
}
