/** JSON in a text, as MQTT brings it: docs/contract.md, "What an input may look like". */
import { checkJson, isObject, withoutMark } from '../http/json';
import { textInBytes } from './text';

/** A photo of 20 MB in base64, and some more. */
const LONGEST = 32 * 1024 * 1024;
/** How an object begins, behind a byte order mark and white space. */
const OBJECT = /^\uFEFF?\s*\{/;

const MOST = {
  /** `{buffer: {data: […]}}` or a result with its photos, and some more. */
  levels: 16,
  /** Thousand photos with all that is known of each are a tenth of it. Nothing else runs while JSON is parsed, 30 ms for so many. */
  values: 256 * 1024,
  container: 0,
} as const;

/**
 * @param text of any length
 * @returns whether it is nested deeper, or holds more, than anything that is read here
 */
export function isTooMuchJson(text: string): boolean {
  try {
    checkJson(text, MOST);
    return false;
  } catch {
    return true;
  }
}

/**
 * @param text of a length that was looked at
 * @returns what it says
 * @throws SyntaxError where it is not JSON, or nested too deep; RangeError where it holds too much
 */
export function parseJsonText(text: string): unknown {
  checkJson(text, MOST);
  return JSON.parse(withoutMark(text));
}

/**
 * @param value of a property that somebody looks inside of
 * @returns the object whose JSON it is, as a text or as its bytes; null where it is anything else
 */
export function objectInText(value: unknown): Record<string, unknown> | null {
  const text = textInBytes(value, LONGEST);
  if (typeof text !== 'string' || text.length > LONGEST || !OBJECT.test(text)) return null;
  try {
    const object = parseJsonText(text);
    return isObject(object) ? object : null;
  } catch {
    return null;
  }
}
