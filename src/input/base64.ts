/** Base64 as channels leave it: docs/contract.md, "What an input may look like", Photo. */

/** Whole groups of four characters, so that only the last piece has padding. */
const PIECE_CHARACTERS = 64 * 1024;
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
/** Signs that base64 has none of, left over at one of its ends. */
const STRAY = new Set('"\'`,;.');
const SHORTEST_LINE = 16;
/** Escaped for a URL, then for JSON, then for HTML, and once more: nobody does more. */
const MOST_LAYERS = 4;
const ENTITIES: readonly (readonly [entity: RegExp, sign: string])[] = [
  [/&(?:#43|#x2b|plus);/gi, '+'],
  [/&(?:#47|#x2f|sol);/gi, '/'],
  [/&(?:#61|#x3d|equals);/gi, '='],
  [/&(?:#34|#x22|quot);/gi, '"'],
];
/** Beyond ASCII: nothing that anybody sees, and white space. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u0080-\u009f]|(?![\0-\x7f])\s/gu;

const SPACE = ' '.charCodeAt(0);
const PLUS = '+'.charCodeAt(0);
const DELETE = 0x7f;

/** Of each byte what becomes of it: control characters, line breaks among them, go (0). */
const UNBROKEN = Uint8Array.from({ length: 256 }, (_, byte) => (byte < SPACE || byte === DELETE ? 0 : byte));
/** The alphabet for URLs becomes the usual one. */
const USUAL = UNBROKEN.with('-'.charCodeAt(0), PLUS).with('_'.charCodeAt(0), '/'.charCodeAt(0));
const JOINED = USUAL.with(SPACE, 0);
const WITH_PLUSES = USUAL.with(SPACE, PLUS);

/**
 * Reads it and writes it again, piece by piece: over a photo of some megabytes a regular expression takes forty times as
 * long.
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
  for (let start = 0; start < end; start += PIECE_CHARACTERS) {
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
export function* undressBase64(text: string): Generator<string, void> {
  let bare = visible(text);
  if (bare !== null) bare = withoutMarkup(bare);
  for (let layer = 0; bare !== null && layer < MOST_LAYERS; layer++) {
    const inner: string = peel(bare);
    if (inner === bare) break;
    bare = visible(inner);
  }
  if (bare === null) return;
  bare = withoutStray(bare);
  const joined = () => padded(rewritten(bare, JOINED));
  const spacesArePluses = () => padded(rewritten(bare, WITH_PLUSES));
  if (!bare.includes(' ')) yield joined();
  // A form sends + as a space, and then all of them.
  else if (bare.includes('+')) yield joined();
  else if (isWrapped(bare)) {
    yield joined();
    yield spacesArePluses();
  } else {
    yield spacesArePluses();
    yield joined();
  }
}

/** @returns the text without what nobody sees and what stands round it; null where it is not ASCII then */
function visible(text: string): string | null {
  const seen = isAscii(text) ? text : text.replace(UNSEEN, '');
  if (!isAscii(seen)) return null;
  let start = 0;
  let end = seen.length;
  while (start < end && isOuter(seen.charCodeAt(start))) start++;
  while (end > start && isOuter(seen.charCodeAt(end - 1))) end--;
  return seen.slice(start, end);
}

function withoutMarkup(text: string): string {
  const [before = ''] = AROUND.exec(text.slice(0, 2 * PREFIX_LONGEST)) ?? [];
  if (before === '') return text;
  const inner = text.slice(before.length);
  const end = inner.search(AROUND_END);
  return end < 0 ? inner : inner.slice(0, end);
}

function withoutStray(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && STRAY.has(text[start]!)) start++;
  while (end > start && STRAY.has(text[end - 1]!)) end--;
  return text.slice(start, end);
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

function isOuter(code: number): boolean {
  return code <= SPACE || code === DELETE;
}

/**
 * A loop, as there may be millions of signs that go, for which `replaceAll` takes seconds.
 * @param signs what becomes of each byte; 0: it goes
 */
function rewritten(text: string, signs: Uint8Array): string {
  const bytes = Buffer.from(text, 'latin1');
  let end = 0;
  for (let at = 0; at < bytes.length; at++) {
    const sign = signs[bytes[at]!]!;
    bytes[end] = sign;
    if (sign !== 0) end++;
  }
  return bytes.toString('latin1', 0, end);
}

function peel(text: string): string {
  // Python writes a letter before the quotation mark, and that into a data URI too.
  const [call = ''] = text.endsWith(')') ? (/^(?:bytearray|bytes)\(/.exec(text) ?? []) : [];
  const given = call === '' ? text : text.slice(call.length, -1);
  const [quoted = '', quote = ''] = /^[bru]{0,2}(["'])/i.exec(given) ?? [];
  const isQuoted = quote !== '' && given.length > quoted.length && given.endsWith(quote);
  const inner = withoutPrefix(isQuoted ? given.slice(quoted.length, -1) : given);
  let bare = inner.includes('%') ? orElse(inner, decodeURIComponent) : inner;
  // A mail's soft line breaks: RFC 2045, 6.7. Base64 itself has that sign at its end only.
  const sign = bare.indexOf('=');
  if (sign >= 0 && sign < bare.length - 2 && /=\r?\n|=3D/.test(bare))
    bare = bare.replace(/=\r?\n/g, '').replaceAll('=3D', '=');
  if (bare.includes('\\')) bare = orElse(bare, (escaped) => String(JSON.parse(`"${escaped}"`)));
  if (bare.includes('&')) for (const [entity, sign] of ENTITIES) bare = bare.replace(entity, sign);
  return bare;
}

/** Where it cannot be changed, a line may have been broken within an escape. */
function orElse(text: string, change: (text: string) => string): string {
  for (const each of [() => text, () => rewritten(text, UNBROKEN)]) {
    try {
      return change(each());
    } catch {
      // Goes on with the next.
    }
  }
  return text;
}

/** Lines of one length, but for the last: their breaks have become spaces, or are followed by them. */
function isWrapped(text: string): boolean {
  const length = text.indexOf(' ');
  if (length < SHORTEST_LINE) return false;
  let start = 0;
  for (let end = length; end >= 0; end = text.indexOf(' ', start)) {
    if (end - start !== length) return false;
    start = end + 1;
    while (text[start] === ' ') start++;
  }
  return text.length - start <= length;
}

function padded(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '=') end--;
  return text.slice(0, end) + '='.repeat((4 - (end % 4)) % 4);
}
