/** Tasks as messages carry them: docs/contract.md, "Action nodes", truth-poll, and "Result", `data.tasks`. */
import { VerifyError } from '../../contract/errors';
import type { Environment } from '../../contract/result';
import { isObject, parseJson } from '../../http/json';
import { isTooMuchJson } from '../../input/json-text';
import { MOST_PHOTOS, tooManyPhotos } from '../../input/most-photos';
import { readTaskId } from '../../input/task-id';
import { textInBytes } from '../../input/text';
import type { ReportedPhoto } from './photo';
import type { Task } from './truth-create';

/** How a task stands: docs/contract.md, "Result". */
export type TaskStatus = 'waiting' | 'finished' | 'revoked' | 'unknown';

/** docs/providers/xhey.md, "POST /v2/truth_build/query", `taskStatus`. */
export const TASK_STATUSES: ReadonlyMap<number, Exclude<TaskStatus, 'unknown'>> = new Map([
  [1, 'waiting'],
  [2, 'waiting'],
  [5, 'finished'],
  [6, 'revoked'],
]);

/** A task that was asked for, with what was reported of it; plain JSON. */
export interface PolledTask extends Task {
  /** Empty where nobody said which photos it was created for. */
  photoUrls: string[];
  status: TaskStatus;
  /** In the order the provider reported them, without those in progress. */
  photos: ReportedPhoto[];
}

/**
 * @param task of a message
 * @returns what it has in common with the others of its batch: their photos too, or it is not one of them
 */
export function batchOf({ taskId, batch, photoUrls }: Omit<PolledTask, 'photos' | 'status'>): string {
  return batch === undefined ? taskId : JSON.stringify([batch, photoUrls]);
}

/**
 * A task may come twice, each time with other photos of it: those of an earlier message are found one by one, and flows
 * join what they split.
 * @param task as it came first
 * @param other the same task
 * @returns it with the photos of both; not all of its photos where either has not all
 */
function mergedTask(task: Task, other: Task): Task {
  const known = new Set(task.photoUrls);
  const added = other.photoUrls.flatMap((url, index) =>
    known.has(url) ? [] : [{ url, name: other.names?.[index] ?? null }],
  );
  const photoUrls = [...task.photoUrls, ...added.map(({ url }) => url)];
  const names = [...(task.names ?? task.photoUrls.map(() => null)), ...added.map(({ name }) => name)];
  return {
    ...task,
    photoUrls,
    ...(names.some((name) => name !== null) ? { names } : {}),
    ...(task.partial || other.partial ? { partial: true } : {}),
  };
}

/** More than any message has; an array of millions is refused before it is looked through. */
const MOST_TASKS = 10_000;
/** docs/providers/xhey.md, "POST /v2/truth_build/create": public clients send at most 10 photos a task. */
const MOST_REPORTED = 10 * MOST_TASKS;

/**
 * Reads what truth-create or truth-poll sent, or bare task ids.
 * @param value a task id, an array of them, an object with `data.taskIds` or `taskIds`, tasks themselves, what the provider
 *   answered, or any of these as JSON text
 * @param environment of the account; null where there is none
 * @param repaired takes the field's name where an id had to be mended
 * @returns every task the message knows of: those to be queried are `waiting`, the others as the message claims; and
 *   the seal that comes with it, and when it says that the photos were submitted
 * @throws VerifyError INPUT, for more photos than one truth-create takes too; CONFIG for a result of the sandbox that comes
 *   to an account of the provider, or the other way round: the same id may be another task there
 */
export function readTasks(
  value: unknown,
  environment: Environment | null,
  repaired: Set<string>,
): { tasks: PolledTask[]; seal: unknown; submittedAt: string | undefined } {
  const result = readJsonText(value);
  const source = sourceOf(result);
  const from = isObject(result) ? result.environment : undefined;
  if (environment !== null && isEnvironment(from) && (from === 'sandbox') !== (environment === 'sandbox'))
    throw new VerifyError('CONFIG', 'task-other-environment', {}, { charged: false });
  const given = idsIn(source);
  if (given.length === 0) throw new VerifyError('INPUT', 'no-tasks', { field: 'task' });
  if (given.length > MOST_TASKS) throw new VerifyError('INPUT', 'too-many-tasks', { most: MOST_TASKS });
  const toQuery = new Set<string>();
  for (const [index, id] of given.entries()) toQuery.add(readTaskId(id, index + 1, repaired));

  const tasks = new Map<string, PolledTask>();
  const counted = new Set<string>();
  let photoCount = 0;
  const enter = (status: TaskStatus, { taskId, photoUrls, names, batch, partial, reusedAt }: Task) => {
    const task = {
      taskId,
      photoUrls: [...photoUrls],
      ...(isNames(names, photoUrls.length) ? { names: [...names] } : {}),
      ...(batch ? { batch } : {}),
      ...(partial === true ? { partial } : {}),
      ...(typeof reusedAt === 'string' ? { reusedAt } : {}),
    };
    const before = tasks.get(taskId);
    tasks.set(taskId, before ? { ...before, ...mergedTask(before, task) } : { ...task, status, photos: [] });
  };
  for (const each of first(source.tasks, MOST_TASKS)) {
    if (!isTask(each)) continue;
    const photosOf = JSON.stringify([each.batch ?? each.taskId, each.photoUrls]);
    if (!counted.has(photosOf)) photoCount += each.photoUrls.length;
    if (photoCount > MOST_PHOTOS) throw tooManyPhotos();
    counted.add(photosOf);
    if (toQuery.has(each.taskId)) enter('waiting', each);
    else if (isEnd(each.status)) enter(each.status, each);
  }
  for (const taskId of toQuery) if (!tasks.has(taskId)) enter('waiting', { taskId, photoUrls: [] });
  for (const photo of first(source.photos, MOST_REPORTED)) {
    if (!isPhoto(photo)) continue;
    if (!tasks.has(photo.taskId) && tasks.size < MOST_TASKS)
      enter('finished', { taskId: photo.taskId, photoUrls: [] });
    const task = tasks.get(photo.taskId);
    if (task && task.status !== 'waiting') task.photos.push(photo);
  }
  const submittedAt = typeof source.submittedAt === 'string' ? source.submittedAt : undefined;
  return { tasks: [...tasks.values()], seal: source.seal, submittedAt };
}

function sourceOf(value: unknown): Record<string, unknown> {
  let source = value;
  // A result has its tasks in `data`, and the provider's answer in one more.
  for (let level = 0; level < 2 && isObject(source) && !hasTasks(source); level++) {
    if (typeof source.data !== 'object' || source.data === null) break;
    source = source.data;
  }
  if (Array.isArray(source)) return { taskIds: source, tasks: source };
  if (!isObject(source)) return { taskIds: source };
  return 'taskId' in source ? { taskId: source.taskId, tasks: [source] } : source;
}

function hasTasks(value: Record<string, unknown>): boolean {
  return 'taskIds' in value || 'tasks' in value;
}

/** Of a message that has tasks, or what the provider said of them, but no ids beside: theirs. */
function idsIn({ taskIds, tasks, taskId, taskID }: Record<string, unknown>): unknown[] {
  const ids = taskIds ?? taskId ?? taskID ?? tasks;
  if (ids === undefined || ids === null) return [];
  return first(Array.isArray(ids) ? ids : [ids], MOST_TASKS + 1).map(idOf);
}

function idOf(task: unknown): unknown {
  return isObject(task) ? (task.taskId ?? task.taskID) : task;
}

function isEnvironment(value: unknown): value is Environment {
  return value === 'sandbox' || value === 'custom' || value === 'production';
}

function first(value: unknown, most: number): unknown[] {
  return Array.isArray(value) ? value.slice(0, most) : [];
}

function isEnd(status: unknown): status is TaskStatus {
  return status === 'finished' || status === 'revoked' || status === 'unknown';
}

function isTask(value: unknown): value is Task & { status?: TaskStatus } {
  if (!isObject(value) || typeof value.taskId !== 'string' || !Array.isArray(value.photoUrls)) return false;
  if (value.photoUrls.length > MOST_PHOTOS) throw tooManyPhotos();
  return (
    value.photoUrls.every((url) => typeof url === 'string') &&
    ['string', 'undefined'].includes(typeof value.batch)
  );
}

function isNames(value: unknown, length: number): value is (string | null)[] {
  if (!Array.isArray(value) || value.length !== length) return false;
  return value.every((name) => name === null || typeof name === 'string');
}

/** A photo that an earlier truth-poll reported. */
function isPhoto(value: unknown): value is ReportedPhoto {
  if (!isObject(value) || typeof value.taskId !== 'string') return false;
  return value.outcome === 'passed' || value.outcome === 'failed' || value.outcome === 'inconclusive';
}

const JSON_TEXT = /^\s*[[{"]/;
/** A hundred thousand task ids with their photos; what is longer is not looked into. */
const LONGEST = 16 * 1024 * 1024;

/**
 * A text that is JSON is read as JSON, as MQTT brings it, in a Buffer too: docs/contract.md, "What an input may look like",
 * Task id.
 * @param value as a message has it
 * @returns what the JSON says, its long ids exact; anything else as it came
 */
function readJsonText(value: unknown): unknown {
  const text = textInBytes(value, LONGEST);
  if (typeof text !== 'string' || text.length > LONGEST || !JSON_TEXT.test(text.slice(0, 64))) return text;
  try {
    return isTooMuchJson(text) ? text : parseJson(text.trim(), Number.POSITIVE_INFINITY);
  } catch {
    return text;
  }
}
