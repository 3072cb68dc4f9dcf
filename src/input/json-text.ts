/** JSON in a text, as MQTT brings it: docs/contract.md, "What an input may look like". */

/** Thousand photos with all that is known of each are a tenth of it. Nothing else runs while JSON is parsed, 30 ms for so many. */
const MOST_VALUES = 256 * 1024;
/** `{buffer: {data: […]}}` or a result with its photos, and some more. */
const MOST_LEVELS = 16;

const TEXT = /[^"\\]+/y;
/** From so many characters on, a pattern is faster than a look at each of them. */
const LONG_TEXT = 32;
const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const OPENING = [...'[{'].map((sign) => sign.charCodeAt(0));
const CLOSING = [...']}'].map((sign) => sign.charCodeAt(0));

/**
 * @param text of any length
 * @param mostValues that are counted
 * @returns how many values it holds, about, or infinitely many where it is nested too deep
 */
function valuesIn(text: string, mostValues = MOST_VALUES): number {
  let values = 1;
  let levels = 0;
  let quoted = false;
  let plain = 0;
  for (let at = 0; at < text.length && values <= mostValues; at++) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === BACKSLASH) {
        at++;
        plain = 0;
      } else if (code === QUOTE) quoted = false;
      else if (++plain === LONG_TEXT) {
        TEXT.lastIndex = at;
        TEXT.test(text);
        at = TEXT.lastIndex - 1;
        plain = 0;
      }
    } else if (code === QUOTE) quoted = true;
    else if (code === COMMA) values++;
    else if (code === OPENING[0] || code === OPENING[1]) {
      if (++levels > MOST_LEVELS) return Number.POSITIVE_INFINITY;
    } else if (code === CLOSING[0] || code === CLOSING[1]) levels--;
  }
  return values;
}

/**
 * @param text of any length
 * @returns whether it is nested deeper, or holds more, than anything that is read here: parsing some million levels or values
 *   takes seconds
 */
export function isTooMuchJson(text: string): boolean {
  return valuesIn(text) > MOST_VALUES;
}

/**
 * @param text of a length that was looked at
 * @param mostValues that it may hold
 * @returns what it says
 * @throws SyntaxError where it is not JSON, or nested too deep; RangeError where it holds more than `mostValues`
 */
export function parseJsonText(text: string, mostValues = MOST_VALUES): unknown {
  const values = valuesIn(text, mostValues);
  if (values === Number.POSITIVE_INFINITY) throw new SyntaxError('too deep');
  if (values > mostValues) throw new RangeError('too many values');
  return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
}
