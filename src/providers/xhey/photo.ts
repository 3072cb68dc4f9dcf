import type { Verdict } from '../../contract/codes';
import { isObject } from '../../http/json';
import { IN_PROGRESS, STATUSES, UNKNOWN_STATUS, UNREPORTED_REASONS } from './codes';
import { isInMainlandChina } from './mainland';
import { toNumber } from './response';

/** On the map: docs/contract.md, "Result", `location`. */
export interface Coordinates {
  lat: number;
  lng: number;
}

/** One photo of a truth-poll: docs/contract.md, "Result", `data.photos`. */
export interface ReportedPhoto {
  url: string | null;
  /** The name of its file, if the message had the photo itself and with a name. */
  name?: string;
  taskId: string;
  outcome: Verdict['outcome'];
  reason: string;
  /** xhey's own status; null where it reported none. */
  status: number | null;
  /** xhey's own words. */
  message: string;
  /** ISO 8601 with `+08:00`, or null when the text cannot be read. */
  takenAt: string | null;
  /** When the photo was taken, in xhey's own words. */
  takenAtText: string | null;
  address: string | null;
  /** `wgs84` is null where it cannot be computed. */
  location: { gcj02: Coordinates; wgs84: Coordinates | null } | null;
  antiFakeCode: string | null;
  /** How it was recognised which of the submitted photos this is; null where none was, or nothing was reported. */
  matchedBy: 'address' | 'similar-address' | 'position' | null;
}

/**
 * Reads one item of a query's `list`: docs/providers/xhey.md, the table of its fields.
 * @param item as the provider sent it
 * @param taskId of the task that was queried
 */
export function readPhoto(item: unknown, taskId: string): ReportedPhoto {
  const fields = isObject(item) ? item : {};
  const status = toNumber(fields.status);
  const { outcome, reason } = STATUSES.get(String(status))?.verdict ?? UNKNOWN_STATUS;
  const takenAtText = toText(fields.photoTime);
  return {
    url: toText(fields.photoUrl),
    taskId,
    outcome,
    reason,
    status,
    message: toText(fields.msg) ?? '',
    takenAt: takenAtText && chinaTime(takenAtText),
    takenAtText,
    address: toText(fields.photoAddress),
    location: locate(fields.lat, fields.lng),
    antiFakeCode: toText(fields.antiFakeCode),
    matchedBy: null,
  };
}

/** @returns whether the provider has not finished looking at it */
export function isInProgress({ status }: ReportedPhoto): boolean {
  return status === IN_PROGRESS;
}

/**
 * docs/providers/xhey.md, "POST /v2/truth_build/query", the table of a photo's `status`, and "Observed since": it could not be read
 * or not be fetched, or the provider's own program failed, after which its users try again.
 */
const NOT_LOOKED_AT: ReadonlySet<number | null> = new Set([-1001, -1002, -1003, -2300, -2302, -2306]);

/** @returns whether xhey had the photo and judged it */
export function wasLookedAt(photo: ReportedPhoto): boolean {
  return !isUnreported(photo) && !NOT_LOOKED_AT.has(photo.status);
}

/** @returns whether `unreportedPhoto` made it, in an earlier message too */
export function isUnreported({ reason }: ReportedPhoto): boolean {
  return (UNREPORTED_REASONS as readonly string[]).includes(reason);
}

/**
 * A photo that the provider said nothing about.
 * @param url as it was submitted
 * @param taskId of its task
 * @param reason why there is nothing
 */
export function unreportedPhoto(
  url: string | null,
  taskId: string,
  reason: (typeof UNREPORTED_REASONS)[number],
): ReportedPhoto {
  return { ...readPhoto({}, taskId), url, reason };
}

function toText(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

/** `2025年07月28日 15:01` is China Standard Time: docs/providers/xhey.md, `photoTime`. */
function chinaTime(text: string): string | null {
  const found =
    /^\s*(\d{4})[年/-](\d{1,2})[月/-](\d{1,2})日?[\sT]*(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?\s*$/.exec(text);
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found
    .slice(1)
    .map((part) => (part ?? '0').padStart(2, '0'));
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const date = new Date(`${local}Z`);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(local);
  return exists ? `${local}+08:00` : null;
}

/** xhey reports GCJ-02: docs/providers/xhey.md, `lat, lng`. A camera that does not know where it is says 0,0. */
function locate(latitude: unknown, longitude: unknown): ReportedPhoto['location'] {
  const lat = toNumber(latitude);
  const lng = toNumber(longitude);
  if (lat === null || lng === null || Math.abs(lat) > 90 || Math.abs(lng) > 180) return null;
  if (lat === 0 && lng === 0) return null;
  return { gcj02: { lat, lng }, wgs84: toWgs84(lat, lng) };
}

/**
 * docs/contract.md, "Result": outside mainland China nobody documents whether the numbers are shifted. So they must be inside
 * as they stand and shifted back, some 500 m away: a photo that only one reading puts inside may be of the other side.
 */
function toWgs84(lat: number, lng: number): Coordinates | null {
  if (!isInMainlandChina(lat, lng)) return null;
  const gcoord = require('gcoord') as typeof import('gcoord').default;
  const [wgsLng, wgsLat] = gcoord.transform([lng, lat], gcoord.GCJ02, gcoord.WGS84);
  return isInMainlandChina(wgsLat!, wgsLng!) ? { lat: wgsLat!, lng: wgsLng! } : null;
}
