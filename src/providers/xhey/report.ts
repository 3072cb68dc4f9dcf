/** The result of truth-poll: docs/contract.md, "Result". */
import type { Cause } from '../../contract/errors';
import type { Answer, Outcome, Result } from '../../contract/result';
import type { Sliced } from '../../input/slices';
import { assemble, batches } from './assemble';
import type { ReportedPhoto } from './photo';
import type { PolledTask, TaskStatus } from './tasks';
import type { Task } from './truth-create';

interface Summary {
  total: number;
  passed: number;
  failed: number;
  inconclusive: number;
}

/** docs/contract.md, "Result", `data` of truth-poll. */
export interface PollData {
  [name: string]: unknown;
  /** ISO 8601: when truth-poll first got these tasks; where they are not finished, or another truth-poll had them before. */
  submittedAt?: string;
  /** Vouches for the tasks that are over and for their photos; null where there is no secret, missing with `split`. */
  seal?: string | null;
  taskIds: string[];
  tasks: (Task & { status: TaskStatus })[];
  photos: ReportedPhoto[];
  summary: Summary;
  /** With `split`: of all photos. */
  whole?: { outcome: Outcome; reason: string | null; summary: Summary };
  /** The provider's clock at the latest answer, ISO 8601; null where it did not say. */
  providerTime: string | null;
  repaired: string[];
  lastError?: Cause;
}

/** What is known of the tasks of a message. */
interface Findings {
  tasks: readonly PolledTask[];
  repaired: readonly string[];
  /** Of the latest answer, empty where there was none. */
  code: string;
  message: string;
  providerTime: string | null;
  /** Why the latest query of a task failed; undefined where none did. */
  lastError: Cause | undefined;
  raw: readonly unknown[];
}

/** Of a photo, all that somebody could change to its advantage; the order is that of the seal. */
const PHOTO_FIELDS = [
  ...['url', 'name', 'outcome', 'reason', 'status', 'message', 'takenAt', 'takenAtText', 'address'],
  ...['antiFakeCode', 'matchedBy'],
] as const satisfies readonly (keyof ReportedPhoto)[];

/**
 * @param findings of all tasks of a message
 * @returns the answer; `unfinished` as long as any task waits
 */
export function* report(findings: Findings): Sliced<Answer<PollData>> {
  const { tasks, repaired, code, message, providerTime, lastError, raw } = findings;
  const open = tasks.filter(({ status }) => status === 'waiting').map(({ taskId }) => taskId);
  const photos = yield* assemble(tasks);
  const bare = withoutPhotos(tasks);
  const summary = summaryOf(photos);
  const reasons = new Set([...photos.map(({ reason }) => reason), ...bare.map(reasonOf)]);
  return {
    outcome: open.length > 0 ? 'unfinished' : outcomeOf(summary, tasks, bare.length),
    reason: open.length === 0 && reasons.size === 1 ? [...reasons][0]! : null,
    code: code || (lastError?.providerCode ?? ''),
    message: message || (lastError?.providerMessage ?? ''),
    requestId: null,
    charged: null,
    data: {
      taskIds: open.length > 0 ? open : tasks.map(({ taskId }) => taskId),
      tasks: tasks.map(({ photos: _photos, ...task }) => task),
      photos,
      summary,
      providerTime,
      repaired: [...repaired],
      ...(open.length > 0 && lastError ? { lastError } : {}),
    },
    raw: raw.length === 1 ? raw[0] : raw,
  };
}

/**
 * docs/contract.md, "Action nodes", `split`: one result a photo, each with that photo and its task alone, as Node-RED
 * copies each of them; the first has the provider's answer. One that has no photo stays one.
 * @param result of a truth-poll
 */
export function splitPhotos(result: Result): Result[] {
  const { raw, ...bare } = result;
  const { outcome, reason } = bare;
  const { seal, ...data } = result.data as PollData;
  const whole = { outcome, reason, summary: data.summary };
  if (data.photos.length === 0) return [{ ...result, data: { ...data, whole } }];
  const tasks = new Map(data.tasks.map((task) => [task.taskId, task]));
  return data.photos.map((photo, index) => {
    const { taskId, url } = photo;
    const before = tasks.get(taskId);
    // Asked for again, it must not become another photo of its task.
    const isPartial = !(before?.photoUrls.length === 1 && before.photoUrls[0] === url && !before.partial);
    const task = {
      taskId,
      photoUrls: url === null ? [] : [url],
      status: before?.status ?? 'finished',
      ...(isPartial ? { partial: true as const } : {}),
      ...(before?.reusedAt ? { reusedAt: before.reusedAt } : {}),
    };
    return {
      ...bare,
      outcome: photo.outcome,
      reason: photo.reason,
      data: {
        ...data,
        taskIds: [taskId],
        tasks: [task],
        photos: [photo],
        summary: summaryOf([photo]),
        whole,
      },
      ...(index === 0 && 'raw' in result ? { raw } : {}),
    };
  });
}

function summaryOf(photos: readonly ReportedPhoto[]): Summary {
  const count = (outcome: Outcome) => photos.filter((photo) => photo.outcome === outcome).length;
  return {
    total: photos.length,
    passed: count('passed'),
    failed: count('failed'),
    inconclusive: count('inconclusive'),
  };
}

/** A task that was revoked, is not known or has no photo is no ground to pass anything. */
function outcomeOf({ total, passed, failed }: Summary, tasks: readonly PolledTask[], bare: number): Outcome {
  if (failed > 0) return 'failed';
  const allFinished = tasks.every(({ status }) => status === 'finished');
  return total > 0 && passed === total && allFinished && bare === 0 ? 'passed' : 'inconclusive';
}

/** Tasks that ended without a photo, reported or submitted; those of one batch share theirs. */
function withoutPhotos(tasks: readonly PolledTask[]): PolledTask[] {
  return batches(tasks)
    .filter((batch) => batch.every(({ photos, photoUrls }) => photos.length === 0 && photoUrls.length === 0))
    .flat()
    .filter(({ status }) => status !== 'waiting');
}

function reasonOf({ status }: PolledTask): string | null {
  if (status === 'revoked') return 'revoked';
  return status === 'unknown' ? 'unknown-task' : null;
}

/**
 * What a message says of tasks that are over, and of when photos were submitted, is a claim until its seal is checked:
 * docs/contract.md, "Action nodes", truth-poll.
 * @param place of the account that asked: what the sandbox says, or another base URL, counts nowhere else
 * @param tasks whatever their status; those that wait claim nothing
 * @param photos of all of them, as they are in the result
 * @param submittedAt ISO 8601, when the photos of all these tasks were submitted, where that is claimed
 * @returns a text that is the same wherever the same is claimed, however JSON ordered it on the way
 */
export function claimText(
  place: string,
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
  const claims = over.map(({ taskId, status, photoUrls, names, batch, partial, reusedAt }) => [
    ...[taskId, status, photoUrls, names, batch, partial, reusedAt],
    (byTask.get(taskId) ?? []).map(claimOf),
  ]);
  const submission = submittedAt === undefined ? [] : [submittedAt, tasks.map(({ taskId }) => taskId)];
  return JSON.stringify([place, claims, ...submission]);
}
