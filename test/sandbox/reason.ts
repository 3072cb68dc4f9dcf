import assert from 'node:assert/strict';
import type { Reason } from '../../src/contract/sandbox-half';
import { leaksIn } from '../private';

/**
 * docs/contract.md, "Sandbox": a refusal says why.
 * @param given of an answer that is no success
 */
export function assertReason(given: string | Reason | null | undefined): void {
  const [reason, zh] = typeof given === 'object' && given !== null ? [given.en, given.zh] : [given, null];
  if (zh !== null) assert.match(zh, /^(?=.*\p{Script=Han}).*。$/u);
  assert.match(reason ?? '', /^[A-Za-z][\x20-\x7e]{14,}\.$/);
  assert.deepEqual(leaksIn(reason!), []);
}
