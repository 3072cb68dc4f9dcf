/** Reads a journal's folder: what waits, and what is there that is no journal, which is put aside for seven days. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { linesOf } from './lines';
import { FIRST_LINE, type Kept, LONGEST_LINE_BYTES, unseal } from './record';

const SEGMENT = /^(\d{8,12})\.log/;
const DAMAGED = 'damaged';
const KEEP_DAMAGED_MS = 7 * 86_400_000;
const TOO_MANY_OPEN: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE']);

/** Something that waits; `bytes` of its last record on disk, 0 where there is none. */
export interface Live {
  kept: Kept;
  bytes: number;
}

export interface Recovered {
  live: Map<string, Live>;
  /** Of the segments that were read, oldest first, and how much they hold. */
  numbers: number[];
  bytes: number;
  /** No file has this number or a higher one. */
  next: number;
  /** Files and lines that are no records under this key. */
  damaged: number;
  /** Files that could not be read to their end. */
  unreadable: number;
}

/** @returns the path of a segment */
export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(8, '0')}.log`);
}

/**
 * @param folder which must be ours alone
 * @param key 32 bytes
 * @returns all that the segments say, later ones counting more
 * @throws Error of the file system where the folder cannot be listed, or no more files can be opened
 */
export async function recover(folder: string, key: Buffer): Promise<Recovered> {
  const all: Recovered = { live: new Map(), numbers: [], bytes: 0, next: 1, damaged: 0, unreadable: 0 };
  const files = await readdir(folder, { withFileTypes: true });
  const numberOf = (name: string) => Number(SEGMENT.exec(name)?.[1] ?? 0);
  for (const file of files.sort((a, b) => numberOf(a.name) - numberOf(b.name))) {
    const number = numberOf(file.name);
    const path = join(folder, file.name);
    all.next = Math.max(all.next, number + 1);
    if (file.isDirectory() || file.name === 'lock' || file.name.startsWith('lock.')) continue;
    let found: 'segment' | 'damaged' | 'unreadable' = 'damaged';
    if (file.isFile() && path === segmentPath(folder, number))
      found = await readSegment(path, key, all).catch((error: NodeJS.ErrnoException) => {
        if (TOO_MANY_OPEN.has(error.code)) throw error;
        return 'unreadable' as const;
      });
    if (found === 'segment') all.numbers.push(number);
    else {
      all[found]++;
      await putAside(folder, path);
    }
  }
  return all;
}

/** @returns `damaged` where not a single line is a record of this version under this key */
async function readSegment(path: string, key: Buffer, all: Recovered): Promise<'segment' | 'damaged'> {
  let [records, damaged, bytes] = [0, 0, 0];
  for await (const line of linesOf(path, LONGEST_LINE_BYTES)) {
    bytes += line.length + 1;
    if (bytes === FIRST_LINE.length && line.equals(FIRST_LINE.subarray(0, -1))) continue;
    const entry = unseal(line, key);
    if (entry === undefined) damaged++;
    else records++;
    if (typeof entry === 'string') all.live.delete(entry);
    else if (entry) all.live.set(entry.id, { kept: entry, bytes: line.length + 1 });
  }
  if (records === 0 && damaged > 0) return 'damaged';
  all.damaged += damaged;
  all.bytes += bytes;
  return 'segment';
}

/** Under a name that says when. */
async function putAside(folder: string, path: string): Promise<void> {
  const aside = join(folder, DAMAGED);
  await mkdir(aside, { recursive: true, mode: 0o700 }).catch(() => {});
  await rename(path, join(aside, `${Date.now()}-${basename(path).slice(-50)}`)).catch(() => {});
}

/** @returns what was put aside in a journal's folder, and when, in Unix milliseconds */
export async function putAsideIn(folder: string): Promise<{ file: string; since: number }[]> {
  const names = await readdir(join(folder, DAMAGED)).catch(() => []);
  return names.map((file) => ({ file, since: Number(file.split('-')[0]) })).filter(({ since }) => since > 0);
}

/** Deletes what was put aside in a journal's folder more than seven days ago. */
export async function forgetAside(folder: string): Promise<void> {
  for (const { file, since } of await putAsideIn(folder))
    if (Date.now() - since > KEEP_DAMAGED_MS) await rm(join(folder, DAMAGED, file)).catch(() => {});
}
