/** Tasks of the sandbox: docs/providers/xhey.md, "POST /v2/truth_build/create" and "POST /v2/truth_build/query". */

import { isObserved, type Reason, type SandboxAnswer, type SandboxWorld } from '../../contract/sandbox-half';
import { isObject } from '../../http/json';
import { refused, success } from './sandbox-answer';
import { beginLook, look, photoItem, specialText, unfinishedItem } from './sandbox-photo';

const MOST_PHOTOS = 10;
/** Older tasks are forgotten. */
const MOST_TASKS = 20_000;
/** docs/providers/xhey.md: `taskStatus`. */
const NOT_STARTED = 1;
const IN_PROGRESS = 2;
const FINISHED = 5;
const REVOKED = 6;
const FIRST_TASK_ID = 1_916_812_048_797_600_000n;

/** docs/contract.md, "Sandbox": what the photos of a task can ask for. */
const CODE = /\/sandbox\/code-(\d{1,6})/;
const SLOW = /\/sandbox\/slow-(\d{1,6})/g;
const REVOKED_WORD = /\/sandbox\/revoked/;
const QUERY_CODE = /sandbox-query-code-(\d{1,6})/;
const QUERY_FAULT = /sandbox-query-(?:sandbox-)?(http-\d{3}|retry-after-\d{1,6}|timeout|reset|garbage)/g;

interface SandboxTask {
  photoUrls: string[];
  /** What chooses the answer to each, as `specialText` has it. */
  specials: string[];
  queries: number;
  /** What was found where the photos are; missing where nobody looks, null while somebody does. */
  found?: (number | null)[];
}

interface Store {
  created: number;
  tasks: Record<string, SandboxTask>;
}

/**
 * @param fetching whether the photos are downloaded
 * @param names of the photos' files before they were uploaded, in their order, where they are known
 */
export function create(
  { photoUrlList }: Record<string, unknown>,
  world: SandboxWorld,
  fetching: boolean,
  names: readonly string[],
): SandboxAnswer {
  const wrong = wrongInPhotoList(photoUrlList);
  if (wrong) return refused(world, 400, wrong);
  const photoUrls = photoUrlList as string[];
  const paidFor = photoUrls.join(' ');
  const specials = photoUrls.map((url, index) => specialText(url, names[index] ?? ''));
  const text = specials.join(' ');
  const fault = world.faultIn(text.replace(QUERY_FAULT, '')) ?? codeIn(text, CODE, world);
  if (fault) return { ...fault, paidFor };

  const store = storeOf(world);
  const taskID = taskId(store.created++);
  const task: SandboxTask = { photoUrls, specials, queries: 0 };
  store.tasks[taskID] = task;
  delete store.tasks[taskId(store.created - 1 - MOST_TASKS)];
  if (fetching) beginLook(task, world);
  world.changed();
  const tasks = [{ taskID }];
  const data = isObserved(world, taskID) ? { data: tasks, status: 0, msg: '' } : tasks;
  return { ...success(world, { data }), paidFor };
}

export function query({ taskID }: Record<string, unknown>, world: SandboxWorld): SandboxAnswer {
  if (typeof taskID !== 'string' || taskID === '')
    return refused(world, 400, {
      en: 'taskID is a text: 19 digits in a JSON number do not arrive exact.',
      zh: 'taskID 须为字符串：19 位数字写成 JSON 数值会丢失精度。',
    });
  const { tasks } = storeOf(world);
  const task = Object.hasOwn(tasks, taskID) ? tasks[taskID] : undefined;
  if (!isTask(task))
    return refused(world, 404, {
      en: `No such task: it was not created here, or forgotten with a reset or after ${MOST_TASKS} newer ones.`,
      zh: `没有该任务：不是在此创建的，或已被清除，或其后已有 ${MOST_TASKS} 个更新的任务。`,
    });
  const text = task.specials.join(' ');
  const faults = Array.from(text.matchAll(QUERY_FAULT), ([, word]) => `sandbox-${word}`);
  const fault = world.faultIn(faults.join(' ')) ?? codeIn(text, QUERY_CODE, world);
  if (fault) return fault;

  look(task, world);
  task.queries++;
  world.changed();
  const observed = isObserved(world, taskID);
  const taskStatus = statusOf(task, text);
  const list = taskStatus === REVOKED ? [] : itemsOf(task, taskStatus === FINISHED, world.now(), observed);
  const fields = { taskStatus, list };
  return success(world, observed ? { data: { ...fields, status: 0, msg: '' } } : fields);
}

function itemsOf(
  { photoUrls, specials, found }: SandboxTask,
  isFinished: boolean,
  now: number,
  observed: boolean,
): Record<string, unknown>[] {
  return photoUrls.map((url, index) =>
    isFinished
      ? photoItem(url, specials[index]!, found?.[index] ?? null, now, observed)
      : unfinishedItem(url),
  );
}

function statusOf({ queries, found }: SandboxTask, text: string): number {
  if (REVOKED_WORD.test(text)) return REVOKED;
  const slowest = Math.max(0, ...Array.from(text.matchAll(SLOW), ([, queries]) => Number(queries)));
  if (queries >= slowest && !found?.includes(null)) return FINISHED;
  return queries === 1 ? NOT_STARTED : IN_PROGRESS;
}

function codeIn(text: string, special: RegExp, world: SandboxWorld): SandboxAnswer | null {
  const code = special.exec(text)?.[1];
  return code === undefined
    ? null
    : refused(world, Number(code), {
        en: `Asked for by a special value: code-${code}.`,
        zh: `由特殊值 code-${code} 指定。`,
      });
}

/** @returns a reason, or null */
function wrongInPhotoList(value: unknown): Reason | null {
  if (!Array.isArray(value))
    return { en: 'photoUrlList is a list of texts.', zh: 'photoUrlList 须为字符串数组。' };
  if (value.length === 0 || value.length > MOST_PHOTOS)
    return {
      en: `photoUrlList has 1 to ${MOST_PHOTOS} addresses, not ${value.length}.`,
      zh: `photoUrlList 须有 1 到 ${MOST_PHOTOS} 个地址，收到 ${value.length} 个。`,
    };
  const wrong = value.findIndex(
    (url) => typeof url !== 'string' || !URL.canParse(url) || !/^https?:/i.test(url),
  );
  return wrong === -1
    ? null
    : {
        en: `photoUrlList takes http and https addresses only; number ${wrong + 1} is something else.`,
        zh: `photoUrlList 须为 http 或 https 地址，第 ${wrong + 1} 个不是。`,
      };
}

function taskId(created: number): string {
  return String(FIRST_TASK_ID + BigInt(created));
}

function storeOf({ store }: SandboxWorld): Store {
  return isStore(store) ? store : Object.assign(store, { created: 0, tasks: {} });
}

function isStore(store: object): store is Store {
  return (
    'created' in store && Number.isSafeInteger(store.created) && 'tasks' in store && isObject(store.tasks)
  );
}

/** What another version of the sandbox kept, or somebody changed, is no task. */
function isTask(task: unknown): task is SandboxTask {
  if (!isObject(task)) return false;
  const { photoUrls, specials, queries } = task;
  return Array.isArray(photoUrls) && Array.isArray(specials) && Number.isSafeInteger(queries);
}
