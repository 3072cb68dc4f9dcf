/** xhey's half of the sandbox, made from xhey.md: what the provider checks, it checks. */
import { timingSafeEqual } from 'node:crypto';
import { isObject, parseObject } from '../../http/json';
import { isWholePicture } from '../../input/picture';
import type { SandboxAnswer, SandboxHalf, SandboxRequest, SandboxWorld } from '../../sandbox-half';
import { sign } from './client';
import { FETCHING } from './sandbox-path';

/** How far a clock may be off: CONTRACT, "Sandbox". */
const CLOCK_SECONDS = 900;
const MOST_PHOTOS = 10;
/** Older tasks are forgotten. */
const MOST_TASKS = 20_000;
const FIRST_TASK_ID = 1_916_812_048_797_600_000n;

/** xhey.md, the table of a photo's `status`. */
const VERIFIED = 0;
const UNREACHABLE = -2306;
const NO_PICTURE = -2307;

/** CONTRACT, "Sandbox": an address that chooses its answer is not downloaded. */
const SPECIAL = /\/sandbox\/(?:-?\d+(?:\/|$)|slow-|revoked)|sandbox-query-/;

const QUERY_FAULT = /sandbox-query-(?:sandbox-)?(http-\d{3}|timeout|reset|garbage)/g;

interface SandboxTask {
  photoUrls: string[];
  queries: number;
  /** What was found where the photos are; missing where nobody looks, null while somebody does. */
  found?: (number | null)[];
}

interface Store {
  created: number;
  tasks: Record<string, SandboxTask>;
}

export const sandboxHalf: SandboxHalf = {
  provider: 'xhey',
  credentials: { groupKey: 'sandbox-group-key', groupSecret: 'sandbox-group-secret' },

  answer(request, world) {
    if (request.method !== 'POST') return { status: 405, headers: { Allow: 'POST' }, body: '' };
    const fetching = request.path.startsWith(`${FETCHING}/`);
    const operation = OPERATIONS.get(fetching ? request.path.slice(FETCHING.length) : request.path);
    if (!operation) return { status: 404, body: '404 page not found' };
    const refusal = refuse(request, world, this.credentials);
    if (refusal) return envelope(world, ...refusal, null);
    return operation(parseObject(request.body.toString('utf8')) ?? {}, world, fetching);
  },
};

type Operation = (body: Record<string, unknown>, world: SandboxWorld, fetching: boolean) => SandboxAnswer;

const OPERATIONS = new Map<string, Operation>([
  ['/v2/truth_build/create', create],
  ['/v2/truth_build/query', query],
]);

/** xhey.md, "Signing". Its sample programs send no Content-Type; another one than JSON's is refused. */
function refuse(
  { headers, body }: SandboxRequest,
  world: SandboxWorld,
  { groupKey = '', groupSecret = '' }: Readonly<Record<string, string>>,
): [number, string] | null {
  const contentType = headers['content-type'];
  if (contentType && !/^application\/json\b/i.test(String(contentType))) return [400, 'param error'];
  if (headers.groupkey !== groupKey) return [4007, 'group key or secret not right'];
  const timestamp = String(headers.timestamp);
  if (!/^\d+$/.test(timestamp) || Math.abs(Number(timestamp) - world.now() / 1000) > CLOCK_SECONDS) {
    return [401, 'verify error'];
  }
  const expected = Buffer.from(sign(groupKey, groupSecret, timestamp, body));
  const given = Buffer.from(String(headers.signature));
  return expected.length === given.length && timingSafeEqual(expected, given) ? null : [401, 'verify error'];
}

function create(
  { photoUrlList }: Record<string, unknown>,
  world: SandboxWorld,
  fetching: boolean,
): SandboxAnswer {
  if (!isPhotoList(photoUrlList)) return envelope(world, 400, 'param error', null);
  const fault = world.faultIn(photoUrlList.join(' ').replace(QUERY_FAULT, ''));
  const paidFor = photoUrlList.join(' ');
  if (fault) return { ...fault, paidFor };

  const store = storeOf(world);
  const taskID = taskId(store.created++);
  const task: SandboxTask = { photoUrls: photoUrlList, queries: 0 };
  store.tasks[taskID] = task;
  if (fetching) {
    task.found = photoUrlList.map((url) => (SPECIAL.test(url) ? (askedFor(url) ?? VERIFIED) : null));
    look(task, world);
  }
  delete store.tasks[taskId(store.created - 1 - MOST_TASKS)];
  world.changed();
  const data = isObserved(taskID) ? { data: [{ taskID }], status: 0, msg: '' } : [{ taskID }];
  return { ...envelope(world, 200, 'success', data), paidFor };
}

function query({ taskID }: Record<string, unknown>, world: SandboxWorld): SandboxAnswer {
  if (typeof taskID !== 'string' || taskID === '') return envelope(world, 400, 'param error', null);
  const { tasks } = storeOf(world);
  const task = Object.hasOwn(tasks, taskID) ? tasks[taskID] : undefined;
  if (!task) return envelope(world, 404, 'not found', null);
  const text = task.photoUrls.join(' ');
  const faults = text
    .match(QUERY_FAULT)
    ?.map((words) => words.replace(/^sandbox-query-(?:sandbox-)?/, 'sandbox-'));
  const fault = world.faultIn(faults?.join(' ') ?? '');
  if (fault) return fault;

  look(task, world);
  task.queries++;
  world.changed();
  const slowest = Math.max(
    0,
    ...[...text.matchAll(/\/sandbox\/slow-(\d+)/g)].map(([, queries]) => Number(queries)),
  );
  const finished = task.queries >= slowest && !task.found?.includes(null);
  const taskStatus = /\/sandbox\/revoked/.test(text) ? 6 : finished ? 5 : task.queries === 1 ? 1 : 2;
  const list =
    taskStatus === 5
      ? task.photoUrls.map((url, index) => photo(url, task.found?.[index], isObserved(taskID)))
      : [];
  const fields = { taskStatus, list };
  return isObserved(taskID)
    ? envelope(world, 200, 'success', { ...fields, status: 0, msg: '' })
    : envelope(world, 200, 'success', undefined, fields);
}

/** @returns the status that a special address asks for, or null */
function askedFor(photoUrl: string): number | null {
  const status = /\/sandbox\/(-?\d+)(?:\/|$)/.exec(new URL(photoUrl).pathname)?.[1];
  return status === undefined ? null : Number(status);
}

/** Tasks whose photos are being downloaded; one that a restart has interrupted is begun anew by the next query. */
const looking = new WeakSet<SandboxTask>();

/** Nothing but whether there is a picture is looked at. */
function look(task: SandboxTask, world: SandboxWorld): void {
  const { found, photoUrls } = task;
  if (!found?.includes(null) || looking.has(task)) return;
  looking.add(task);
  const statusOf = (bytes: Buffer | null) => {
    if (!bytes) return UNREACHABLE;
    return isWholePicture(bytes) ? VERIFIED : NO_PICTURE;
  };
  for (const [index, url] of photoUrls.entries()) {
    if (found[index] !== null) continue;
    world.fetchPhoto(url, statusOf).then((status) => {
      found[index] = status;
      world.changed();
    });
  }
}

/** One item of a query's `list`: xhey.md, the table of its fields. */
function photo(
  photoUrl: string,
  found: number | null | undefined,
  observed: boolean,
): Record<string, unknown> {
  const status = found ?? askedFor(photoUrl) ?? VERIFIED;
  return {
    photoUrl,
    status,
    msg: MESSAGES.get(status) ?? (status === 0 ? '验证通过' : '验证未通过'),
    lat: '30.539732',
    lng: '104.070011',
    photoTime: '2025年07月28日 15:01',
    photoAddress: '四川省成都市武侯区桂溪街道天府软件园E区',
    ...(observed && status === 0 ? { antiFakeCode: 'SANDBOX0000001' } : {}),
  };
}

/** Why a photo did not pass, in the provider's language. */
const MESSAGES: ReadonlyMap<number, string> = new Map([
  [1, '验证中'],
  [-1, '照片分辨率过低'],
  [-1001, '网络错误或照片损坏'],
  [-1002, '程序错误'],
  [-1003, '未知错误'],
  [-2300, 'OCR启动失败'],
  [-2301, '未识别到防伪码'],
  [-2302, 'OCR识别错误'],
  [-2303, '防伪码长度错误'],
  [-2305, '非今日水印相机拍摄或无水印'],
  [-2306, '照片链接无法访问'],
  [-2307, '照片格式不支持'],
  [-2308, '照片分辨率过低'],
]);

/** Every second task is answered in the documented shape, the others in the observed one. */
function isObserved(taskID: string): boolean {
  return Number(taskID.at(-1)) % 2 === 0;
}

function taskId(created: number): string {
  return String(FIRST_TASK_ID + BigInt(created));
}

function isPhotoList(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_PHOTOS) return false;
  return value.every((url) => typeof url === 'string' && URL.canParse(url) && /^https?:/i.test(url));
}

function storeOf({ store }: SandboxWorld): Store {
  return isStore(store) ? store : Object.assign(store, { created: 0, tasks: {} });
}

function isStore(store: object): store is Store {
  return 'created' in store && typeof store.created === 'number' && 'tasks' in store && isObject(store.tasks);
}

function envelope(
  world: SandboxWorld,
  code: number,
  msg: string,
  data: unknown,
  beside: object = {},
): SandboxAnswer {
  const timestamp = Math.floor(world.now() / 1000);
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ code, msg, ...(data === undefined ? {} : { data }), ...beside, timestamp }),
  };
}
