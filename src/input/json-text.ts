/** JSON in a text, as MQTT brings it: docs/contract.md, "What an input may look like". */
import { checkJson, withoutMark } from '../http/json';

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
