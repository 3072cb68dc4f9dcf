/** What the owner of a flow requires of a genuine photo: docs/contract.md, "Photos in hand", `photo-rules`. */
import gcoord from 'gcoord';
import { type Coordinates, distanceBetween } from './distance';

const MINUTE_MS = 60_000;
/** A watermark has no seconds: the photo may have been taken at the end of the minute it names. */
const WATERMARK_MS = MINUTE_MS;
/** A photo whose time lies further behind its submission was not taken when it says. */
const CLOCKS_DIFFER_MS = 5 * MINUTE_MS;
const WITH_ZONE = /(?:Z|[+-]\d\d:?\d\d)$/;

/** As truth-poll reports it: docs/contract.md, "Result", `data.photos`. */
export interface ReportedPhoto {
  url: string | null;
  taskId: string;
  outcome: 'passed' | 'failed' | 'inconclusive';
  reason: string;
  takenAt: string | null;
  address: string | null;
  location: { gcj02: Coordinates; wgs84: Coordinates | null } | null;
  antiFakeCode: string | null;
}

/** The rules for one message; null: this rule is off. */
export interface PhotoRules {
  /** `at`: Unix milliseconds; null: the time at which the photos were submitted. */
  maxAge: { minutes: number; at: number | null } | null;
  within: { metres: number; of: Coordinates; coordinates: 'gcj02' | 'wgs84' } | null;
  unseen: { days: number } | null;
  addressHolds: string | null;
}

/** What is known about a photo beside what it says itself. */
export interface Circumstances {
  /** Unix milliseconds. */
  submittedAt: number;
  /** Whether another photo with the same identity came within the days of `unseen`. */
  isRepeated: boolean;
}

/** Why a photo cannot be judged. */
type Unknown = 'no-time' | 'no-place' | 'maybe-seen';
type Judgement = 'kept' | 'broken' | Unknown;

interface Rule {
  /** The reason of a photo that breaks it. */
  reason: string;
  /** @returns null where the rule is off */
  judge(photo: ReportedPhoto, rules: PhotoRules, circumstances: Circumstances): Judgement | null;
}

/** In the order in which their reasons count where a photo breaks several. */
const RULES: readonly Rule[] = [
  {
    reason: 'too-old',
    judge: (photo, { maxAge }, { submittedAt }) => maxAge && judgeAge(photo, maxAge, submittedAt),
  },
  { reason: 'too-far', judge: (photo, { within }) => within && judgePlace(photo, within) },
  {
    reason: 'seen-before',
    judge: (photo, { unseen }, { isRepeated }) => unseen && judgeRepeat(photo, isRepeated),
  },
  {
    reason: 'wrong-place',
    judge: (photo, { addressHolds }) => (addressHolds ? judgeAddress(photo, addressHolds) : null),
  },
];

/**
 * A photo that failed or was inconclusive before stays as it is. A photo that breaks one rule fails, even if another
 * rule could not be judged.
 * @param photo of truth-poll
 * @param rules of the message
 * @param circumstances of the photo
 * @returns the same photo, or one with the outcome and the reason of the first rule that it breaks or, if it breaks
 *   none, of the first that cannot be judged
 */
export function judged<Given extends ReportedPhoto>(
  photo: Given,
  rules: PhotoRules,
  circumstances: Circumstances,
): Given {
  if (photo.outcome !== 'passed') return photo;
  let unknown: Unknown | null = null;
  for (const { reason, judge } of RULES) {
    const judgement = judge(photo, rules, circumstances);
    if (judgement === 'broken') return { ...photo, outcome: 'failed', reason };
    if (judgement !== null && judgement !== 'kept') unknown ??= judgement;
  }
  return unknown ? { ...photo, outcome: 'inconclusive', reason: unknown } : photo;
}

/** What a photo has in common with a copy of itself. */
export type Identity =
  /** `isProof`: no two photos share it. A minute and a place are shared by all photos of one visit. */
  { text: string; isProof: boolean } | { unknown: Unknown };

/**
 * @param photo of truth-poll
 * @returns its anti-fake code, or else its minute and place, or why it has neither
 */
export function identityOf({ antiFakeCode, takenAt, location }: ReportedPhoto): Identity {
  if (antiFakeCode) return { text: `code ${antiFakeCode}`, isProof: true };
  if (!takenAt) return { unknown: 'no-time' };
  if (!location) return { unknown: 'no-place' };
  return { text: `taken ${takenAt} ${location.gcj02.lat} ${location.gcj02.lng}`, isProof: false };
}

function judgeAge(
  { takenAt }: ReportedPhoto,
  { minutes, at }: NonNullable<PhotoRules['maxAge']>,
  submittedAt: number,
): Judgement {
  const taken = takenAt && WITH_ZONE.test(takenAt) ? Date.parse(takenAt) : Number.NaN;
  if (Number.isNaN(taken) || taken - submittedAt > CLOCKS_DIFFER_MS) return 'no-time';
  return (at ?? submittedAt) - taken <= minutes * MINUTE_MS + WATERMARK_MS ? 'kept' : 'broken';
}

function judgePlace(
  { location }: ReportedPhoto,
  { metres, of, coordinates }: NonNullable<PhotoRules['within']>,
): Judgement {
  const place = location?.[coordinates];
  if (!place) return 'no-place';
  // There is no WGS-84 abroad, and GCJ-02 is only what the provider calls its numbers: they are compared as they are.
  const [from, to] = coordinates === 'gcj02' && location?.wgs84 ? [location.wgs84, toWgs84(of)] : [place, of];
  return distanceBetween(from, to) <= metres ? 'kept' : 'broken';
}

function toWgs84({ lat, lng }: Coordinates): Coordinates {
  const [east, north] = gcoord.transform([lng, lat], gcoord.GCJ02, gcoord.WGS84);
  return { lat: north, lng: east };
}

function judgeRepeat(photo: ReportedPhoto, isRepeated: boolean): Judgement {
  const identity = identityOf(photo);
  if ('unknown' in identity) return identity.unknown;
  if (!isRepeated) return 'kept';
  return identity.isProof ? 'broken' : 'maybe-seen';
}

function judgeAddress({ address }: ReportedPhoto, wanted: string): Judgement {
  if (!address) return 'no-place';
  return comparable(address).includes(comparable(wanted)) ? 'kept' : 'broken';
}

/** Full-width forms, case and white space make no other place. */
function comparable(text: string): string {
  return text.normalize('NFKC').replace(/\s/g, '').toLowerCase();
}
