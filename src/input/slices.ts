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

/** In characters. A pattern that matches each of them takes some milliseconds for so many. */
export const PIECE = 64 * 1024;

/**
 * A loop, as there may be millions of signs that go, for which `replace` takes seconds.
 * @param text of any length
 * @param signs what becomes of each byte of ASCII; 0: it goes
 * @returns the text, changed; as it is where it is not ASCII
 */
export function* rewritten(text: string, signs: Uint8Array): Sliced<string> {
  if (text.length > SLICE) yield;
  const bytes = Buffer.from(text);
  if (bytes.length !== text.length) return text;
  let end = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (at % SLICE === SLICE - 1) yield;
    const sign = signs[bytes[at]!]!;
    bytes[end] = sign;
    if (sign !== 0) end++;
  }
  return bytes.toString('latin1', 0, end);
}

/**
 * @param text of any length
 * @param pattern global, which matches a few thousand characters at the most
 * @param read what a match stands for
 * @returns the text with that in place of each match; null where that is null for one
 */
export function* replaced(
  text: string,
  pattern: RegExp,
  read: (found: string) => string | null,
): Sliced<string | null> {
  let written = '';
  let pieces: string[] = [];
  let end = 0;
  let next = PIECE;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    const stands = read(found);
    if (stands === null) return null;
    pieces.push(text.slice(end, index), stands);
    end = index + found.length;
    if (end < next) continue;
    written += pieces.join('');
    pieces = [];
    next = end + PIECE;
    yield;
  }
  return written + pieces.join('') + text.slice(end);
}
