/** What the owner of a flow demands of a genuine photo: CONTRACT, "Photos in hand", `photo-rules`. */
import gcoord from 'gcoord';
import { distanceBetween, type Place } from './distance';

const MINUTE_MS = 60_000;
/** A watermark has no seconds: a photo may be of the end of the minute it names. */
const WATERMARK_MS = MINUTE_MS;
/** A photo that is ahead of our clock by more was not taken when it says. */
const CLOCKS_DIFFER_MS = 5 * MINUTE_MS;
const WITH_ZONE = /(?:Z|[+-]\d\d:?\d\d)$/;

/** As truth-poll tells it: CONTRACT, "Result", `data.photos`. */
export interface Photo {
  url: string | null;
  taskId: string;
  outcome: 'passed' | 'failed' | 'inconclusive';
  reason: string;
  takenAt: string | null;
  address: string | null;
  location: { gcj02: Place; wgs84: Place | null } | null;
  antiFakeCode: string | null;
}

/** What is demanded for one message; null: not demanded. */
export interface Demands {
  /** Unix milliseconds, when the message came. */
  now: number;
  maxAge: { minutes: number; at: number } | null;
  within: { metres: number; of: Place; coordinates: 'gcj02' | 'wgs84' } | null;
  unseen: { days: number } | null;
  addressHolds: string | null;
}

/** Why a photo cannot be judged. */
type Unknown = 'no-time' | 'no-place';
type Judgement = 'kept' | 'broken' | Unknown;

interface Rule {
  /** Of a photo that breaks it. */
  reason: string;
  /** @returns null where it is not demanded */
  judge(photo: Photo, demands: Demands, wasSeen: boolean): Judgement | null;
}

/** In the order in which their reasons count where a photo breaks several. */
const RULES: readonly Rule[] = [
  {
    reason: 'too-old',
    judge: (photo, demands) => demands.maxAge && judgeAge(photo, demands.maxAge, demands.now),
  },
  { reason: 'too-far', judge: (photo, { within }) => within && judgePlace(photo, within) },
  { reason: 'seen-before', judge: (photo, { unseen }, wasSeen) => unseen && judgeSeen(photo, wasSeen) },
  {
    reason: 'wrong-place',
    judge: (photo, { addressHolds }) => (addressHolds ? judgeAddress(photo, addressHolds) : null),
  },
];

/**
 * What failed or could not be judged before stays as it is. A photo that breaks a rule failed, though another rule could
 * not be judged.
 * @param photo of truth-poll
 * @param demands of the message
 * @param wasSeen whether another photo with the same identity came before
 * @returns the same photo, or one with the outcome and reason of the first rule that it breaks, or else that cannot be
 *   judged
 */
export function judged<Given extends Photo>(photo: Given, demands: Demands, wasSeen: boolean): Given {
  if (photo.outcome !== 'passed') return photo;
  let unknown: Unknown | null = null;
  for (const { reason, judge } of RULES) {
    const judgement = judge(photo, demands, wasSeen);
    if (judgement === 'broken') return { ...photo, outcome: 'failed', reason };
    if (judgement === 'no-time' || judgement === 'no-place') unknown ??= judgement;
  }
  return unknown ? { ...photo, outcome: 'inconclusive', reason: unknown } : photo;
}

/**
 * @param photo of truth-poll
 * @returns what tells it from all other photos, or why nothing does: its anti-fake code, else its time and place
 */
export function identityOf({
  antiFakeCode,
  takenAt,
  location,
}: Photo): { same: string } | { unknown: Unknown } {
  if (antiFakeCode) return { same: `code ${antiFakeCode}` };
  if (!takenAt) return { unknown: 'no-time' };
  if (!location) return { unknown: 'no-place' };
  return { same: `taken ${takenAt} ${location.gcj02.lat} ${location.gcj02.lng}` };
}

function judgeAge(
  { takenAt }: Photo,
  { minutes, at }: { minutes: number; at: number },
  now: number,
): Judgement {
  const taken = takenAt && WITH_ZONE.test(takenAt) ? Date.parse(takenAt) : Number.NaN;
  if (Number.isNaN(taken) || taken - now > CLOCKS_DIFFER_MS) return 'no-time';
  return at - taken <= minutes * MINUTE_MS + WATERMARK_MS ? 'kept' : 'broken';
}

function judgePlace(
  { location }: Photo,
  { metres, of, coordinates }: NonNullable<Demands['within']>,
): Judgement {
  const place = location?.[coordinates];
  if (!place) return 'no-place';
  // Abroad there is no WGS-84, and GCJ-02 is what the provider's numbers are called: they are compared as they are.
  const [from, to] = coordinates === 'gcj02' && location?.wgs84 ? [location.wgs84, toWgs84(of)] : [place, of];
  return distanceBetween(from, to) <= metres ? 'kept' : 'broken';
}

function toWgs84({ lat, lng }: Place): Place {
  const [east, north] = gcoord.transform([lng, lat], gcoord.GCJ02, gcoord.WGS84);
  return { lat: north, lng: east };
}

function judgeSeen(photo: Photo, wasSeen: boolean): Judgement {
  const identity = identityOf(photo);
  if ('unknown' in identity) return identity.unknown;
  return wasSeen ? 'broken' : 'kept';
}

function judgeAddress({ address }: Photo, wanted: string): Judgement {
  if (!address) return 'no-place';
  return comparable(address).includes(comparable(wanted)) ? 'kept' : 'broken';
}

/** Full width, case and blanks make no other place. */
function comparable(text: string): string {
  return text.normalize('NFKC').replace(/\s/g, '').toLowerCase();
}
