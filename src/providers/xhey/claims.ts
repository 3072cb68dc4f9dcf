/**
 * What a message says of tasks that are over, and of when photos were submitted, is a claim until its seal is checked: docs/contract.md, "Action nodes",
 * truth-poll.
 */
import type { Environment } from '../../contract/result';
import type { ReportedPhoto } from './photo';
import type { PolledTask } from './tasks';

/** Of a photo, all that somebody could change to its advantage; the order is that of the seal. */
const PHOTO_FIELDS = [
  ...['url', 'name', 'outcome', 'reason', 'status', 'message', 'takenAt', 'takenAtText', 'address'],
  ...['antiFakeCode', 'matchedBy'],
] as const satisfies readonly (keyof ReportedPhoto)[];

/**
 * @param environment of the account that asked: what the sandbox says counts nowhere else
 * @param tasks whatever their status; those that wait claim nothing
 * @param photos of all of them, as they are in the result
 * @param submittedAt ISO 8601, when the photos of all these tasks were submitted, where that is claimed
 * @returns a text that is the same wherever the same is claimed, however JSON ordered it on the way
 */
export function claimText(
  environment: Environment | null,
  tasks: readonly Omit<PolledTask, 'photos'>[],
  photos: readonly ReportedPhoto[],
  submittedAt?: string,
): string {
  const claimOf = (photo: ReportedPhoto) => {
    const { gcj02, wgs84 } = photo.location ?? {};
    return [...PHOTO_FIELDS.map((name) => photo[name]), ...[gcj02?.lat, gcj02?.lng, wgs84?.lat, wgs84?.lng]];
  };
  const byTask = Map.groupBy(photos, ({ taskId }) => taskId);
  const over = tasks.filter(({ status }) => status !== 'waiting');
  const claims = over.map(({ taskId, status, photoUrls, names, batch, partial }) => [
    ...[taskId, status, photoUrls, names, batch, partial],
    (byTask.get(taskId) ?? []).map(claimOf),
  ]);
  const submission = submittedAt === undefined ? [] : [submittedAt, tasks.map(({ taskId }) => taskId)];
  return JSON.stringify([environment, claims, ...submission]);
}
