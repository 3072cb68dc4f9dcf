/** Base64 as channels leave it: docs/contract.md, "What an input may look like", Photo. */
import { isUtf8 } from 'node:buffer';
import { SLICE, type Sliced } from './slices';

/** Whole groups of four characters, so that only the last piece has padding. */
const PIECE_CHARACTERS = 64 * 1024;
/** Nothing is as quick as this, so that most photos are read in one turn. */
const PIECES_CHARACTERS = 16 * SLICE;
/** So many characters show of most texts that they are something else. */
const HEAD_CHARACTERS = 256;
const LAST_GROUP = /^[a-z\d+/]{2}(?:[a-z\d+/]{2}|[a-z\d+/]=|==)$/i;

/** What stands before `base64,` decides nothing, and programs leave `data:`, the type or the word itself out. */
const PREFIX =
  /^\s*data:(?:[^,"'<>{}[\]]|"[^"<>]{0,128}"){0,256}?base64\s*,\s*|^\s*[a-z_]\w{0,31}=(?=[a-z\d+/%])|^[^,"'<>{}[\]]{0,256}?base64\s*(?:,|:(?:\/\/)?)\s*|^\s*data:[^,"'<>{}[\]]{0,256},\s*|^\s*data:[^,"'<>{}]{0,256}?;base64[,;:]?\s*/i;
const PREFIX_LONGEST = 512;
/** Typed on a Chinese keyboard. */
const WIDE_PREFIX = /^[^,，"'<>{}[\]]{0,256}?base64\s*，/i;
/** What stands before it in a page, a style sheet, XML or a key file; the first of `AROUND_END` ends it then. */
const AROUND =
  /^(?:(?:<[^<>]{1,256}>\s*){0,4}<!\[CDATA\[|(?:<[^<>]{1,256}>\s*){1,4}|-----BEGIN [^\n-]{1,64}-----|[^,]{0,500}?[\s("'=](?=data:[^,]{0,256}?base64,))/i;
const AROUND_END = /[<>"')\]]|-----END/;
const AROUND_END_LONGEST = 8;
/** Signs that base64 has none of, left over at one of its ends. */
const STRAY = new Uint8Array(0x10000);
for (const sign of '"\'`,;.') STRAY[sign.charCodeAt(0)] = 1;
const SHORTEST_LINE = 16;
/** Escaped for a URL, then for JSON, then for HTML, and once more: nobody does more. */
const MOST_LAYERS = 4;
const ENTITIES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '+': ['#43', '#x2b', 'plus'],
    '/': ['#47', '#x2f', 'sol'],
    '=': ['#61', '#x3d', 'equals'],
    '"': ['#34', '#x22', 'quot'],
  }).flatMap(([sign, names]) => names.map((name) => [name, sign] as const)),
);
const LONGEST_ENTITY = Math.max(...[...ENTITIES.keys()].map(({ length }) => length));
/** Beyond ASCII: nothing that anybody sees, and white space. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u0080-\u009f]|(?![\0-\x7f])\s/u;

const SPACE = ' '.charCodeAt(0);
const [QUOTE, PERCENT, AMPERSAND, PLUS, SLASH, EQUALS, BACKSLASH] = [
  0x22, 0x25, 0x26, 0x2b, 0x2f, 0x3d, 0x5c,
] as const;
const SEMICOLON = 0x3b;
const [LINE_FEED, CARRIAGE_RETURN, DELETE] = [0x0a, 0x0d, 0x7f] as const;
/** Behind a backslash. */
const ESCAPED_CONTROLS: ReadonlySet<number> = new Set(Buffer.from('bfnrt'));

/** Of each byte what becomes of it: control characters, line breaks among them, go (0). */
const UNBROKEN = Uint8Array.from({ length: 256 }, (_, byte) => (byte < SPACE || byte === DELETE ? 0 : byte));
/** The alphabet for URLs becomes the usual one. */
const USUAL = UNBROKEN.with('-'.charCodeAt(0), PLUS).with('_'.charCodeAt(0), '/'.charCodeAt(0));
const JOINED = USUAL.with(SPACE, 0);
const WITH_PLUSES = USUAL.with(SPACE, PLUS);
/** Marks a byte that is no digit: larger than the value of four hexadecimal digits together. */
const NO_DIGIT = 0x10000;
/** Of each byte: its value as a hexadecimal digit. */
const HEX = Uint32Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? NO_DIGIT : digit;
});

/**
 * Reads it and writes it again, piece by piece: over a photo of some megabytes a regular expression takes forty times as
 * long.
 * @param text of any length
 * @returns what it stands for, and the text with the bits cleared that its last character may have too many; null where it
 *   is not base64 with its padding and nothing else
 */
export function* decodeBase64(text: string): Sliced<{ base64: string; bytes: Buffer } | null> {
  const end = text.length - 4;
  if (text.length % 4 !== 0 || !LAST_GROUP.test(text.slice(end))) return null;
  const head = text.slice(0, Math.min(end, HEAD_CHARACTERS));
  if (Buffer.from(head, 'base64').toString('base64') !== head) return null;
  const bytes = Buffer.from(text, 'base64');
  for (let start = 0; start < end; start += PIECE_CHARACTERS) {
    if (start > 0 && start % PIECES_CHARACTERS === 0) yield;
    const next = Math.min(end, start + PIECE_CHARACTERS);
    const written = bytes.toString('base64', (start / 4) * 3, (next / 4) * 3);
    if (written !== text.slice(start, next)) return null;
  }
  const last = bytes.toString('base64', (end / 4) * 3);
  // A group with padding right before it ended what was read.
  if (last === '') return null;
  return { base64: text.endsWith(last) ? text : text.slice(0, end) + last, bytes };
}

/**
 * @param text base64 or a data URI
 * @returns what stands behind its prefix, where it has one
 */
export function withoutPrefix(text: string): string {
  const prefix = PREFIX.exec(text.slice(0, PREFIX_LONGEST))?.[0] ?? '';
  return prefix === '' ? text : text.slice(prefix.length);
}

/**
 * @param text that is not base64 as it stands
 * @returns what it may have been, the likeliest first: two where its spaces may be line breaks or plus signs. Each is made
 *   when it is asked for, as a photo has some megabytes
 */
export function* unwrapBase64(text: string): Sliced<(() => Sliced<string>)[]> {
  const [wide = ''] = WIDE_PREFIX.exec(text.slice(0, PREFIX_LONGEST)) ?? [];
  let bare = yield* visible(wide === '' ? text : wide.normalize('NFKC') + text.slice(wide.length));
  if (bare !== null) bare = yield* withoutMarkup(bare);
  for (let layer = 0; bare !== null && layer < MOST_LAYERS; layer++) {
    const inner: string = yield* peel(bare);
    if (inner === bare) break;
    if (inner.length > SLICE) yield;
    bare = yield* visible(inner);
  }
  if (bare === null) return [];
  const trimmedText = yield* trimmed(bare, isStray);
  const joined = () => padded(trimmedText, JOINED);
  const spacesArePluses = () => padded(trimmedText, WITH_PLUSES);
  if (!trimmedText.includes(' ')) return [joined];
  // A form sends + as a space, and then all of them.
  if (trimmedText.includes('+')) return [joined];
  return (yield* isWrapped(trimmedText)) ? [joined, spacesArePluses] : [spacesArePluses, joined];
}

/** @returns the text without what nobody sees and what stands round it; null where it is not ASCII then */
function* visible(text: string): Sliced<string | null> {
  const seen = isAscii(text) ? text : yield* withoutUnseen(text);
  return seen === null ? null : yield* trimmed(seen, isOuter);
}

/** A loop, as `replace` takes seconds for millions of them. */
function* withoutUnseen(text: string): Sliced<string | null> {
  const bytes = Buffer.allocUnsafe(text.length);
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    if (at % SLICE === SLICE - 1) yield;
    const code = text.codePointAt(at)!;
    if (code <= DELETE) bytes[end++] = code;
    else if (!isUnseen(code)) return null;
    // A character of two halves.
    else if (code > 0xffff) at++;
  }
  return bytes.toString('latin1', 0, end);
}

let lastUnseen = 0;

function isUnseen(code: number): boolean {
  // Usually it is the same one over and over.
  if (code === lastUnseen) return true;
  if (!UNSEEN.test(String.fromCodePoint(code))) return false;
  lastUnseen = code;
  return true;
}

/** @param goes whether a character that stands at one of the ends goes */
function* trimmed(text: string, goes: (code: number) => boolean): Sliced<string> {
  let start = 0;
  let end = text.length;
  while (start < end && goes(text.charCodeAt(start))) if (++start % SLICE === 0) yield;
  while (end > start && goes(text.charCodeAt(end - 1))) if (--end % SLICE === 0) yield;
  return text.slice(start, end);
}

function* withoutMarkup(text: string): Sliced<string> {
  const [before = ''] = AROUND.exec(text.slice(0, 2 * PREFIX_LONGEST)) ?? [];
  if (before === '') return text;
  for (let start = before.length; start < text.length; start += SLICE) {
    if (start > before.length) yield;
    const end = text.slice(start, start + SLICE + AROUND_END_LONGEST).search(AROUND_END);
    if (end >= 0) return text.slice(before.length, start + end);
  }
  return text.slice(before.length);
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

function isOuter(code: number): boolean {
  return code <= SPACE || code === DELETE;
}

function isStray(code: number): boolean {
  return STRAY[code] === 1;
}

/**
 * A loop, as there may be millions of signs that go, for which `replaceAll` takes seconds.
 * @param text in ASCII
 * @param signs what becomes of each byte; 0: it goes
 */
function* rewritten(text: string, signs: Uint8Array): Sliced<string> {
  if (text.length > SLICE) yield;
  const bytes = Buffer.from(text, 'latin1');
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
 * What an escape is, from its sign on.
 * @returns its length times 256, plus the byte that it stands for (0: nothing); 0 where it is no escape; `DAMAGED`
 */
type ReadEscape = (bytes: Buffer, at: number) => number;

const DAMAGED = -1;

const escaped = (length: number, byte: number) => length * 256 + byte;

/** What `decodeURIComponent` does, which takes ten times as long. */
const readPercent: ReadEscape = (bytes, at) => {
  const byte = hexAt(bytes, at + 1, 2);
  return byte < 0 ? DAMAGED : escaped(3, byte);
};

/** A mail's soft line breaks: RFC 2045, 6.7. Base64 itself has that sign at its end only. */
const readSoftBreak: ReadEscape = (bytes, at) => {
  const [next, afterNext] = [bytes[at + 1], bytes[at + 2]];
  if (next === LINE_FEED) return escaped(2, 0);
  if (next === CARRIAGE_RETURN && afterNext === LINE_FEED) return escaped(3, 0);
  return next === 0x33 && afterNext === 0x44 ? escaped(3, EQUALS) : 0;
};

/** RFC 8259, 7; the control characters go, as they do unescaped. */
const readBackslash: ReadEscape = (bytes, at) => {
  const next = bytes[at + 1];
  if (next === BACKSLASH || next === SLASH || next === QUOTE) return escaped(2, next);
  if (next !== 0x75) return next !== undefined && ESCAPED_CONTROLS.has(next) ? escaped(2, 0) : DAMAGED;
  const code = hexAt(bytes, at + 2, 4);
  if (code < 0) return DAMAGED;
  if (code <= DELETE) return escaped(6, code);
  return isUnseen(code) ? escaped(6, 0) : DAMAGED;
};

const readEntity: ReadEscape = (bytes, at) => {
  let end = at + 1;
  while (bytes[end] !== SEMICOLON) if (++end > at + 1 + LONGEST_ENTITY) return 0;
  const sign = ENTITIES.get(bytes.toString('latin1', at + 1, end).toLowerCase());
  return sign === undefined ? 0 : escaped(end + 1 - at, sign.charCodeAt(0));
};

/** In this order; the sign that begins each. */
const ESCAPES = [
  [PERCENT, readPercent],
  [EQUALS, readSoftBreak],
  [BACKSLASH, readBackslash],
  [AMPERSAND, readEntity],
] as const;

function hexAt(bytes: Buffer, start: number, digits: number): number {
  let value = 0;
  for (let at = start; at < start + digits; at++) value = value * 16 + (HEX[bytes[at] ?? 0] ?? NO_DIGIT);
  return value < 16 ** digits ? value : -1;
}

function* peel(text: string): Sliced<string> {
  // Python writes a letter before the quotation mark, and that into a data URI too.
  const [call = ''] = text.endsWith(')') ? (/^(?:bytearray|bytes)\(/.exec(text) ?? []) : [];
  const given = call === '' ? text : text.slice(call.length, -1);
  const [quoted = '', quote = ''] = /^[bru]{0,2}(["'])/i.exec(given) ?? [];
  const isQuoted = quote !== '' && given.length > quoted.length && given.endsWith(quote);
  let bare = withoutPrefix(isQuoted ? given.slice(quoted.length, -1) : given);
  for (const [sign, read] of ESCAPES) {
    const first = bare.indexOf(String.fromCharCode(sign));
    if (first < 0 || (sign === EQUALS && first >= bare.length - 2)) continue;
    // Where it cannot be changed, a line may have been broken within an escape.
    bare =
      (yield* unescaped(bare, sign, read)) ??
      (yield* unescaped(yield* rewritten(bare, UNBROKEN), sign, read)) ??
      bare;
  }
  return bare;
}

/** @returns null where an escape is damaged */
function* unescaped(text: string, sign: number, read: ReadEscape): Sliced<string | null> {
  if (text.length > SLICE) yield;
  const bytes = Buffer.from(text, 'latin1');
  let end = 0;
  let next = SLICE;
  for (let at = 0; at < bytes.length; at++) {
    if (at >= next) {
      yield;
      next += SLICE;
    }
    const byte = bytes[at]!;
    const found = byte === sign ? read(bytes, at) : 0;
    if (found === DAMAGED) return null;
    if (found === 0) bytes[end++] = byte;
    else {
      at += (found >> 8) - 1;
      const stands = found & 0xff;
      if (stands !== 0) bytes[end++] = stands;
    }
  }
  const left = bytes.subarray(0, end);
  return isUtf8(left) ? left.toString() : null;
}

/** Lines of one length, but for the last: their breaks have become spaces, or are followed by them. */
function* isWrapped(text: string): Sliced<boolean> {
  const length = text.indexOf(' ');
  if (length < SHORTEST_LINE) return false;
  let start = 0;
  let next = SLICE;
  for (let end = length; end >= 0; end = text.indexOf(' ', start)) {
    if (end - start !== length) return false;
    start = end + 1;
    for (; text[start] === ' '; start++) if (start % SLICE === 0) yield;
    if (start >= next) {
      yield;
      next += SLICE;
    }
  }
  return text.length - start <= length;
}

/** @param signs as `rewritten` takes them */
function* padded(text: string, signs: Uint8Array): Sliced<string> {
  const whole = yield* rewritten(text, signs);
  let end = whole.length;
  while (end > 0 && whole.charCodeAt(end - 1) === EQUALS) if (--end % SLICE === 0) yield;
  return whole.slice(0, end) + '='.repeat((4 - (end % 4)) % 4);
}
