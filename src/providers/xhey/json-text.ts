import { parseJson } from '../../http/json';
import { isDeepJson } from '../../input/json-text';

const JSON_TEXT = /^\s*[[{"]/;
/** A hundred thousand task ids with their photos; what is longer is not looked into. */
const LONGEST = 16 * 1024 * 1024;

/**
 * A text that is JSON is read as JSON, as MQTT brings it: CONTRACT, "What an input may look like", Task id.
 * @param value as a message has it
 * @returns what the JSON says, its long ids exact; anything else as it came
 */
export function readJsonText(value: unknown): unknown {
  if (typeof value !== 'string' || value.length > LONGEST || !JSON_TEXT.test(value.slice(0, 64)))
    return value;
  try {
    return isDeepJson(value) ? value : parseJson(value.trim());
  } catch {
    return value;
  }
}
