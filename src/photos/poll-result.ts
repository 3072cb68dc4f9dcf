/** The result of a truth-poll as a message brings it: docs/contract.md, "Result". */
import { VerifyError } from '../contract/errors';
import type { Outcome, Result } from '../contract/result';
import { parseJsonText } from '../input/json-text';
import { textInBytes } from '../input/text';
import type { Coordinates } from './distance';
import type { ReportedPhoto } from './rules';

interface PollData {
  [name: string]: unknown;
  photos: ReportedPhoto[];
}

interface Summary {
  total: number;
  passed: number;
  failed: number;
  inconclusive: number;
}

/** With `split`: of all photos. */
interface Whole {
  outcome: Outcome;
  reason: string | null;
  summary: Summary;
}

export type PollResult = Result<PollData>;

const OUTCOMES: ReadonlySet<unknown> = new Set(['passed', 'failed', 'inconclusive']);
/** docs/contract.md, "What an input may look like", Task id: ten for each task. */
const MOST_PHOTOS = 100_000;
/** In characters: a thousand photos with long addresses. */
const LONGEST_JSON = 16 * 1024 * 1024;
/** docs/contract.md, "Result": statuses of tasks that may have ended without a photo, and the reason then. */
const REASONS_BY_STATUS: Readonly<Record<string, string>> = { revoked: 'revoked', unknown: 'unknown-task' };

/**
 * @param value a result, or JSON of one as a text or its bytes
 * @returns it, unchanged
 * @throws VerifyError INPUT where it is anything else, or is not finished
 */
export function readPollResult(value: unknown): PollResult {
  const text = textInBytes(value, LONGEST_JSON);
  const given = typeof text === 'string' ? parsed(text) : value;
  if (!isObject(given) || given.operation !== 'truth-poll' || !isObject(given.data))
    throw new VerifyError('INPUT', 'not-a-poll-result');
  if (given.outcome === 'unfinished') throw new VerifyError('INPUT', 'poll-unfinished');
  const { photos } = given.data;
  const isList = Array.isArray(photos) && photos.length <= MOST_PHOTOS;
  // Of a list with gaps, too, each photo is looked at.
  if (!OUTCOMES.has(given.outcome) || !isList || !Array.from(photos).every(isPhoto))
    throw new VerifyError('INPUT', 'not-a-poll-result');
  return given as unknown as PollResult;
}

/**
 * @param result of truth-poll
 * @param now Unix milliseconds
 * @returns Unix milliseconds, when its photos were submitted: truth-poll gets them as soon as they are, and how long it
 *   waits for the provider makes no photo older
 */
export function submittedAt({ data, timing }: PollResult, now: number): number {
  const startedAt = Date.parse(String(data.submittedAt ?? timing?.startedAt));
  // The clock of another machine may be ahead.
  return Number.isNaN(startedAt) ? now : Math.min(startedAt, now);
}

/**
 * Outcome, reason and summary of the whole follow from its photos, as truth-poll makes them: what was inconclusive for
 * another reason than a photo's stays so.
 * @param result as it came
 * @param photos as they were judged, in the same order
 * @returns the result with these photos
 */
export function withPhotos(result: PollResult, photos: ReportedPhoto[]): PollResult {
  const count = (outcome: Outcome) => photos.filter((photo) => photo.outcome === outcome).length;
  const summary = {
    total: photos.length,
    passed: count('passed'),
    failed: count('failed'),
    inconclusive: count('inconclusive'),
  };
  const outcome = outcomeOf(result.outcome, summary);
  const { tasks, whole } = result.data;
  const shared = sharedReason(photos, reasonsWithoutPhoto(tasks, photos, result.reason));
  // Where a task without a photo has kept the whole from passing, the reason of photos that passed is not its own.
  const reason = summary.passed > 0 && outcome !== 'passed' ? null : shared;
  const data: PollData = { ...result.data, photos, summary };
  if (isWhole(whole)) data.whole = wholeWith(whole, result.data.photos, photos);
  return { ...result, outcome, reason, data };
}

/** An empty list is no verdict. */
function outcomeOf(before: unknown, { total, passed, failed }: Summary): Outcome {
  if (failed > 0) return 'failed';
  return before === 'passed' && total > 0 && passed === total ? 'passed' : 'inconclusive';
}

function sharedReason(photos: readonly ReportedPhoto[], others: readonly (string | null)[]): string | null {
  const reasons = new Set([...photos.map(({ reason }) => reason), ...others]);
  return reasons.size === 1 ? [...reasons][0]! : null;
}

/** @returns of each task that has ended without a photo its reason, null where it has none */
function reasonsWithoutPhoto(
  tasks: unknown,
  photos: readonly ReportedPhoto[],
  reasonOfAll: string | null,
): (string | null)[] {
  const reported = new Set<unknown>(photos.map(({ taskId }) => taskId));
  return (Array.isArray(tasks) ? tasks : [])
    .filter(isObject)
    .filter(
      ({ taskId, photoUrls }) => !(Array.isArray(photoUrls) && photoUrls.length) && !reported.has(taskId),
    )
    .flatMap(({ status }) => {
      const reason = REASONS_BY_STATUS[String(status)] ?? null;
      // Where all of a result shares a reason, no task of it can have been without one: its photo was taken out since.
      return reason === null && reasonOfAll !== null ? [] : [reason];
    });
}

/** A message of a sequence (`split`) knows of the other photos how many there are of each outcome. */
function wholeWith(whole: Whole, before: readonly ReportedPhoto[], photos: readonly ReportedPhoto[]): Whole {
  const summary = { ...whole.summary };
  let isChanged = false;
  for (const [index, { outcome, reason }] of photos.entries()) {
    const former = before[index]!;
    summary[former.outcome]--;
    summary[outcome]++;
    isChanged ||= reason !== former.reason;
  }
  if (!isChanged) return whole;
  const reason = summary.total === photos.length ? sharedReason(photos, []) : null;
  return { ...whole, outcome: outcomeOf(whole.outcome, summary), reason, summary };
}

function parsed(text: string): unknown {
  try {
    return text.length > LONGEST_JSON ? null : parseJsonText(text);
  } catch {
    throw new VerifyError('INPUT', 'not-a-poll-result');
  }
}

/** A rule must not take what it cannot read for something that is missing. */
function isPhoto(value: unknown): value is ReportedPhoto {
  if (!isObject(value)) return false;
  const { outcome, reason, taskId, url, takenAt, address, antiFakeCode, location } = value;
  const isText = (text: unknown) => text === null || typeof text === 'string';
  return (
    OUTCOMES.has(outcome) &&
    typeof reason === 'string' &&
    typeof taskId === 'string' &&
    [url, takenAt, address, antiFakeCode].every(isText) &&
    (location === null ||
      (isObject(location) &&
        isCoordinates(location.gcj02) &&
        (location.wgs84 === null || isCoordinates(location.wgs84))))
  );
}

function isWhole(value: unknown): value is Whole {
  if (!isObject(value) || !isObject(value.summary)) return false;
  const { total, passed, failed, inconclusive } = value.summary;
  return [total, passed, failed, inconclusive].every(Number.isSafeInteger);
}

function isCoordinates(value: unknown): value is Coordinates {
  return isObject(value) && Number.isFinite(value.lat) && Number.isFinite(value.lng);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
