/** Base64 as channels leave it: docs/contract.md, "What an input may look like", Photo. */
import { endOf, mapBytes, replaceMatches, SLICE, type Sliced } from './slices';

/** So many characters show of most texts that they are something else. */
const HEAD_CHARACTERS = 256;
const LAST_GROUP = /^[a-z\d+/]{2}(?:[a-z\d+/]{2}|[a-z\d+/]=|==)$/i;

/** What stands before `base64,` decides nothing, and programs leave `data:`, the type or the word itself out. */
const PREFIX =
  /^[^,"'<>{}[\]]{0,256}?base64\s*(?:,|:(?:\/\/)?)\s*|^\s*data:[^,"'<>{}[\]]{0,256},\s*|^\s*data:[^,"'<>{}]{0,256}?;base64[,;:]?\s*/i;
const PREFIX_LONGEST = 512;
/** What stands before it in a page, a style sheet, XML or a key file; the first of `AROUND_END` ends it then. */
const AROUND =
  /^(?:(?:<[^<>]{1,256}>\s*){0,4}<!\[CDATA\[|(?:<[^<>]{1,256}>\s*){1,4}|-----BEGIN [^\n-]{1,64}-----|[^,]{0,500}?[\s("'=](?=data:[^,]{0,256}?base64,))/i;
const AROUND_END = /[<>"')\]]|-----END/;
const AROUND_END_LONGEST = 8;
/** Signs that base64 has none of, left over at one of its ends. */
const STRAY = /^["'`,;.]+|["'`,;.]+$/g;
const MOST_STRAY = 8;
/** A C string's terminator. */
const NUL_AT_END = /\0{0,8}$/;
const SHORTEST_LINE = 16;
/** Escaped for a URL, then for JSON, then for HTML, and once more: nobody does more. */
const MOST_LAYERS = 4;
/** Nothing that anybody sees, and white space beyond ASCII. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u0080-\u009f]|(?![\0-\x7f])\s/u;
/** A run of that, or one character that is seen. */
const BEYOND_ASCII = new RegExp(`(?:${UNSEEN.source}){1,1024}|[^\\0-\\x7f]`, 'gu');
/** Of each byte what becomes of it: control characters, line breaks among them, go (0). */
const UNBROKEN = Uint8Array.from({ length: 128 }, (_, byte) => (byte < 0x20 || byte === 0x7f ? 0 : byte));
/** The alphabet for URLs becomes the usual one: `-` is `+`, and `_` is `/`. */
const USUAL = UNBROKEN.with(0x2d, 0x2b).with(0x5f, 0x2f);
const JOINED = USUAL.with(0x20, 0);
const WITH_PLUSES = USUAL.with(0x20, 0x2b);

const ENTITIES: ReadonlyMap<string, string> = new Map(
  '#43+ #x2b+ plus+ #47/ #x2f/ sol/ #61= #x3d= equals= #34" #x22" quot"'
    .split(' ')
    .map((pair) => [pair.slice(0, -1), pair.slice(-1)]),
);

/**
 * What is escaped, by the sign that begins each, and what it stands for; null where it is damaged. In this order. A run of
 * one sign is one match, so that millions of them are few.
 */
const ESCAPES: readonly (readonly [sign: string, pattern: RegExp, read: (found: string) => string | null])[] =
  [
    ['%', /(?:%[\da-f]{2}){1,1024}|%/gi, decoded],
    // A mail's soft line breaks: RFC 2045, 6.7.
    ['=', /={1,1024}(?:\r?\n|3D)?/g, (found) => found.replace(/=\r?\n$/, '').replace(/3D$/, '')],
    ['\\', /\\{1,1024}(?:u[\da-f]{4}|[^\\])?/gi, withoutBackslashes],
    ['&', /&[#a-z\d]{1,6};/gi, (found) => ENTITIES.get(found.slice(1, -1).toLowerCase()) ?? found],
  ];

/**
 * @param text of any length
 * @returns what it stands for, and the text with the bits cleared that its last character may have too many; null where it
 *   is not base64 with its padding and nothing else
 */
export function decodeBase64(text: string): { base64: string; bytes: Buffer } | null {
  const end = text.length - 4;
  if (text.length % 4 !== 0 || !LAST_GROUP.test(text.slice(end))) return null;
  const head = text.slice(0, Math.min(end, HEAD_CHARACTERS));
  if (Buffer.from(head, 'base64').toString('base64') !== head) return null;
  const bytes = Buffer.from(text, 'base64');
  const base64 = bytes.toString('base64');
  return base64.length === text.length && base64.slice(0, end) === text.slice(0, end)
    ? { base64, bytes }
    : null;
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
export function* undressBase64(text: string): Sliced<(() => Sliced<string>)[]> {
  let bare = yield* visible(text);
  if (bare !== null) bare = yield* withoutMarkup(bare);
  for (let layer = 0; bare !== null && layer < MOST_LAYERS; layer++) {
    const inner: string | null = yield* visible(yield* peel(bare));
    if (inner === bare) break;
    bare = inner;
  }
  if (bare === null) return [];
  const start = bare.slice(0, MOST_STRAY).replace(STRAY, '');
  bare =
    start +
    bare.slice(MOST_STRAY, -MOST_STRAY) +
    bare.slice(Math.max(MOST_STRAY, bare.length - MOST_STRAY)).replace(STRAY, '');
  const joined = () => padded(bare, JOINED);
  const spacesArePluses = () => padded(bare, WITH_PLUSES);
  // A form sends + as a space, and then all of them.
  if (!bare.includes(' ') || bare.includes('+')) return [joined];
  return (yield* isWrapped(bare)) ? [joined, spacesArePluses] : [spacesArePluses, joined];
}

/** @returns the text without what nobody sees and what stands round it; null where it is not ASCII then */
function* visible(text: string): Sliced<string | null> {
  const seen = (yield* isAscii(text))
    ? text
    : yield* replaceMatches(text, BEYOND_ASCII, (found) => (UNSEEN.test(found) ? '' : null));
  const bare = seen?.trim();
  return bare?.slice(0, endOf(bare, NUL_AT_END)) ?? null;
}

function* isAscii(text: string): Sliced<boolean> {
  for (let start = 0; start < text.length; start += SLICE) {
    if (start > 0) yield;
    const piece = text.slice(start, start + SLICE);
    if (Buffer.byteLength(piece) !== piece.length) return false;
  }
  return true;
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

function* peel(text: string): Sliced<string> {
  // Python writes a letter before the quotation mark, and that into a data URI too.
  const [call = ''] = text.endsWith(')') ? (/^(?:bytearray|bytes)\(/.exec(text) ?? []) : [];
  const given = call === '' ? text : text.slice(call.length, -1);
  const [quoted = '', quote = ''] = /^[bru]{0,2}(["'])/i.exec(given) ?? [];
  const isQuoted = quote !== '' && given.length > quoted.length && given.endsWith(quote);
  let bare = withoutPrefix(isQuoted ? given.slice(quoted.length, -1) : given);
  for (const [sign, pattern, read] of ESCAPES) {
    if (!bare.includes(sign)) continue;
    if (bare.length > SLICE) yield;
    // Where it cannot be changed, a line may have been broken within an escape.
    bare =
      (yield* replaceMatches(bare, pattern, read)) ??
      (yield* replaceMatches(yield* mapBytes(bare, UNBROKEN), pattern, read)) ??
      bare;
  }
  return bare;
}

function decoded(found: string): string | null {
  try {
    return decodeURIComponent(found);
  } catch {
    return null;
  }
}

/** RFC 8259, 7, from as many layers as there are; the control characters go, as they do unescaped. */
function withoutBackslashes(found: string): string | null {
  const escaped = found.slice(found.lastIndexOf('\\') + 1);
  if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  if ('bfnrt'.includes(escaped)) return '';
  return '"\'/'.includes(escaped) ? escaped : null;
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

/** @param signs of `mapBytes` */
function* padded(text: string, signs: Uint8Array): Sliced<string> {
  const whole = yield* mapBytes(text, signs);
  const end = whole.indexOf('=');
  const bare = end >= 0 && /^=+$/.test(whole.slice(end)) ? whole.slice(0, end) : whole;
  return bare.padEnd(Math.ceil(bare.length / 4) * 4, '=');
}
