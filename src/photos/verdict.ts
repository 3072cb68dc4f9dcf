/** A truth-poll's result under the rules of a flow. */
import { type PollResult, submittedAt, withPhotos } from './poll-result';
import { identityOf, judged, type PhotoRules } from './rules';
import type { Seen, SeenPhoto } from './seen';

const DAY_MS = 86_400_000;

/**
 * @param result of truth-poll
 * @param rules of the message
 * @param seen remembers photos, where `unseen` is on; only photos that passed so far are remembered
 * @param now Unix milliseconds, when the message came
 * @returns the result with each photo judged; outcome, reason and summary follow
 * @throws VerifyError CONFIG where what is remembered cannot be read or written
 */
export async function applyRules(
  result: PollResult,
  rules: PhotoRules,
  seen: Seen | null,
  now: number,
): Promise<PollResult> {
  const { photos } = result.data;
  const repeated = seen && rules.unseen ? await repeatedIn(result, seen, rules.unseen.days) : new Set();
  const at = submittedAt(result, now);
  return withPhotos(
    result,
    photos.map((photo, position) =>
      judged(photo, rules, { submittedAt: at, isRepeated: repeated.has(position) }),
    ),
  );
}

/**
 * A photo comes again when its message does, and must not count as a copy of itself: its task and address tell. Where an
 * earlier message had paid for the task (`reuse`), when this one was given it tells the two apart.
 * @returns positions of those that another photo with the same identity came before
 */
async function repeatedIn(
  { provider, environment, data: { photos, tasks } }: PollResult,
  seen: Seen,
  days: number,
): Promise<ReadonlySet<number>> {
  const times = new Map<string, number>();
  const reusedAt = new Map((Array.isArray(tasks) ? tasks : []).map((task) => [task?.taskId, task?.reusedAt]));
  const positions: number[] = [];
  const given: SeenPhoto[] = [];
  for (const [position, photo] of photos.entries()) {
    const identity = identityOf(photo);
    if (photo.outcome !== 'passed' || 'unknown' in identity) continue;
    const task = `${photo.taskId} ${reusedAt.get(photo.taskId) ?? ''}`;
    const address = `${task} ${photo.url ?? ''} ${identity.text}`;
    // An address that was given twice is submitted once and reported twice: it is one photo. Without one, each is another.
    const time = photo.url === null ? (times.get(address) ?? 0) + 1 : 1;
    times.set(address, time);
    const where = `${provider} ${environment}`;
    positions.push(position);
    given.push({ identity: `${where} ${identity.text}`, photo: `${where} ${address} ${time}` });
  }
  const gaps = await seen.recordAndCheck(given, days);
  return new Set(positions.filter((_, index) => (gaps[index] ?? Number.POSITIVE_INFINITY) <= days * DAY_MS));
}
