/** Photos of the sandbox: xhey.md, the tables of a photo's fields and of its `status`. */
import { createHash } from 'node:crypto';
import { isWholePicture } from '../../input/picture';
import type { SandboxWorld } from '../../sandbox-half';

const MINUTE_MS = 60_000;
const SHANGHAI_MS = 8 * 60 * MINUTE_MS;

const VERIFIED = 0;
const UNREACHABLE = -2306;
const NO_PICTURE = -2307;

/** xhey.md, "Observed since": the two photos that the provider hands out for tests, and what they get. */
const PUBLISHED: ReadonlyMap<string, number> = new Map([
  ['https://net-cloud.xhey.top/data/d6aa6870-4bfc-4179-88c1-9914aa0275bd.jpg', VERIFIED],
  ['https://net-cloud.xhey.top/data/bdae3a8b-c7ed-49e3-bb31-2800805beb64.png', -2301],
]);

/** CONTRACT, "Sandbox": an address that chooses an answer is not downloaded. */
const SPECIAL = /\/sandbox\/(?:-?\d+(?:\/|$)|slow-\d|taken-\d|revoked)|sandbox-query-/;

/** Another photo has another one: a flow may look for one that it has seen before. */
function antiFakeCode(photoUrl: string): string {
  const digest = createHash('sha256').update(photoUrl).digest('hex');
  return `SANDBOX${digest.slice(0, 7).toUpperCase()}`;
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
  [UNREACHABLE, '照片链接无法访问'],
  [NO_PICTURE, '照片格式不支持'],
  [-2308, '照片分辨率过低'],
]);

/** The parts of a task that tell of its photos. */
interface Photos {
  photoUrls: string[];
  /** The status of each; null while it is downloaded. */
  found?: (number | null)[];
}

/** Tasks whose photos are being downloaded. */
const looking = new WeakSet<Photos>();

/** Begins to download the photos of a new task, but for those whose addresses choose an answer. */
export function beginLook(task: Photos, world: SandboxWorld): void {
  task.found = task.photoUrls.map((url) => askedFor(url) ?? (SPECIAL.test(url) ? VERIFIED : null));
  look(task, world);
}

/** Goes on where a restart came between. Nothing but whether there is a picture is looked at. */
export function look(task: Photos, world: SandboxWorld): void {
  const { found, photoUrls } = task;
  if (!found?.includes(null) || looking.has(task)) return;
  looking.add(task);
  for (const [index, url] of photoUrls.entries()) {
    if (found[index] !== null) continue;
    world.fetchPhoto(url, statusOf).then((status) => {
      found[index] = status;
      world.changed();
    });
  }
}

function statusOf(bytes: Buffer | null): number {
  if (!bytes) return UNREACHABLE;
  return isWholePicture(bytes) ? VERIFIED : NO_PICTURE;
}

/**
 * One item of a query's `list`.
 * @param photoUrl as it was submitted
 * @param found its status where it was downloaded, else null
 * @param now Unix milliseconds
 * @param observed the shape: no words for a photo that passes, and its anti-fake code
 */
export function photoItem(
  photoUrl: string,
  found: number | null,
  now: number,
  observed: boolean,
): Record<string, unknown> {
  const status = found ?? askedFor(photoUrl) ?? VERIFIED;
  const passed = observed ? '' : '验证通过';
  return {
    photoUrl,
    status,
    msg: status === VERIFIED ? passed : (MESSAGES.get(status) ?? '验证未通过'),
    lat: '30.539732',
    lng: '104.070011',
    photoTime: takenAt(photoUrl, now),
    photoAddress: '四川省成都市武侯区桂溪街道天府软件园E区',
    ...(observed && status === VERIFIED ? { antiFakeCode: antiFakeCode(photoUrl) } : {}),
  };
}

/** `/sandbox/taken-5`: five minutes ago. Any other photo is xhey.md's. */
function takenAt(photoUrl: string, now: number): string {
  const minutes = /\/sandbox\/taken-(\d{1,7})(?:\/|$)/.exec(new URL(photoUrl).pathname)?.[1];
  if (minutes === undefined) return '2025年07月28日 15:01';
  const inShanghai = new Date(now - Number(minutes) * MINUTE_MS + SHANGHAI_MS).toISOString();
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T(\d+:\d+)/.exec(inShanghai)!;
  return `${year}年${month}月${day}日 ${time}`;
}

/** @returns the status that an address asks for, or null */
function askedFor(photoUrl: string): number | null {
  const published = PUBLISHED.get(photoUrl);
  if (published !== undefined) return published;
  const status = /\/sandbox\/(-?\d+)(?:\/|$)/.exec(new URL(photoUrl).pathname)?.[1];
  return status === undefined ? null : Number(status);
}
