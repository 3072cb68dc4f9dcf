/** Bytes that were written out: in hexadecimal, as databases and debuggers do, or as Python shows them. */
import { endOf, mapBytes, PIECE, replaceMatches, type Sliced } from './slices';

/** Of each byte what becomes of it: what stands between digits goes (0). */
const DIGITS = Uint8Array.from({ length: 128 }, (_, byte) =>
  /[\s:,;'"_\\x-]/i.test(String.fromCharCode(byte)) ? 0 : byte,
);
/** Of all digits in one run, which is what databases write. */
const RUN = /^\s*(?:0x|\\x|x')?/i;
const RUN_END = /['\s]{0,8}$/;

/**
 * Takes `ffd8`, `0xFFD8`, `\xffd8`, `\xff\xd8`, `ff d8`, `FF:D8` and `X'FFD8'`.
 * @param text of any length; half a byte at its end is left out
 * @returns the bytes, or null where it is anything else
 */
export function* readHex(text: string): Sliced<Buffer | null> {
  const run = text.slice(RUN.exec(text.slice(0, 64))![0].length, endOf(text, RUN_END));
  return fromDigits(run) ?? fromDigits(yield* mapBytes(text, DIGITS));
}

function fromDigits(digits: string): Buffer | null {
  const bytes = Buffer.from(digits, 'hex');
  // It ends where anything else comes.
  return bytes.length > 0 && bytes.length === digits.length >> 1 ? bytes : null;
}

/** What programs write round a list of bytes, and behind it. */
const OPENING =
  /^\s*<?(?:(?:np\.|numpy\.)?(?:bytearray|bytes|array|Buffer|Uint8Array|byte\[\])(?:\(\d+\))?\s*)?[([{]{0,3}\s*/i;
const CLOSING = /\s*[\])}>]{0,3}(?:,\s*dtype=[\w.]{1,16}\s*\))?;?\s*$/;
const SEPARATOR = /[\s,;]/g;
/** `-128` and `0xff`: Java's bytes are from -128 on, and a Buffer takes both the same way. */
const LONGEST_NUMBER = 4;

/**
 * Takes `255, 216, 255` and `0xff, 0xd8`, with commas, semicolons or white space between, and whatever programs write
 * round such a list; of `ff d8` too.
 * @param text of any length
 * @returns the bytes, or null where it is anything else
 */
export function* readNumbers(text: string): Sliced<Buffer | null> {
  const openingLength = OPENING.exec(text.slice(0, 64))![0].length;
  const list = text.slice(openingLength, endOf(text, CLOSING));
  const bytes = Buffer.allocUnsafe((list.length + 1) >> 1);
  let count = 0;
  for (let start = 0, end = 0; start < list.length; start = end) {
    if (start > 0) yield;
    SEPARATOR.lastIndex = start + PIECE;
    end = SEPARATOR.exec(list)?.index ?? list.length;
    for (const word of list.slice(start, end).split(/[\s,;]+/)) {
      if (word === '') continue;
      const byte = word.length <= LONGEST_NUMBER ? Number(word) : Number.NaN;
      if (!Number.isInteger(byte) || byte < -128 || byte > 255)
        return openingLength > 0 ? yield* readHex(list) : null;
      bytes[count++] = byte;
    }
  }
  return bytes.subarray(0, count);
}

/** Python, "String and Bytes literals"; and what no byte is. */
const ESCAPED = /(?:\\x[\da-fA-F]{2}){1,1024}|\\.?|[^\0-\xff]/gs;
const LETTERS = '\\\'"abfnrtv';
const STAND_FOR = '\\\'"\x07\b\f\n\r\t\v';

/**
 * @param text what Python shows for bytes: `b'\xff\xd8…'`
 * @returns the bytes; null where it is anything else
 */
export function* readPythonBytes(text: string): Sliced<Buffer | null> {
  const [opening = '', quote = ''] = /^\s*(?:bytearray\(|bytes\()?r?b(['"])/i.exec(text.slice(0, 64)) ?? [];
  const trimmed = text.trimEnd();
  const last = trimmed.length - (trimmed.endsWith(')') ? 2 : 1);
  if (quote === '' || last < opening.length || text[last] !== quote) return null;
  const latin1 = yield* replaceMatches(text.slice(opening.length, last), ESCAPED, (found) =>
    found.length > 2
      ? Buffer.from(found.replaceAll('\\x', ''), 'hex').toString('latin1')
      : (STAND_FOR[LETTERS.indexOf(found[1] ?? ' ')] ?? null),
  );
  return latin1 === null ? null : Buffer.from(latin1, 'latin1');
}
