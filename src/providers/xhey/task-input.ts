import { VerifyError } from '../../errors';
import { isObject } from '../../http/json';
import { readTaskId } from '../../input/task-id';
import type { TaskState } from './assemble';
import { readJsonText } from './json-text';
import type { Photo } from './photo';
import type { Task } from './truth-create';

/** What a message says about tasks. */
export interface KnownTasks {
  /** To be asked after. */
  taskIds: string[];
  /** With the photos they were created for, in the order they were submitted. */
  tasks: Task[];
  /** All tasks of the message, those finished before too, by id. */
  states: Map<string, TaskState>;
}

/**
 * Reads what truth-create or truth-poll sent, or bare task ids: CONTRACT, "Action nodes", truth-poll.
 * @param given a task id, an array of them, or an object with `data.taskIds` or `taskIds`
 * @throws VerifyError INPUT
 */
export function readTasks(given: unknown): KnownTasks {
  const value = readJsonText(given);
  const source = isObject(value) ? (isObject(value.data) ? value.data : value) : { taskIds: value };
  const ids: unknown[] = Array.isArray(source.taskIds) ? source.taskIds : [source.taskIds ?? []].flat();
  if (ids.length === 0) throw new VerifyError('INPUT', 'no-tasks');
  const taskIds = [...new Set(Array.from(ids, (id, index) => readTaskId(id, index + 1, new Set())))];

  const carried = Array.isArray(source.photos) ? source.photos.filter(isPhoto) : [];
  const states = new Map<string, TaskState>();
  for (const { taskId } of carried) states.set(taskId, { taskId, status: 'finished', photos: [] });
  for (const taskId of taskIds) states.set(taskId, { taskId, status: 'waiting', photos: [] });
  for (const photo of carried) states.get(photo.taskId)!.photos.push(photo);

  const tasks = Array.isArray(source.tasks)
    ? source.tasks.filter(isTask).filter(({ taskId }) => states.has(taskId))
    : [];
  return { taskIds, tasks, states };
}

function isTask(value: unknown): value is Task {
  if (!isObject(value) || typeof value.taskId !== 'string' || !Array.isArray(value.photoUrls)) return false;
  return value.photoUrls.length > 0 && value.photoUrls.every((url) => typeof url === 'string');
}

/** A photo that an earlier truth-poll reported. */
function isPhoto(value: unknown): value is Photo {
  if (!isObject(value) || typeof value.taskId !== 'string') return false;
  return value.outcome === 'passed' || value.outcome === 'failed' || value.outcome === 'inconclusive';
}
