/** Node.js has four threads for what takes time. The disk needs one of them, on which the ledger waits. */
const MOST_AT_ONCE = 2;

const waiting: (() => void)[] = [];
let working = 0;

/**
 * Waits until a photo may be worked on: however many messages bring one, the memory that takes is that of two.
 * @returns gives the turn to the next one; to be called once
 */
export async function takeTurn(): Promise<() => void> {
  if (working < MOST_AT_ONCE) working++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  return () => {
    const next = waiting.shift();
    if (next) next();
    else working--;
  };
}
