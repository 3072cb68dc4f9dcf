/**
 * Brings what tasks reported into the order the photos were submitted in, and says so where nothing was reported: a
 * verdict is never guessed (docs/contract.md, "Result", `matchedBy`; docs/providers/xhey.md, "Not documented, to be survived").
 */
import type { Outcome } from '../../contract/result';
import { SLICE, type Sliced } from '../../input/slices';
import { isUnreported, type ReportedPhoto, unreportedPhoto } from './photo';
import { batchOf, type PolledTask } from './tasks';

/**
 * @param tasks all that were asked for
 * @returns every photo that something can be said of; photos that nobody submitted come last
 */
export function* assemble(tasks: readonly PolledTask[]): Sliced<ReportedPhoto[]> {
  const assembled: Matched[] = [];
  for (const batch of batches(tasks)) assembled.push(yield* match(batch[0]!, batch));
  return [...assembled.flatMap(({ matched }) => matched), ...assembled.flatMap(({ left }) => left)];
}

/** Tasks that one batch was answered with share its photos; all others have their own. */
export function batches(tasks: readonly PolledTask[]): PolledTask[][] {
  return [...Map.groupBy(tasks, batchOf).values()];
}

interface Matched {
  matched: ReportedPhoto[];
  /** Those that nobody submitted. */
  left: ReportedPhoto[];
}

/**
 * Each address once, as it was submitted; a photo that was given twice is reported twice. Of a task that was created
 * for more photos than the message asked for, the others are nobody's here.
 */
function* match({ photoUrls, names }: PolledTask, tasks: readonly PolledTask[]): Sliced<Matched> {
  const left = new Set(
    tasks.flatMap(({ status, photos }) => (status === 'revoked' ? photos.map(revoke) : photos)),
  );
  const places = new Map<string, ReportedPhoto | undefined>(photoUrls.map((url) => [url, undefined]));
  // Photos of the task that this message does not name may be as similar to a reported one as those that it names.
  const isPartial = tasks.some(({ partial }) => partial);
  byAddress(places, left);
  yield* bySimilarAddress(places, left, isPartial ? [decoded] : LIKENESSES);
  if (tasks.length === 1 && !isPartial) byPosition(places, left, tasks[0]!);
  if (tasks.every(({ status }) => status !== 'waiting')) {
    for (const [url, photo] of places) if (!photo) places.set(url, silence(url, tasks));
  }
  const others = isPartial ? [] : [...left];
  const matched = photoUrls.flatMap((url, index) => {
    const photo = places.get(url);
    const name = names?.[index];
    return photo ? [name ? { ...photo, name } : photo] : [];
  });
  return { matched, left: others };
}

/** From the worst on. */
const VERDICTS: readonly Outcome[] = ['failed', 'inconclusive', 'passed'];

/** Of an address that was reported with two verdicts the worse one counts, and nothing is said of the better one. */
function byAddress(places: Map<string, ReportedPhoto | undefined>, left: Set<ReportedPhoto>): void {
  for (const photo of left) {
    const { url } = photo;
    if (url === null || !places.has(url)) continue;
    const before = places.get(url);
    if (before?.outcome === photo.outcome) continue;
    left.delete(photo);
    if (before && VERDICTS.indexOf(before.outcome) < VERDICTS.indexOf(photo.outcome)) continue;
    // What an earlier truth-poll matched is carried with the way it did.
    places.set(url, { ...photo, matchedBy: photo.matchedBy ?? (isUnreported(photo) ? null : 'address') });
  }
}

/** An address taken apart; null where it is not an address. */
type Parts = Pick<URL, 'origin' | 'pathname' | 'search' | 'hash'> | null;

/** What is the same in two addresses that are alike. */
type Likeness = (parts: NonNullable<Parts>) => string;

/** Equal but for the host's case and percent-encoding. */
const decoded: Likeness = ({ origin, pathname, search, hash }) => origin + decode(pathname + search + hash);

/** `+` and `%20` are a space too. */
const spaced = ({ origin, pathname }: NonNullable<Parts>, rest: string) =>
  origin + decode((pathname + rest).replaceAll('+', ' '));

/** One has a query and the other has none; two queries that differ may well name two photos. */
const withoutQuery: Likeness = (parts) => spaced(parts, '');

/** From the likest on. */
const LIKENESSES: readonly Likeness[] = [
  decoded,
  (parts) => spaced(parts, parts.search + parts.hash),
  (parts) => spaced(parts, parts.search),
  withoutQuery,
];

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Only where a single submitted and a single reported address are alike; among several, which is which is a guess. */
function* bySimilarAddress(
  places: Map<string, ReportedPhoto | undefined>,
  left: Set<ReportedPhoto>,
  likenesses: readonly Likeness[],
): Sliced<void> {
  // Nearly every task: there is nothing to be found any more.
  if (left.size === 0 || [...places.values()].every(Boolean)) return;
  // A message has a hundred such tasks, or one with a thousand long addresses.
  yield;
  const parts = new Map<string, Parts>();
  for (const url of places.keys()) parts.set(url, partsOf(url));
  for (const { url } of left) if (url !== null) parts.set(url, partsOf(url));
  for (const likeness of likenesses) {
    const keys = yield* keysOf(parts, likeness);
    const submitted = Map.groupBy(places.keys(), (url) => keys.get(url) ?? null);
    const reported = Map.groupBy(left, ({ url }) => (url === null ? null : (keys.get(url) ?? null)));
    for (const [key, photos] of reported) {
      const [url, ...more] = submitted.get(key) ?? [];
      if (key === null || url === undefined || more.length > 0 || photos.length > 1 || places.get(url))
        continue;
      const both = [url, photos[0]!.url!].map((each) => parts.get(each)!);
      if (likeness === withoutQuery && both.every(({ search }) => search !== '')) continue;
      left.delete(photos[0]!);
      places.set(url, { ...photos[0]!, url, matchedBy: 'similar-address' });
    }
  }
}

/** @returns what each address has in common with those that are like it; nothing for what is no address */
function* keysOf(parts: ReadonlyMap<string, Parts>, likeness: Likeness): Sliced<Map<string, string>> {
  const keys = new Map<string, string>();
  let looked = 0;
  for (const [url, of] of parts) {
    if (of) keys.set(url, likeness(of));
    looked += url.length;
    if (looked < SLICE) continue;
    looked = 0;
    yield;
  }
  return keys;
}

function partsOf(url: string): Parts {
  return URL.canParse(url) ? new URL(url) : null;
}

/** Only where the provider gave no address at all, and as many photos as were submitted. */
function byPosition(
  places: Map<string, ReportedPhoto | undefined>,
  left: Set<ReportedPhoto>,
  { status, photos }: PolledTask,
): void {
  if (status !== 'finished' || photos.length !== places.size || photos.some(({ url }) => url !== null))
    return;
  left.clear();
  for (const [index, url] of [...places.keys()].entries())
    places.set(url, { ...photos[index]!, url, matchedBy: 'position' });
}

/** A revoked or unknown task says more about a photo than that it was not reported. */
function silence(url: string, tasks: readonly PolledTask[]): ReportedPhoto {
  const revoked = tasks.find(({ status }) => status === 'revoked');
  const unknown = tasks.find(({ status }) => status === 'unknown');
  const reason = revoked ? 'revoked' : unknown ? 'unknown-task' : 'not-reported';
  return unreportedPhoto(url, (revoked ?? unknown ?? tasks[0]!).taskId, reason);
}

function revoke(photo: ReportedPhoto): ReportedPhoto {
  return { ...unreportedPhoto(photo.url, photo.taskId, 'revoked'), matchedBy: photo.matchedBy };
}
