import assert from 'node:assert/strict';
import { leaksIn } from '../private';

/**
 * CONTRACT, "Sandbox": a refusal says why, to whoever may read it.
 * @param reason of an answer that is no success
 */
export function assertReason(reason: string | null | undefined): void {
  assert.match(reason ?? '', /^[A-Za-z][\x20-\x7e]{14,}\.$/);
  assert.deepEqual(leaksIn(reason!), []);
}
