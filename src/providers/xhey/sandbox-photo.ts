/** Photos of the sandbox: docs/providers/xhey.md, the tables of a photo's fields and of its `status`. */
import { createHash } from 'node:crypto';
import { textOfCode } from '../../contract/codes';
import type { SandboxWorld } from '../../contract/sandbox-half';
import { isWholePicture } from '../../input/picture';
import { AUTHENTIC, IN_PROGRESS, STATUSES } from './codes';

const MINUTE_MS = 60_000;
const SHANGHAI_MS = 8 * 60 * MINUTE_MS;

const UNREACHABLE = -2306;
const NO_PICTURE = -2307;

/** docs/providers/xhey.md, "Observed since": the two photos that the provider hands out for tests, and what they get. */
const PUBLISHED: ReadonlyMap<string, number> = new Map([
  ['https://net-cloud.xhey.top/data/d6aa6870-4bfc-4179-88c1-9914aa0275bd.jpg', AUTHENTIC],
  ['https://net-cloud.xhey.top/data/bdae3a8b-c7ed-49e3-bb31-2800805beb64.png', -2301],
]);

/** docs/contract.md, "Sandbox": an address that chooses an answer is not downloaded. */
const SPECIAL = /\/sandbox\/(?:-?\d+(?=[/?#\s]|$)|slow-\d|taken-\d|revoked)|sandbox-query-/;
const STATUS = /\/sandbox\/(-?\d+)(?=[/?#\s]|$)/;
const TAKEN = /\/sandbox\/taken-(\d{1,7})(?!\d)/;
/** The name of a file: `sandbox-2305.jpg`, and `sandbox-2305 (1).jpg`, as a browser calls a second one. */
const FILE_NAME = /^sandbox-(?:(\d+)|((?:slow|taken|code)-\d+|revoked))(?![\w-])/i;

/**
 * What chooses the answer to a photo: its address, the name of its file in it, and the name that the file had before it
 * was uploaded. A file cannot have a slash in its name, so `sandbox-2305` there stands for `/sandbox/-2305`.
 * @param photoUrl as it was submitted
 * @param name of the file, or an empty text
 * @returns all of them as one text, in which the special values are looked for
 */
export function specialText(photoUrl: string, name: string): string {
  const inPath = new URL(photoUrl).pathname.split('/').at(-1)!;
  const meant = [inPath, name].map((each) => {
    const [, status, word] = FILE_NAME.exec(each) ?? [];
    if (status !== undefined) return `/sandbox/${Number(status) === 0 ? 0 : -Number(status)}`;
    return word === undefined ? '' : `/sandbox/${word.toLowerCase()}`;
  });
  const [path = '', ...query] = photoUrl.split(/(?=[?#])/);
  // Of what stands behind the path only the faults of all providers count.
  return [path, ...query.map((part) => part.replaceAll('/sandbox/', '/')), name, ...meant]
    .filter(Boolean)
    .join(' ');
}

/** Another photo has another one: a flow may look for one that it has seen before. */
function antiFakeCode(photoUrl: string): string {
  const digest = createHash('sha256').update(photoUrl).digest('hex');
  return `SANDBOX${digest.slice(0, 7).toUpperCase()}`;
}

/** The parts of a task that are about its photos. */
interface Photos {
  photoUrls: string[];
  /** What chooses the answer to each, as `specialText` has it. */
  specials: string[];
  /** The status of each; null while it is downloaded. */
  found?: (number | null)[];
}

/** Tasks with photos that are being downloaded. */
const looking = new WeakSet<Photos>();

/** Begins to download the photos of a new task, except those with an address that chooses the answer. */
export function beginLook(task: Photos, world: SandboxWorld): void {
  task.found = task.photoUrls.map((url, index) => {
    const special = task.specials[index]!;
    return askedFor(url, special) ?? (SPECIAL.test(special) ? AUTHENTIC : null);
  });
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
  return isWholePicture(bytes) ? AUTHENTIC : NO_PICTURE;
}

/** A photo that is still being verified, in a query's `list`. */
export function unfinishedItem(photoUrl: string): Record<string, unknown> {
  const msg = textOfCode(STATUSES, IN_PROGRESS);
  return { photoUrl, status: IN_PROGRESS, msg, lat: '', lng: '', photoTime: '', photoAddress: '' };
}

/**
 * A photo of a finished task, in a query's `list`.
 * @param photoUrl as it was submitted
 * @param special what chooses its answer
 * @param found its status where it was downloaded, else null
 * @param now Unix milliseconds
 * @param observed the shape: no words for a photo that passes, and its anti-fake code
 */
export function photoItem(
  photoUrl: string,
  special: string,
  found: number | null,
  now: number,
  observed: boolean,
): Record<string, unknown> {
  const status = found ?? askedFor(photoUrl, special) ?? AUTHENTIC;
  const isObservedPass = observed && status === AUTHENTIC;
  return {
    photoUrl,
    status,
    msg: isObservedPass ? '' : textOfCode(STATUSES, status) || '验证未通过',
    lat: '30.539732',
    lng: '104.070011',
    photoTime: takenAt(special, now),
    photoAddress: '四川省成都市武侯区桂溪街道天府软件园E区',
    ...(isObservedPass ? { antiFakeCode: antiFakeCode(photoUrl) } : {}),
  };
}

/** `/sandbox/taken-5`: five minutes ago. Any other photo was taken when the one in docs/providers/xhey.md was. */
function takenAt(special: string, now: number): string {
  const minutes = TAKEN.exec(special)?.[1];
  if (minutes === undefined) return '2025年07月28日 15:01';
  const inShanghai = new Date(now - Number(minutes) * MINUTE_MS + SHANGHAI_MS).toISOString();
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T(\d+:\d+)/.exec(inShanghai)!;
  return `${year}年${month}月${day}日 ${time}`;
}

/** @returns the status that an address or the name of a file asks for, or null */
function askedFor(photoUrl: string, special: string): number | null {
  const published = PUBLISHED.get(photoUrl);
  if (published !== undefined) return published;
  const status = STATUS.exec(special)?.[1];
  return status === undefined ? null : Number(status);
}
