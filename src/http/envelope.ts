import type { HttpAnswer } from '../action';
import { parseObject } from './json';
import { textOf } from './text';

/**
 * The form that xhey, linkface and westdex answer in, whatever the HTTP status: a JSON object with a `code`.
 * @param answer of the provider, or of something on the way to it
 * @returns the object, or null where it is no such answer
 */
export function envelopeOf(answer: HttpAnswer): Record<string, unknown> | null {
  const parsed = parseObject(textOf(answer));
  return typeof parsed?.code === 'number' || typeof parsed?.code === 'string' ? parsed : null;
}
