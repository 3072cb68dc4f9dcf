/** JSON whose long ids arrive exact: providers/README, "Rules for all four". */

const MAY_HOLD_LONG_NUMBER = /\d{16}/;
/** A string, passed over whole, or a number. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const INTEGER = /^-?\d{16,}$/;

/**
 * Parses JSON; an integer that a number cannot hold exactly becomes a string of its digits.
 * @param text with or without a byte order mark
 * @throws SyntaxError where it is not JSON
 */
export function parseJson(text: string): unknown {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (!MAY_HOLD_LONG_NUMBER.test(json)) return JSON.parse(json);
  return JSON.parse(
    json.replace(STRING_OR_NUMBER, (token) =>
      INTEGER.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
    ),
  );
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
