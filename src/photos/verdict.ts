/** A truth-poll's result under the rules of a flow. */
import { type PollResult, withPhotos } from './poll-result';
import { type Demands, identityOf, judged } from './rules';
import type { Seen } from './seen';

const DAY_MS = 86_400_000;

/**
 * @param result of truth-poll
 * @param demands of the message
 * @param seen remembers photos where that is demanded, and only those that passed so far
 * @returns the result with each photo judged; outcome, reason and summary follow
 * @throws VerifyError CONFIG where what is remembered cannot be read or written
 */
export async function applyRules(
  result: PollResult,
  demands: Demands,
  seen: Seen | null,
): Promise<PollResult> {
  const { photos } = result.data;
  const again =
    seen && demands.unseen
      ? await seenAgain(result, seen, demands.unseen.days, demands.now)
      : new Set<number>();
  return withPhotos(
    result,
    photos.map((photo, position) => judged(photo, demands, again.has(position))),
  );
}

/**
 * A photo comes again with its message, and is no other one then: it is known by its task and address.
 * @returns positions of those that another one was there before
 */
async function seenAgain(
  { provider, environment, data: { photos } }: PollResult,
  seen: Seen,
  days: number,
  now: number,
): Promise<Set<number>> {
  const times = new Map<string, number>();
  const met = photos.flatMap((photo, position) => {
    const identity = identityOf(photo);
    if (photo.outcome !== 'passed' || 'unknown' in identity) return [];
    // One address that was given twice is reported twice: the same photo twice in one message.
    const address = `${photo.taskId} ${photo.url ?? ''} ${identity.same}`;
    const time = (times.get(address) ?? 0) + 1;
    times.set(address, time);
    const where = `${provider} ${environment}`;
    return [{ position, same: `${where} ${identity.same}`, as: `${where} ${address} ${time}` }];
  });
  const gaps = await seen.meet(
    met.map(({ same, as }) => ({ same, photo: as })),
    now,
  );
  return new Set(met.flatMap(({ position }, index) => (gaps[index]! <= days * DAY_MS ? [position] : [])));
}
