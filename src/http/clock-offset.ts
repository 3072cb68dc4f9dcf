import type { HttpAnswer } from '../contract/transport';

const TOLERATED_MS = 30_000;

/**
 * The provider's time, where its answers show that ours is off: docs/contract.md, "Errors", on a refused signature.
 * @param answer that refused a signature
 * @param now Unix time in milliseconds as this machine has it
 * @param used the offset it was signed with, which may not be the one known by now
 * @returns the offset in milliseconds its `Date` asks for, or null where it is within 30 s of the one used, missing, or may
 *   come from a cache (`Age`)
 */
export function offsetAskedBy(
  { headers: { date, age } }: HttpAnswer,
  now: number,
  used: number,
): number | null {
  if (typeof date !== 'string' || age !== undefined) return null;
  const offset = Date.parse(date) - now;
  return Math.abs(offset - used) > TOLERATED_MS ? offset : null;
}
