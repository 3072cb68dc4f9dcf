import { onAbort } from '../contract/cancel';
import { cancelled } from '../contract/errors';

/** Node.js has four threads for work that blocks; the disk needs one of them. */
const MOST_AT_ONCE = 2;

const waiting = new Set<() => void>();
let working = 0;

/**
 * Waits for one of two slots: however many messages bring a photo, decoding takes the memory of two.
 * @param closing ends the waiting
 * @returns releases the slot; to be called once
 * @throws VerifyError CANCELLED
 */
export async function acquireSlot(closing: AbortSignal | undefined): Promise<() => void> {
  if (closing?.aborted) throw cancelled();
  if (working < MOST_AT_ONCE) working++;
  else await whenReleased(closing);
  return () => {
    const [next] = waiting;
    if (next) next();
    else working--;
  };
}

function whenReleased(closing: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const start = () => {
      waiting.delete(start);
      forget?.();
      resolve();
    };
    waiting.add(start);
    const forget =
      closing &&
      onAbort(closing, () => {
        waiting.delete(start);
        reject(cancelled());
      });
  });
}
