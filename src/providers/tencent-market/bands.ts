import { VerifyError } from '../../contract/errors';

/** Scores from `sameFrom` on are the same person's, those below `differentBelow` another's. */
export interface Bands {
  sameFrom: number;
  differentBelow: number;
  /** The best score there is; both bounds are in its unit. */
  scoreScale: number;
}

/** docs/providers/tencent-market.md, "The product's answer". */
export const DOCUMENTED: Bands = { scoreScale: 1, sameFrom: 0.45, differentBelow: 0.4 };

/** The same in per cent, and the bounds of the edition that scores up to 1000. */
export const USUAL_BANDS: readonly Bands[] = [
  DOCUMENTED,
  { scoreScale: 100, sameFrom: 45, differentBelow: 40 },
  { scoreScale: 1000, sameFrom: 700, differentBelow: 600 },
];

/**
 * @param given of the node; a bound that was left at the document's is the usual one of the scale
 * @returns the bands in the unit of the scale
 * @throws VerifyError CONFIG where a bound is in another unit, or both overlap
 */
export function bandsOf(given: Bands): Bands {
  const { scoreScale } = given;
  const usual = USUAL_BANDS.find((bands) => bands.scoreScale === scoreScale);
  const bound = (name: 'sameFrom' | 'differentBelow') => {
    const value = given[name] === DOCUMENTED[name] && usual ? usual[name] : given[name];
    // From 0.6 on a scale of 100 nearly everybody would be the same person.
    const isForeign = value > scoreScale || (scoreScale > 1 && value > 0 && value <= 1);
    if (isForeign) throw new VerifyError('CONFIG', 'bound-off-scale', { name, value, scoreScale });
    return value;
  };
  const bands = { sameFrom: bound('sameFrom'), differentBelow: bound('differentBelow'), scoreScale };
  const { sameFrom, differentBelow } = bands;
  if (differentBelow > sameFrom)
    throw new VerifyError('CONFIG', 'bounds-crossed', { sameFrom, differentBelow });
  return bands;
}
