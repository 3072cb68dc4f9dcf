import { VerifyError } from '../../contract/errors';
import type { Node, Red } from './red';

/** V8 writes its places at the end of a stack, at most ten unless somebody asks for more. */
const LONGEST_STACK = 8_000;
/** `    at name (file:line:column)`, or without a name. */
const PLACE = /^(.*):(\d{1,6}):\d{1,6}$/;
const OF_NODE = /^node:[a-z_/]+$/;
const MOST_PLACES = 5;

/**
 * A bug. The error's message may quote a person or a key, and its stack begins with the message: only the files and lines of
 * modules that this process has loaded are logged.
 * @param red Node-RED
 * @param node that logs it
 * @param reason what was thrown
 * @returns the error to show in its place
 */
export function unexpected(red: Red, node: Node, reason: unknown): VerifyError {
  node.log(red._('warnings.internal', { places: placesOf(reason).join(' ') }));
  return new VerifyError('PROTOCOL', 'internal');
}

function placesOf(reason: unknown): string[] {
  const places: string[] = [];
  for (const line of stackOf(reason).slice(-LONGEST_STACK).split('\n')) {
    const [, file = '', number] = PLACE.exec(line.slice(placeIn(line)).replace(')', '')) ?? [];
    if (require.cache[file] || OF_NODE.test(file)) places.push(`${file}:${number}`);
  }
  return places.slice(0, MOST_PLACES);
}

function placeIn(line: string): number {
  const bracket = line.lastIndexOf('(');
  return bracket >= 0 ? bracket + 1 : '    at '.length;
}

function stackOf(reason: unknown): string {
  try {
    return String((reason as { stack?: unknown }).stack);
  } catch {
    // Anything can be thrown, even an object whose properties throw.
    return '';
  }
}
