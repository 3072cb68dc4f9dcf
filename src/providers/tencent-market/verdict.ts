/** What a comparison says to a flow: docs/providers/tencent-market.md, "The product's answer". */
import type { Verdict } from '../../contract/codes';
import { BY_SCORE, INCORRECT, OUT_OF_RANGE, UNKNOWN_CODE } from './codes';

/** Scores from `sameFrom` on are the same person's, those below `differentBelow` another's. */
export interface Bands {
  sameFrom: number;
  differentBelow: number;
  /** The best score there is; both bounds are in its unit. */
  scoreScale: number;
}

/** The document's own. */
export const DOCUMENTED: Bands = { scoreScale: 1, sameFrom: 0.45, differentBelow: 0.4 };

/**
 * @param score within the scale
 * @param bands of the node; between the two it is not decided
 */
export function byScore(score: number, { sameFrom, differentBelow }: Bands) {
  if (score >= sameFrom) return BY_SCORE.same;
  return score < differentBelow ? BY_SCORE.different : BY_SCORE.unsure;
}

/**
 * @param incorrect as the provider sent it
 * @param score where two faces were compared, else null
 * @param bands of the node
 */
export function verdictOf(incorrect: number, score: number | null, bands: Bands): Verdict {
  if (score === null) return INCORRECT.get(String(incorrect))?.verdict ?? UNKNOWN_CODE;
  return score < 0 || score > bands.scoreScale ? OUT_OF_RANGE : byScore(score, bands).verdict;
}
