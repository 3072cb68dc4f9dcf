/** JSON whose long ids arrive exact: providers/README, "Rules for all four". */

/** Behind a quotation mark it is text. */
const MAY_HOLD_LONG_NUMBER = /(?:^|[^"\d])\d{16}/;
/** A string, passed over whole, or a number. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const INTEGER = /^-?\d{16,}$/;
/** No document nests deeper than five; whoever copies or prints far deeper ones runs out of stack. */
const MOST_LEVELS = 100;

/**
 * Parses JSON; an integer that a number cannot hold exactly becomes a string of its digits.
 * @param text with or without a byte order mark
 * @throws SyntaxError where it is not JSON, or too deep
 */
export function parseJson(text: string): unknown {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const exact = MAY_HOLD_LONG_NUMBER.test(json) ? json.replace(STRING_OR_NUMBER, quoteInexact) : json;
  const value: unknown = JSON.parse(exact);
  // Each level is opened and closed.
  if (json.length > 2 * MOST_LEVELS && isDeeper(value, MOST_LEVELS)) throw new SyntaxError('too deep');
  return value;
}

function quoteInexact(token: string): string {
  return INTEGER.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
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
