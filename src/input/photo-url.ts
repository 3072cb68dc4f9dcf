/** Addresses of photos: docs/contract.md, "What an input may look like", Photo URL. */
import { VerifyError } from '../contract/errors';
import type { Environment } from '../contract/result';
import { checkFetchable } from './fetchable';
import type { Sliced } from './slices';
import { readText } from './text';

/** More than a message may have. */
const MOST_PIECES = 1003;
/** In characters. No document has a limit; servers and proxies refuse far shorter ones than this. */
export const LONGEST_URL = 8192;
/** So many of the longest take some ten milliseconds; then others have their turn. */
export const IN_A_TURN = 64;

/** What no URL has unescaped; `URL` would read a backslash as a slash, and two slashes too many as none. */
const ADDRESS = /^https?:\/\/[^/\\?#][^\\]*$/i;
/** A second address behind the first; one within its query, its path or a proxy's options is part of it. */
const GLUED = /[^=/?#&:(]https?:\/\//i;
/** Mustache, JavaScript, and the first of them percent-encoded; a word in braces; `%s` and a word in angle brackets, but for tags of HTML, as a name of their own. */
const TEMPLATE =
  /\{\{|\$\{|%7b%7b|<%|(?:\{|%7b)[a-z_]{1,32}(?:\}|%7d)|[/=](?:%[sd]|<(?!(?:br|hr|[abipu]|li|t[dhr]|div|span|em|strong)>)[a-z_]{1,32}>)(?:\.\w{1,5})?(?:[/?#&]|$)/i;
/** What HTML, XML and JSON write for a character of an address, from as many layers as nobody exceeds. */
const ESCAPES: readonly (readonly [escaping: RegExp, sign: string])[] = [
  [/&(?:amp|#0*38|#x0*26);|\\u0026/gi, '&'],
  [/&(?:#0*61|#x0*3d|equals);|\\u003d/gi, '='],
  [/\\\//g, '/'],
];
const MOST_LAYERS = 3;
/** The end of a tag or of its attribute, or another tag. */
const MARKUP =
  /"(?=$|\s*\/?>|[,;\])}])|'(?=\s*\/?>)|\/?>|<(?=\/|!--|[a-z]+[\s/>]|$)|&(?:quot|lt|gt|nbsp|apos|#0*3[49]|#x0*2[27]);/gi;
const TAGS = /<[^<>]*>?|\/?>|&(?:quot|lt|gt|nbsp|apos|#0*3[49]|#x0*2[27]);/gi;
const QUOTE_ENDS = /^(?:["']|&(?:quot|apos|#0*3[49]|#x0*2[27]);(?=$|\s*\/?>|&gt;|[,;\])}]))/i;
const PHOTO_IN_WORDS = /\.(?:jpe?g|png|bmp|gif|webp|heic)(?![a-z\d])/i;
/** What programs call an address. */
const CALLED = '(?:photo|image|img|pic|picture|file)?[_-]?url|photo|image|img|pic|picture|src';
/** Elements of what people write. */
const OF_TEXT = '(?:a|[bipu]|em|li|strong|span|div|font|t[dh])';
const NAME = `(?:"[\\p{L}\\w-]{1,64}"|'[\\p{L}\\w-]{1,64}'|${CALLED}|href)`;
const QUOTED = `"([^"]+)"|'([^']+)'`;
/** Without quotation marks, a slash before the tag's end and a word behind a space may be the address's own. */
const VALUE = `(?:(?:${QUOTED})(?=[\\s/>])|([^\\s"'<>](?:[^\\s<>]*[^\\s<>/])?)(?=>|\\s+(?:/?>|[a-z-]+=)))`;
const INNER = '([^<]+(?:<(?!/)[^<]*)*)';
/** What one address stands in, before and behind it. More than that is a page or the answer of a server, with an address of its own. */
const AROUND: readonly (readonly [before: RegExp, withIt: RegExp])[] = [
  [/^<(?:img|source)\s(?:[^<>]*\s)?(?:data-)?src\s*=\s*$/i, new RegExp(`^${VALUE}[^<>]*>$`)],
  [/^<a\s(?:[^<>]*\s)?href\s*=\s*$/i, new RegExp(`^${VALUE}[^<>]*>[^<>]*</a\\s*>$`, 'i')],
  [
    new RegExp(`^(?:<${OF_TEXT}(?:\\s[^<>]*)?>\\s*){1,3}$`, 'i'),
    new RegExp(`^${INNER}(?:</${OF_TEXT}\\s*>\\s*){1,3}$`, 'i'),
  ],
  [new RegExp(`^<(?:${CALLED})(?:\\s[^<>]*)?>\\s*$`, 'i'), new RegExp(`^${INNER}</(?:${CALLED})\\s*>$`, 'i')],
  [new RegExp(`^${NAME}\\s*[=:]\\s*$`, 'iu'), new RegExp(`^(?:${QUOTED})[,;]?$`)],
];
/** In characters. */
const LONGEST_AROUND = 1_000;
const SCHEME_OF_WEB = /https?:\/\//i;
/** What no address has unescaped; as browsers send them. */
const UNSAFE: Readonly<Record<string, string>> = { '"': '%22', '<': '%3C', '>': '%3E' };
/** Line ends and spaces of the file that it was read from, escaped with it. */
const ESCAPED_SPACE_AT_END = /(?:%0[ad9]|%20){1,8}$/i;
const ESCAPED_SPACES = /%0[ad9]|%20/gi;
/** The same, escaped for JSON twice. */
const JSON_SPACE_AT_END = /(?:\\[nrt]){1,8}["']?$/;
/** Written on a Chinese keyboard, or copied behind one that was there already. */
const WIDE_START = /^[^/／?#]{1,10}[/／]{2}[^/／?#]*/;
const SCHEME_TWICE = /^(?:https?:\/\/)+(?=https?:\/\/)/i;
const ESCAPED_WHOLE = /^https?%3a%2f%2f[^/]*$/i;
/** What programs write where there is no value. Django has a folder `None`, whose photos are as good as any. */
const NO_VALUE =
  /[/=](?:undefined|null|NaN|%5Bobject%20Object%5D|\[object%20Object\])(?:\.\w{1,5})?(?:[/?#&]|$)|^[^?#]*\/None(?:\.\w{1,5})?(?:\/?[?#]|\/?$)/;
const OPENING = /^["'`‘“<（(【[「『《〈{]+/;
/** Of a table or bold type in Markdown, round an address that ends in the name of a photo. */
const SIGNS_BEHIND = /(?<=\.(?:jpe?g|png|bmp|gif|webp|heic))[*|]{1,4}$/i;
const SIGNS_BEFORE = /^[*|]{1,4}/;
const CLOSING = new Set('’”。，、；：！？…,;.!');
const QUOTES = new Set("'`");
/** Belongs to the address where that has the other one of the pair, as in the name of a copied file. */
const PAIRS: Readonly<Record<string, string>> = {
  '）': '（',
  ')': '(',
  '】': '【',
  ']': '[',
  '」': '「',
  '』': '『',
  '》': '《',
  '〉': '〈',
  '}': '{',
};
/** A sentence goes on right behind the name of a photo. */
const IN_SENTENCE = /\.(?:jpe?g|png|bmp|gif|webp|heic)[。，；、！？）】」』》”’\p{Script=Han}]/iu;
const NO_ESCAPE = /%(?![\da-f]{2})/gi;
const PHOTO_NAME = /\.(?:jpe?g|png|bmp|gif|webp|heic)$/i;
/** A scheme, under what nobody sees; a letter with a colon is a drive, and `data:`, `base64:` and `ff:d8:` are photos. */
const SCHEME = /^[^a-z\d/+]{0,8}(?!data:|base64:|[\da-f]{2}:[\da-f]{2}:)[a-z][a-z\d+.-]+:/i;

/**
 * An address as most are, in which there is nothing to repair or to refuse but where it leads and what stands for no value.
 * To read it so saves 7 of the 60 µs that a message of truth-create costs: npm run bench -- throughput.
 */
const PLAIN =
  /^https?:\/\/[a-z\d-]+(?:\.[a-z\d-]+)+(?::\d+)?(?:[/?](?:[\w/.~=&?+-]|%(?:2[BF]|3[AD]))*)?(?<!\.)$/;

/** What decides, beside the text itself, how an address is read. */
export interface UrlReading {
  /** Name of the node's property. */
  field: string;
  /** Of the account: the sandbox can be given an address that nobody can fetch. */
  environment: Environment | null;
  /** Unix milliseconds, for addresses that expire. */
  now: number;
  /** Gets the field's name where the text was changed or split. */
  repaired: Set<string>;
}

/**
 * Reads the addresses in one text.
 * @param value of a message
 * @param position of the first one among the photos of the message, from 1
 * @param reading what it is read for
 * @returns at least one
 * @throws VerifyError INPUT
 */
export function* readPhotoUrlsIn(value: string, position: number, reading: UrlReading): Sliced<string[]> {
  const isPlain = value.length <= LONGEST_URL && PLAIN.test(value) && !NO_VALUE.test(value);
  const plain = isPlain ? parse(value) : null;
  if (plain) {
    // The sandbox fetches nothing.
    if (reading.environment !== 'sandbox') checkFetchable(plain, position, reading.now);
    return [value];
  }
  const urls: string[] = [];
  for (const piece of piecesOf(alone(value, reading), position, reading)) {
    if (urls.length % IN_A_TURN === IN_A_TURN - 1) yield;
    urls.push(readOne(piece, position + urls.length, reading));
  }
  return urls;
}

/**
 * Reads the address of the one photo of a message.
 * @param value a text
 * @param reading what it is read for
 * @throws VerifyError INPUT
 */
export function readPhotoUrl(value: string, reading: UrlReading): string {
  return readOne(alone(value, reading), 1, reading);
}

/** The text of an address without the tag or the property that it stands in. */
function alone(value: string, { field, repaired }: UrlReading): string {
  const text = withoutAround(value);
  if (text !== value) repaired.add(field);
  return text;
}

/**
 * @param value a photo as a message has it
 * @returns whether it is a text with a scheme, or one tag or property with an address, and so meant as an address
 */
export function isAddress(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  return SCHEME.test(value.slice(0, 64)) || withoutAround(value) !== value;
}

/**
 * @param text as a message has it
 * @returns whether it begins as a template whose values nobody filled in
 */
export function isTemplate(text: string): boolean {
  return /^\s*(?:\{\{|\$\{)/.test(text.slice(0, 64));
}

/** @returns the address of a text that is nothing but one element, attribute or property with it; else the text itself */
function withoutAround(text: string): string {
  const scheme = text.search(SCHEME_OF_WEB);
  if (scheme <= 0 || scheme > LONGEST_AROUND || text.length > 2 * LONGEST_URL) return text;
  if (SCHEME_OF_WEB.test(text.slice(scheme + 1))) return text;
  const start = /["']/.test(text[scheme - 1]!) ? scheme - 1 : scheme;
  const before = text.slice(0, start).trimStart();
  const withIt = AROUND.find(([around]) => around.test(before))?.[1].exec(text.slice(start).trimEnd());
  // What follows within may be the address's own: it is looked at as behind any other.
  return withIt?.slice(1).find(Boolean)?.trim() ?? text;
}

/** An address has no white space inside: where there is some, it stands between two of them. */
function piecesOf(value: string, position: number, { field, repaired }: UrlReading): string[] {
  const pieces = value.split(/\s+/, MOST_PIECES).filter((piece) => piece !== '');
  if (pieces.length === 0) throw new VerifyError('INPUT', 'not-a-url', { position });
  // As `readText` has it: no character takes more than two units.
  if (pieces.some(({ length }) => length > 2 * LONGEST_URL))
    throw new VerifyError('INPUT', 'text-too-long', { field, longest: LONGEST_URL });
  const template = pieces.findIndex((piece) => TEMPLATE.test(piece));
  if (template >= 0) throw new VerifyError('INPUT', 'url-template', { position: position + template });
  const words = pieces.filter((piece) => /[\p{L}\p{N}]/u.test(piece));
  if (words.length > 1 && !words.every((piece) => /^[^a-z]{0,8}https?:/i.test(piece)))
    throw new VerifyError('INPUT', 'url-with-space', { position });
  if (words.length === 0) throw new VerifyError('INPUT', 'not-a-url', { position });
  if (words[0] !== value) repaired.add(field);
  return words;
}

function readOne(value: string, position: number, reading: UrlReading): string {
  const { field, environment, now, repaired } = reading;
  const text = readText(value, field, LONGEST_URL, repaired);
  if (/\s/.test(text)) throw new VerifyError('INPUT', 'url-with-space', { position });
  if (TEMPLATE.test(text) || NO_VALUE.test(text))
    throw new VerifyError('INPUT', 'url-template', { position });
  const inner = withPlainStart(
    withoutSigns(unescaped(text)).replace(OPENING, '').replace(JSON_SPACE_AT_END, ''),
  );
  const bare = withoutMarkup(inner);
  const url = escaped(withoutSentence(bare ?? inner));
  const parts = ADDRESS.test(url) ? parse(url) : null;
  if (!parts) throw new VerifyError('INPUT', 'not-a-url', { position });
  if (parts.username || parts.password) throw new VerifyError('INPUT', 'url-with-password', { position });
  if (GLUED.test(inner)) throw new VerifyError('INPUT', 'urls-glued', { position });
  if (bare === null || IN_SENTENCE.test(url)) throw new VerifyError('INPUT', 'url-in-sentence', { position });
  if (environment !== 'sandbox') checkFetchable(parts, position, now);
  if (url !== text) repaired.add(field);
  return url;
}

function withoutSigns(text: string): string {
  return SIGNS_BEHIND.test(text) ? text.replace(SIGNS_BEHIND, '').replace(SIGNS_BEFORE, '') : text;
}

function unescaped(text: string): string {
  let url = text;
  for (let layer = 0; layer < MOST_LAYERS; layer++) {
    const before = url;
    for (const [escaping, sign] of ESCAPES) url = url.replace(escaping, sign);
    if (url === before) break;
  }
  return url;
}

/** @returns it with a scheme and a host as every client writes them */
function withPlainStart(text: string): string {
  const whole = ESCAPED_WHOLE.test(text) ? decoded(text) : text;
  return whole
    .replace(WIDE_START, (start) => start.normalize('NFKC').replaceAll('。', '.'))
    .replace(SCHEME_TWICE, '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @returns the address before the rest of a tag or of JSON; null where that may be part of the address */
function withoutMarkup(text: string): string | null {
  for (const { 0: sign, index } of text.matchAll(MARKUP)) {
    const url = text.slice(0, index);
    const rest = text.slice(index);
    // The other end of a pair of its own.
    if (sign === '"' && url.split('"').length % 2 === 0) continue;
    const words = rest.replace(TAGS, ' ').replace(ESCAPED_SPACES, ' ');
    // `o'>1.jpg` is the name of a photo.
    const isQuoted = QUOTE_ENDS.test(rest) && !PHOTO_NAME.test(rest);
    const isBehind = isQuoted || !/[\p{L}\p{N}]/u.test(words);
    // Within a query a bracket may be the address's own.
    const isText =
      /<\/[a-z]/i.test(rest) || PHOTO_NAME.test(sign.startsWith('<') ? url.split('?', 1)[0]! : url);
    return isBehind || (isText && !PHOTO_IN_WORDS.test(words)) ? url : null;
  }
  return text;
}

/** What somebody wrote behind the address: a bracket, a quotation mark, the sentence's own stop. */
function withoutSentence(url: string): string {
  const counts = new Map<string, number>();
  let end = url.length;
  for (; end > 0; end--) {
    const last = url[end - 1]!;
    const opening = PAIRS[last];
    if (!CLOSING.has(last) && !opening && !QUOTES.has(last)) break;
    // Most addresses end as an address does, and need no counting.
    if (counts.size === 0) for (const sign of url) counts.set(sign, (counts.get(sign) ?? 0) + 1);
    const count = counts.get(last)!;
    const isAlone = opening ? count > (counts.get(opening) ?? 0) : count % 2 === 1;
    if (!CLOSING.has(last) && !isAlone) break;
    counts.set(last, count - 1);
  }
  return url.slice(0, end);
}

/**
 * Only what can mean nothing else: a `#` may begin a fragment, but then no folder and no photo's name comes behind it,
 * unless it is the route of a page.
 */
function escaped(text: string): string {
  const url = text
    .replace(ESCAPED_SPACE_AT_END, '')
    .replace(NO_ESCAPE, '%25')
    .replace(/["<>]/g, (sign) => UNSAFE[sign]!);
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  const hash = path.indexOf('#');
  if (hash < 0 || PHOTO_NAME.test(path.slice(0, hash)) || /\/#!?\//.test(path)) return url;
  const name = path.lastIndexOf('/') + 1;
  const end = PHOTO_NAME.test(path) ? path.length : Math.max(name, hash);
  return path.slice(0, end).replaceAll('#', '%23') + url.slice(end);
}

function parse(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}
