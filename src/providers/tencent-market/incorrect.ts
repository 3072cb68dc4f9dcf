import type { Outcome } from '../../contract/result';
import type { Bands } from './bands';

/** What a comparison says to a flow. */
export interface Verdict {
  outcome: Outcome;
  reason: string;
}

/** docs/providers/tencent-market.md, the table of `incorrect`: two faces were compared, and the score decides. */
export const COMPARED = 100;

/** One row of that table. */
interface Row {
  /** Missing where the score decides, and where a service behind the provider failed, so that there is no result. */
  verdict?: Verdict;
  /** The paragraph below the table, observed on a sister product; missing where that does not say. */
  charged?: boolean;
  /** Whether name and id number belong together, where the table says so; missing where it does not. */
  identityConfirmed?: boolean;
  /** The photo, the message's or the register's, was to blame that there is no verdict. */
  isForPhoto?: true;
}

/** The identity was confirmed, and no verdict on the face came of it, which was charged all the same. */
const ONLY_THE_PHOTO = { charged: true, identityConfirmed: true, isForPhoto: true } as const;

const UNKNOWN: Verdict = { outcome: 'inconclusive', reason: 'unknown-code' };

const INCORRECT: ReadonlyMap<number, Row> = new Map<number, Row>([
  [COMPARED, { charged: true }],
  [
    101,
    { verdict: { outcome: 'failed', reason: 'name-id-mismatch' }, charged: true, identityConfirmed: false },
  ],
  [102, { verdict: { outcome: 'failed', reason: 'id-not-found' }, identityConfirmed: false }],
  [
    103,
    {
      verdict: { outcome: 'inconclusive', reason: 'invalid-data-identity-confirmed' },
      charged: true,
      identityConfirmed: true,
    },
  ],
  [104, { verdict: { outcome: 'inconclusive', reason: 'invalid-data' }, charged: false }],
  [106, { charged: false, identityConfirmed: true }],
  [107, { verdict: { outcome: 'inconclusive', reason: 'poor-photo' }, charged: false, isForPhoto: true }],
  [
    108,
    { verdict: { outcome: 'inconclusive', reason: 'photo-too-large' }, charged: false, isForPhoto: true },
  ],
  [109, { verdict: { outcome: 'inconclusive', reason: 'no-reference-photo' }, ...ONLY_THE_PHOTO }],
  [110, { verdict: { outcome: 'inconclusive', reason: 'no-face-features' }, ...ONLY_THE_PHOTO }],
  [111, { verdict: { outcome: 'inconclusive', reason: 'multiple-faces' }, ...ONLY_THE_PHOTO }],
  [112, { verdict: { outcome: 'inconclusive', reason: 'invalid-photo' }, ...ONLY_THE_PHOTO }],
  [113, { charged: false }],
]);

/**
 * @param incorrect as the provider sent it
 * @returns whether a service behind the provider failed, so that there is no result
 */
export function isFailedService(incorrect: number): boolean {
  const row = INCORRECT.get(incorrect);
  return row !== undefined && incorrect !== COMPARED && !row.verdict;
}

/**
 * @param incorrect as the provider sent it
 * @returns whether the call was charged, or null where nobody says
 */
export function chargedFor(incorrect: number): boolean | null {
  return INCORRECT.get(incorrect)?.charged ?? null;
}

/**
 * @param incorrect as the provider sent it
 * @returns whether the provider says that name and id number belong together; null where it says nothing about that
 */
export function identityConfirmedBy(incorrect: number): boolean | null {
  return INCORRECT.get(incorrect)?.identityConfirmed ?? null;
}

/**
 * @param incorrect as the provider sent it
 * @returns whether another photo of the same person may have a verdict
 */
export function isForPhoto(incorrect: number): boolean {
  return INCORRECT.get(incorrect)?.isForPhoto ?? false;
}

/**
 * docs/providers/tencent-market.md, "The product's answer".
 * @param incorrect as the provider sent it
 * @param score where two faces were compared, else null
 * @param bands of the node; between the two it is not decided
 */
export function verdictOf(
  incorrect: number,
  score: number | null,
  { sameFrom, differentBelow, scoreScale }: Bands,
): Verdict {
  if (score === null) return INCORRECT.get(incorrect)?.verdict ?? UNKNOWN;
  if (score < 0 || score > scoreScale) return { outcome: 'inconclusive', reason: 'score-out-of-range' };
  if (score >= sameFrom) return { outcome: 'passed', reason: 'same-person' };
  if (score < differentBelow) return { outcome: 'failed', reason: 'different-person' };
  return { outcome: 'inconclusive', reason: 'score-inconclusive' };
}
