/** JSON in a text, as MQTT brings it: docs/contract.md, "What an input may look like". */

/** `{buffer: {data: […]}}` or a result with its photos, and some more. */
const MOST_LEVELS = 16;

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const OPENING = [...'[{'].map((sign) => sign.charCodeAt(0));
const CLOSING = [...']}'].map((sign) => sign.charCodeAt(0));

/**
 * @param text of any length
 * @returns whether it is nested deeper than anything that is read here: parsing some million levels takes seconds
 */
export function isDeepJson(text: string): boolean {
  let levels = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === OPENING[0] || code === OPENING[1]) {
      if (++levels > MOST_LEVELS) return true;
    } else if (code === CLOSING[0] || code === CLOSING[1]) levels--;
  }
  return false;
}

/**
 * @param text of a length that was looked at
 * @returns what it says
 * @throws SyntaxError where it is not JSON, or nested too deep
 */
export function parseJsonText(text: string): unknown {
  if (isDeepJson(text)) throw new SyntaxError('too deep');
  return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
}
