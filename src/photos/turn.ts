import type { Cancel } from '../cancel';
import { VerifyError } from '../errors';

/** Node.js has four threads for what takes time. The disk needs one of them, on which the ledger waits. */
const MOST_AT_ONCE = 2;

const waiting = new Set<() => void>();
let working = 0;

/**
 * Waits until a photo may be worked on: however many messages bring one, the memory that takes is that of two.
 * @param closing ends the waiting
 * @returns gives the turn to the next one; to be called once
 * @throws VerifyError CANCELLED
 */
export async function takeTurn(closing: Cancel | undefined): Promise<() => void> {
  if (closing?.cancelled) throw cancelled();
  if (working < MOST_AT_ONCE) working++;
  else await whenFree(closing);
  return () => {
    const [next] = waiting;
    if (next) next();
    else working--;
  };
}

function whenFree(closing: Cancel | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = () => {
      waiting.delete(go);
      forget?.();
      resolve();
    };
    waiting.add(go);
    const forget = closing?.onCancel(() => {
      waiting.delete(go);
      reject(cancelled());
    });
  });
}

function cancelled(): VerifyError {
  return new VerifyError('CANCELLED', 'cancelled', {}, { charged: false });
}
