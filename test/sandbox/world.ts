import { faultIn } from '../../src/sandbox/faults';
import { fetchPhoto } from '../../src/sandbox/fetch-photo';
import type { SandboxWorld } from '../../src/sandbox-half';

/**
 * @param now Unix time in milliseconds
 * @returns what the server gives a provider's half, with nothing kept yet
 */
export function worldAt(now: () => number): SandboxWorld {
  return { now, store: {}, changed: () => {}, faultIn, fetchPhoto };
}
