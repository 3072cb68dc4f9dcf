import type { Outcome } from '../../result';

/** What a comparison says to a flow. */
export interface Verdict {
  outcome: Outcome;
  reason: string;
}

/** Scores from `sameFrom` on are the same person's, those below `differentBelow` another's. */
export interface Bands {
  sameFrom: number;
  differentBelow: number;
}

/** tencent-market.md, the table of `incorrect`: two faces were compared, and the score decides. */
export const COMPARED = 100;

/** The same table: a service behind the provider failed, so there is no result. */
export const FAILED_SERVICES: ReadonlySet<number> = new Set([106, 113]);

/** The same table: what is known without a score. */
const VERDICTS: ReadonlyMap<number, Verdict> = new Map([
  [101, { outcome: 'failed', reason: 'name-id-mismatch' }],
  [102, { outcome: 'failed', reason: 'id-not-found' }],
  [103, { outcome: 'inconclusive', reason: 'invalid-data' }],
  [104, { outcome: 'inconclusive', reason: 'invalid-data' }],
  [107, { outcome: 'inconclusive', reason: 'poor-photo' }],
  [108, { outcome: 'inconclusive', reason: 'photo-too-large' }],
  [109, { outcome: 'inconclusive', reason: 'no-reference-photo' }],
  [110, { outcome: 'inconclusive', reason: 'no-face-features' }],
  [111, { outcome: 'inconclusive', reason: 'multiple-faces' }],
  [112, { outcome: 'inconclusive', reason: 'invalid-photo' }],
]);

const UNKNOWN: Verdict = { outcome: 'inconclusive', reason: 'unknown-code' };

/**
 * tencent-market.md, "The product's answer".
 * @param incorrect as the provider sent it
 * @param score from 0 to 1 where two faces were compared, else null
 * @param bands of the node; between the two nobody can tell
 */
export function verdictOf(
  incorrect: number,
  score: number | null,
  { sameFrom, differentBelow }: Bands,
): Verdict {
  if (score === null) return VERDICTS.get(incorrect) ?? UNKNOWN;
  if (score >= sameFrom) return { outcome: 'passed', reason: 'same-person' };
  if (score < differentBelow) return { outcome: 'failed', reason: 'different-person' };
  return { outcome: 'inconclusive', reason: 'score-inconclusive' };
}
