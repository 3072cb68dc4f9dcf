/** Bytes that were written out: in hexadecimal, as databases and debuggers do, or as Python shows them. */
import { SLICE, type Sliced } from './slices';

const SEPARATOR = -1;
const PREFIX = -2;
const OTHER = -3;
/** Of each character up to DEL: its value, or what it is. */
const DIGITS = Int8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[\s:,;'"_-]/.test(character)) return SEPARATOR;
  if (/[x\\]/i.test(character)) return PREFIX;
  return /[\da-f]/i.test(character) ? Number.parseInt(character, 16) : OTHER;
});

const COMMA = ','.charCodeAt(0);
const MINUS = '-'.charCodeAt(0);
const SEMICOLON = ';'.charCodeAt(0);
const SPACE = ' '.charCodeAt(0);

/** Of all digits in one run, which is what databases write. */
const RUN = /^\s*(?:0x|\\x|x')?/i;

/**
 * Takes `ffd8`, `0xFFD8`, `\xffd8`, `\xff\xd8`, `ff d8`, `FF:D8` and `X'FFD8'`. A loop, as there may be millions.
 * @param text of any length; half a byte at its end is left out
 * @returns the bytes, or null where it is anything else
 */
export function* readHex(text: string): Sliced<Buffer | null> {
  const digits = text.slice(RUN.exec(text.slice(0, 64))![0].length).replace(/['\s]{1,8}$/, '');
  const run = Buffer.from(digits, 'hex');
  // It ends where anything else comes.
  if (run.length > 0 && run.length === digits.length >> 1) return run;
  const bytes = Buffer.allocUnsafe(text.length >> 1);
  let end = 0;
  let high = SEPARATOR;
  for (let at = 0; at < text.length; at++) {
    if (at % SLICE === SLICE - 1) yield;
    const digit = DIGITS[text.charCodeAt(at)] ?? OTHER;
    if (digit === OTHER) return null;
    if (digit >= 0 && high >= 0) {
      bytes[end++] = high * 16 + digit;
      high = SEPARATOR;
    } else if (digit >= 0) high = digit;
    // The zero of `0x` is no half of a byte.
    else if (digit === PREFIX && high <= 0) high = SEPARATOR;
    else if (high >= 0) return null;
  }
  return bytes.subarray(0, end);
}

/** What programs write round a list of bytes, and behind it. */
const OPENING =
  /^\s*<?(?:(?:np\.|numpy\.)?(?:bytearray|bytes|array|Buffer|Uint8Array|byte\[\])(?:\(\d+\))?\s*)?[([{]{0,3}\s*/i;
const CLOSING = /\s*[\])}>]{0,3}(?:,\s*dtype=[\w.]{1,16}\s*\))?;?\s*$/;
const CLOSING_LONGEST = 64;
const LARGEST = 255;
/** Java's bytes are from here on; a Buffer takes both the same way. */
const SMALLEST = -128;

/**
 * Takes `255, 216, 255`, with commas, semicolons or white space between, and whatever programs write round such a list;
 * of one in hexadecimal too.
 * @param text of any length; a number that its end cuts off counts as it is
 * @returns the bytes, or null where it is anything else
 */
export function* readNumbers(text: string): Sliced<Buffer | null> {
  const start = OPENING.exec(text.slice(0, CLOSING_LONGEST))![0].length;
  const tail = Math.max(start, text.length - CLOSING_LONGEST);
  const end = tail + text.slice(tail).search(CLOSING);
  const bytes = Buffer.allocUnsafe((end - start + 2) >> 1);
  let count = 0;
  let digits = 0;
  let value = 0;
  let sign = 1;
  for (let at = start; at <= end; at++) {
    if (at % SLICE === SLICE - 1) yield;
    const code = at < end ? text.charCodeAt(at) : COMMA;
    if (code >= 0x30 && code <= 0x39) {
      value = value * 10 + code - 0x30;
      if (++digits > 3 || sign * value > LARGEST || sign * value < SMALLEST)
        return start > 0 ? yield* readHex(text.slice(start, end)) : null;
    } else if (code === COMMA || code === SEMICOLON || code <= SPACE) {
      if (digits > 0) bytes[count++] = sign * value;
      digits = 0;
      value = 0;
      sign = 1;
    } else if (code === MINUS && digits === 0 && sign === 1) sign = -1;
    else return start > 0 ? yield* readHex(text.slice(start, end)) : null;
  }
  return bytes.subarray(0, count);
}

/** Python, "String and Bytes literals". */
const ESCAPES = new Map(
  Object.entries({ '\\': 92, "'": 39, '"': 34, a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }),
);
/** Of each character behind a backslash: the byte it stands for. */
const ESCAPED = Int8Array.from({ length: 128 }, (_, code) => ESCAPES.get(String.fromCharCode(code)) ?? OTHER);

/**
 * @param text what Python shows for bytes: `b'\xff\xd8…'`
 * @returns the bytes; null where it is anything else
 */
export function* readPythonBytes(text: string): Sliced<Buffer | null> {
  const [, quote] = /^\s*(?:bytearray\(|bytes\()?r?b(['"])/i.exec(text.slice(0, 64)) ?? [];
  const start = text.indexOf(quote ?? '') + 1;
  const trimmed = text.trimEnd();
  const last = trimmed.length - (trimmed.endsWith(')') ? 2 : 1);
  if (!quote || last < start || text[last] !== quote) return null;
  const bytes = Buffer.allocUnsafe(last - start);
  let end = 0;
  let next = SLICE;
  for (let at = start; at < last; at++) {
    if (at >= next) {
      yield;
      next += SLICE;
    }
    let code = text.charCodeAt(at);
    if (code === 0x5c) {
      const sign = text.charCodeAt(++at);
      if (sign === 0x78) {
        const high = DIGITS[text.charCodeAt(++at)] ?? OTHER;
        const low = DIGITS[text.charCodeAt(++at)] ?? OTHER;
        code = high >= 0 && low >= 0 ? high * 16 + low : OTHER;
      } else code = ESCAPED[sign] ?? OTHER;
    }
    if (code < 0 || code > LARGEST) return null;
    bytes[end++] = code;
  }
  return bytes.subarray(0, end);
}
