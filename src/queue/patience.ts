import type { Cancel } from '../contract/cancel';
import { VerifyError } from '../contract/errors';

/** How long somebody waits for a Redis that cannot be reached. */
export interface Patience {
  timeoutMs: number;
  cancel: Cancel;
}

/**
 * @param work that may take for ever; what becomes of it once nobody waits any more is its own affair
 * @param late the error for when it took too long
 * @returns what it gives
 * @throws VerifyError CANCELLED, or what `late` gives, or what `work` rejects with
 */
export function patiently<Value>(
  work: Promise<Value>,
  { timeoutMs, cancel }: Patience,
  late: () => Error,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    const forget = cancel.onCancel(() => reject(cancelled()));
    void work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      forget();
    });
  });
}

export function cancelled(): VerifyError {
  return new VerifyError('CANCELLED', 'cancelled', {}, { charged: false });
}

/** @throws VerifyError CANCELLED */
export function pause(milliseconds: number, cancel: Cancel): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      forget();
      resolve();
    }, milliseconds);
    const forget = cancel.onCancel(() => {
      clearTimeout(timer);
      reject(cancelled());
    });
  });
}
