/** JSON whose long ids arrive exact: docs/providers/README.md, "Rules for all four". */

/** No documented answer nests deeper than five; whoever copies or prints far deeper ones runs out of stack. */
const MOST_LEVELS = 100;
/** The largest documented answer has 1,000 records of eight fields. Reading millions would hold up every other message. */
const MOST_VALUES = 50_000;

const LARGEST_EXACT = String(Number.MAX_SAFE_INTEGER);
const BLANK = /\s+/y;
const TEXT = /[^"\\]+/y;
/** From so many characters on, a pattern is faster than a look at each of them. */
const LONG_TEXT = 32;
/** Whether it is a number is for the parser to say. */
const NUMBER = /[-+.\deE]+/y;
const LONG_INTEGER = /^-?[1-9]\d{15,}$/;

const [SPACE, QUOTE, BACKSLASH, COMMA, MINUS, ZERO, NINE] = [0x20, 0x22, 0x5c, 0x2c, 0x2d, 0x30, 0x39];
const [OPEN_ARRAY, OPEN_OBJECT, CLOSE_ARRAY, CLOSE_OBJECT] = [0x5b, 0x7b, 0x5d, 0x7d];

/**
 * Parses JSON; an integer that a number cannot hold exactly becomes a string of its digits. The time it takes grows with
 * the length of the text and with nothing else.
 * @param text with or without a byte order mark
 * @param mostValues that it may hold
 * @throws SyntaxError where it is not JSON, is nested more than 100 levels deep, or holds more than `mostValues`
 */
export function parseJson(text: string, mostValues = MOST_VALUES): unknown {
  return JSON.parse(withExactIntegers(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, mostValues));
}

/**
 * One pass over a text, before anything is made of it.
 * @returns it with its long integers in quotation marks
 * @throws SyntaxError where parsing it would take too long, or what comes of it could not be copied
 */
function withExactIntegers(json: string, mostValues: number): string {
  let levels = 0;
  let values = 1;
  const exact: string[] = [];
  let copiedTo = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code <= SPACE!) {
      // Two spaces at a time, because there are usually many.
      if (json.charCodeAt(at + 1) <= SPACE!) at = endOf(BLANK, json, at) - 1;
      continue;
    }
    if (code === QUOTE) at = endOfString(json, at);
    else if (code === COMMA) values++;
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      values++;
      levels++;
      if (levels > MOST_LEVELS) throw new SyntaxError('too deep');
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) levels--;
    else if (code === MINUS || (code >= ZERO! && code <= NINE!)) {
      const end = endOf(NUMBER, json, at);
      if (end - at >= LARGEST_EXACT.length && isInexact(json.slice(at, end))) {
        exact.push(json.slice(copiedTo, at), json.slice(at, end));
        copiedTo = end;
      }
      at = end - 1;
    }
    if (values > mostValues) throw new SyntaxError('too many values');
  }
  // Pieces of text and integers alternate.
  return copiedTo === 0 ? json : [...exact, json.slice(copiedTo)].join('"');
}

/** @returns where what a pattern matches ends, or the next position where it matches nothing */
function endOf(pattern: RegExp, json: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(json) ? pattern.lastIndex : start + 1;
}

function isInexact(number: string): boolean {
  if (!LONG_INTEGER.test(number)) return false;
  const digits = number.replace('-', '');
  return digits.length > LARGEST_EXACT.length || digits > LARGEST_EXACT;
}

/** @returns where the quotation mark stands that ends a string, or the end of the text where none does */
function endOfString(json: string, start: number): number {
  let plain = 0;
  // Not indexOf: once Node.js 24 has compiled this, it takes as long as the rest of the text for each of its strings.
  for (let at = start + 1; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) {
      at++;
      plain = 0;
    } else if (++plain === LONG_TEXT) {
      at = endOf(TEXT, json, at) - 1;
      plain = 0;
    }
  }
  return json.length;
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
