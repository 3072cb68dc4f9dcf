import { VerifyError } from '../errors';
import type { Node, Red } from './red';

/**
 * An error of our own making. Its message may quote what it choked on, so only the places are logged.
 * @param red Node-RED
 * @param node that logs it
 * @param reason what was thrown
 * @returns the error to show in its place
 */
export function unexpected(red: Red, node: Node, reason: unknown): VerifyError {
  const places =
    String((reason as { stack?: unknown } | null | undefined)?.stack).match(/^\s+at .*$/gm) ?? [];
  node.log(red._('warnings.internal', { places: places.slice(0, 5).join(' ') }));
  return new VerifyError('PROTOCOL', 'internal');
}
