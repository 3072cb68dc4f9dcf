/** Reads JSON, and keeps long ids exact: docs/providers/README.md, "Rules for all four". */
import { isDeepStrictEqual } from 'node:util';

/** No documented answer nests deeper than five; whoever copies or prints far deeper ones runs out of stack. */
const MOST_LEVELS = 100;
/** The largest documented answer has 1,000 records of eight fields. Reading millions would hold up every other message. */
const MOST_VALUES = 50_000;

const IN_STRING = /[^"\\]+/y;
const BETWEEN = /[^",:[\]{}\d-]+/y;
/** From so many characters on, a pattern is faster than a look at each of them. */
const LONG_RUN = 32;
/** Whether it is a number is for the parser to say. */
const NUMBER = /[\d.eE+-]+/y;
const LONG_INTEGER = /^-?[1-9]\d{15,}$/;
const LONG = 16;
/** A text, and whether it is a key. */
const KEY_OR_TEXT = /"([^"\\]*(?:\\.[^"\\]*)*"\s*(:?))/g;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a] as const;
const [MINUS, ZERO, NINE] = [0x2d, 0x30, 0x39] as const;
const [OPEN_ARRAY, OPEN_OBJECT, CLOSE_ARRAY, CLOSE_OBJECT] = [0x5b, 0x7b, 0x5d, 0x7d] as const;

interface JsonLimits {
  levels: number;
  values: number;
  /** What a list or an object counts beside the values in it. */
  container: 0 | 1;
}

interface LongNumber {
  index: number;
  digits: string;
}

/**
 * Parses JSON; an integer that a number cannot hold exactly becomes a string of its digits. The time it takes grows with
 * the length of the text and with nothing else.
 * @param text with or without a byte order mark
 * @param mostValues that it may hold
 * @throws SyntaxError where it is not JSON or is nested more than 100 levels deep; RangeError where it holds more than
 *   `mostValues`
 */
export function parseJson(text: string, mostValues = MOST_VALUES): unknown {
  return read(text, mostValues).value;
}

/**
 * A key that stands twice in one object has no meaning in JSON (RFC 8259, section 4), and `JSON.parse` takes the last: of
 * two verdicts none counts. Whoever reads the answer knows which of its keys decide.
 * @param text of an answer, or of what is in it
 * @param twice gets the keys that one object has with different values; a number and its text are the same
 * @returns as `parseJson`
 * @throws as `parseJson`, and SyntaxError where there is such a key and no `twice`
 */
export function parseAnswer(text: string, twice?: Set<string>): unknown {
  const { value, exact, keys } = read(text, MOST_VALUES);
  if (keysIn(value) === keys) return value;
  const found = twice ?? new Set();
  addRepeatedKeys(exact, found);
  if (!twice && found.size > 0) throw new SyntaxError('a key twice');
  return value;
}

function read(text: string, mostValues: number): { value: unknown; exact: string; keys: number } {
  const numbers: LongNumber[] = [];
  const most = { levels: MOST_LEVELS, values: mostValues, container: 1 } as const;
  const keys = checkJson(text, most, numbers);
  let exact = '';
  let end = 0;
  for (const { index, digits } of numbers) {
    if (!LONG_INTEGER.test(digits) || Number.isSafeInteger(Number(digits))) continue;
    exact += `${text.slice(end, index)}"${digits}"`;
    end = index + digits.length;
  }
  exact = withoutMark(exact + text.slice(end));
  return { value: JSON.parse(exact), exact, keys };
}

function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value);
  return inner.reduce((sum: number, each) => sum + keysIn(each), isObject(value) ? inner.length : 0);
}

/** Each key gets a number before it, so that none replaces another. */
function addRepeatedKeys(text: string, twice: Set<string>): void {
  let number = 0;
  withoutNumbers(
    JSON.parse(text.replace(KEY_OR_TEXT, (whole, rest, colon) => (colon ? `"${number++} ${rest}` : whole))),
    twice,
  );
}

function withoutNumbers(value: unknown, twice: Set<string>): unknown {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map((item) => withoutNumbers(item, twice));
  if (!isObject(value)) return value;
  const known = new Map<string, unknown>();
  for (const [numbered, given] of Object.entries(value)) {
    const key = numbered.slice(numbered.indexOf(' ') + 1);
    const inner = withoutNumbers(given, twice);
    if (known.has(key) && !isDeepStrictEqual(known.get(key), inner)) twice.add(key);
    known.set(key, inner);
  }
  return Object.fromEntries(known);
}

/** @returns a text without its byte order mark */
export function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/**
 * One pass over a text, before anything is made of it: parsing some million levels or values takes seconds.
 * @param text of any length
 * @param most that it may be nested and hold
 * @param numbers gets those that are long
 * @returns how many keys its objects have
 * @throws SyntaxError where it is nested deeper, RangeError where it holds more
 */
export function checkJson(text: string, most: JsonLimits, numbers?: LongNumber[]): number {
  let levels = 0;
  let keys = 0;
  let values = 1;
  let isQuoted = false;
  let plain = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted && code === BACKSLASH) at++;
    else if (!isQuoted && code === COMMA) values++;
    else if (!isQuoted && code === COLON) keys++;
    else if (!isQuoted && (code === OPEN_ARRAY || code === OPEN_OBJECT)) {
      values += most.container;
      if (++levels > most.levels) throw new SyntaxError('too deep');
    } else if (!isQuoted && (code === CLOSE_ARRAY || code === CLOSE_OBJECT)) levels--;
    else if (!isQuoted && (code === MINUS || (code >= ZERO && code <= NINE))) {
      if (!numbers) continue;
      const index = at;
      at = endOf(NUMBER, text, index) - 1;
      if (at - index >= LONG - 1) numbers.push({ index, digits: text.slice(index, at + 1) });
    }
    // Not indexOf: once Node.js 24 has compiled this, it takes as long as the rest of the text for each of its strings.
    else if (++plain === LONG_RUN) {
      at = endOf(isQuoted ? IN_STRING : BETWEEN, text, at) - 1;
      plain = 0;
    }
    if (values > most.values) throw new RangeError('too many values');
  }
  return keys;
}

/** @returns where what a sticky pattern matches ends */
function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  pattern.test(text);
  return pattern.lastIndex;
}

/** @param value anything an answer or a message may hold where an object is expected */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param text of a body
 * @returns the JSON object it is, or null where it is anything else
 */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const parsed = parseJson(text);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}
