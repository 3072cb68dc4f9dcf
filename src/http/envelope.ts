import { VerifyError } from '../contract/errors';
import type { HttpAnswer } from '../contract/transport';
import { parseJson, parseObject } from './json';
import { refusedStatus } from './status';
import { textOf } from './text';

/**
 * The form that xhey, linkface and westdex answer in, whatever the HTTP status: a JSON object with a `code`.
 * @param answer of the provider, or of something on the way to it
 * @returns the object
 * @throws VerifyError by the HTTP status where it is no such answer, and PROTOCOL where the status is a success
 */
export function envelopeOf(answer: HttpAnswer): Record<string, unknown> {
  const parsed = parseObject(textOf(answer));
  if (typeof parsed?.code === 'number' || typeof parsed?.code === 'string') return parsed;
  throw refusedStatus(answer.status) ?? new VerifyError('PROTOCOL', 'answer-unreadable');
}

/**
 * Gateways that wrap a product's answer leave its data as the text they got.
 * @param value of a field that should hold an object or a list
 * @returns what its JSON says, where it is a text that is JSON; anything else as it is
 */
export function unwrapped(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return parseJson(value);
  } catch {
    return value;
  }
}
