/** Work on what is as large as a photo, which lets others run while it is done: docs/contract.md, "What an input may look like". */

/** Yields now and then, after about so many characters as `SLICE` says. */
export type Sliced<Value> = Generator<void, Value, void>;

/** In characters. The slowest reader takes some ten milliseconds for so many. */
export const SLICE = 256 * 1024;

/**
 * @param work that is done to its end before anything else runs
 * @returns what it gives
 */
export function atOnce<Value>(work: Sliced<Value>): Value {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * @param work on something that may be large
 * @returns what it gives; a promise where it takes more than one turn of the event loop
 * @throws what the work throws in its first turn
 */
export function inTurns<Value>(work: Sliced<Value>): Value | Promise<Value> {
  const { done, value } = work.next();
  return done ? value : rest(work);
}

async function rest<Value>(work: Sliced<Value>): Promise<Value> {
  for (;;) {
    await new Promise(setImmediate);
    const { done, value } = work.next();
    if (done) return value;
  }
}
