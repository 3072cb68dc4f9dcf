/** Work on what is as large as a photo, which lets others run while it is done: docs/contract.md, "What an input may look like". */

/** Yields now and then, after about so many characters as `SLICE` says. */
export type Sliced<Value> = Generator<void, Value, void>;

/** In characters. The slowest reader takes some ten milliseconds for so many. */
export const SLICE = 256 * 1024;

/** In characters, where each may be a match or a word of its own, which takes longer than a step of a loop: some milliseconds for so many. */
export const PIECE = 64 * 1024;
/** In characters. No pattern matches more at once. */
const LONGEST_MATCH = 8 * 1024;

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

/**
 * A loop, as there may be millions of signs that go, for which `replace` takes seconds.
 * @param text of any length
 * @param signs what becomes of each byte of ASCII; 0: it goes
 * @returns the text, changed; as it is where it is not ASCII
 */
export function* mapBytes(text: string, signs: Uint8Array): Sliced<string> {
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
 * @param pattern of what may stand at its end, which ends with `$` and matches nothing, too
 * @returns where that begins; only the last 64 characters are looked at
 */
export function endOf(text: string, pattern: RegExp): number {
  const tail = Math.max(0, text.length - 64);
  return tail + text.slice(tail).search(pattern);
}

/**
 * @param text of any length
 * @param pattern global, which matches `LONGEST_MATCH` at the most and looks at nothing before or behind it
 * @param read what a match stands for
 * @returns the text with that in place of each match; null as soon as that is null for one
 */
export function* replaceMatches(
  text: string,
  pattern: RegExp,
  read: (found: string) => string | null,
): Sliced<string | null> {
  let written = '';
  for (let start = 0, end = 0; start < text.length; start = end) {
    if (start > 0) yield;
    const next = start + PIECE;
    const pieces: string[] = [];
    end = start;
    // A match may begin in this piece and end behind it.
    const piece = text.slice(start, next + LONGEST_MATCH);
    for (const { 0: found, index } of piece.matchAll(pattern)) {
      if (index >= PIECE) break;
      const stands = read(found);
      if (stands === null) return null;
      pieces.push(text.slice(end, start + index), stands);
      end = start + index + found.length;
    }
    pieces.push(text.slice(end, next));
    written += pieces.join('');
    end = Math.max(end, next);
  }
  return written;
}
