import type { VerifyError } from '../../errors';
import { type Photo, silentPhoto } from './photo';
import type { Envelope } from './response';
import type { Task } from './truth-create';

/** How a task stands, and what was reported of its photos. */
export interface TaskState {
  taskId: string;
  status: 'waiting' | 'finished' | 'revoked' | 'unknown';
  /** In the order the provider reported them, without those in progress. */
  photos: Photo[];
  /** The latest answer, once there is one. */
  told?: Pick<Envelope, 'code' | 'message' | 'raw'>;
  /** The trouble it is in, until it is answered again. */
  error?: VerifyError | undefined;
}

/**
 * Brings what tasks reported into the order the photos were submitted in: xhey.md, "Not documented, to be survived".
 * @param tasks with the photos they were created for, where that is known
 * @param states of all tasks, those without known photos too
 * @returns every photo that something can be said of; photos nobody submitted come last
 */
export function assemble(tasks: readonly Task[], states: ReadonlyMap<string, TaskState>): Photo[] {
  const known: Photo[] = [];
  const unknown: Photo[] = [];
  const seen = new Set<string>();
  for (const group of batches(tasks)) {
    const members = group.map(({ taskId }) => states.get(taskId)).filter((state) => state !== undefined);
    for (const { taskId } of group) seen.add(taskId);
    const { matched, left } = match(group[0]!.photoUrls, members);
    known.push(...matched);
    unknown.push(...left);
  }
  for (const state of states.values()) {
    if (seen.has(state.taskId)) continue;
    unknown.push(...(state.status === 'revoked' ? state.photos.map(revoke) : state.photos));
  }
  return [...known, ...unknown];
}

/** One batch may have been answered with several tasks, which then share its photos. */
function batches(tasks: readonly Task[]): Task[][] {
  const groups: Task[][] = [];
  for (const task of tasks) {
    const last = groups.at(-1);
    const shared = last && JSON.stringify(last[0]!.photoUrls) === JSON.stringify(task.photoUrls);
    if (shared) last.push(task);
    else groups.push([task]);
  }
  return groups;
}

/** Matched exactly, then percent-decoded, then by position where the counts agree. */
function match(
  photoUrls: readonly string[],
  members: readonly TaskState[],
): { matched: Photo[]; left: Photo[] } {
  const complete = members.length > 0 && members.every(({ status }) => status !== 'waiting');
  const left = members.filter(({ status }) => status !== 'revoked').flatMap(({ photos }) => photos);
  const places: (Photo | undefined)[] = photoUrls.map(() => undefined);

  const settle = (same: (url: string, photo: Photo) => boolean) => {
    for (const [index, url] of photoUrls.entries()) {
      if (places[index]) continue;
      const found = left.findIndex((photo) => same(url, photo));
      if (found >= 0) places[index] = { ...left.splice(found, 1)[0]!, url };
    }
  };
  settle((url, photo) => photo.url === url);
  settle((url, photo) => photo.url !== null && decode(photo.url) === decode(url));

  const open = [...places.keys()].filter((index) => !places[index]);
  if (complete && open.length === left.length) {
    for (const index of open) places[index] = { ...left.shift()!, url: photoUrls[index]! };
  }
  for (const index of open) {
    const url = photoUrls[index]!;
    const twin = photoUrls.findIndex((other, at) => other === url && places[at]);
    if (!places[index] && twin >= 0) places[index] = { ...places[twin]! };
    if (!places[index] && complete) places[index] = silence(url, members);
  }
  return { matched: places.filter((photo) => photo !== undefined), left };
}

/** A revoked or unknown task says more about a photo than that it was not reported. */
function silence(url: string, members: readonly TaskState[]): Photo {
  const revoked = members.find(({ status }) => status === 'revoked');
  const unknown = members.find(({ status }) => status === 'unknown');
  const reason = revoked ? 'revoked' : unknown ? 'unknown-task' : 'not-reported';
  return silentPhoto(url, (revoked ?? unknown ?? members[0]!).taskId, reason);
}

function revoke(photo: Photo): Photo {
  return silentPhoto(photo.url, photo.taskId, 'revoked');
}

function decode(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
