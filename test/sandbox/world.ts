import type { SandboxWorld, Shapes } from '../../src/contract/sandbox-half';
import { faultIn } from '../../src/sandbox/faults';
import { fetchPhoto } from '../../src/sandbox/fetch-photo';

/**
 * @param now Unix time in milliseconds
 * @param shapes of its answers
 * @returns what the server gives a provider's half, with nothing kept yet
 */
export function worldAt(now: () => number, shapes: Shapes = 'observed'): SandboxWorld {
  return { now, shapes, store: {}, changed: () => {}, faultIn, fetchPhoto };
}
