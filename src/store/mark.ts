/** What is known outside the folder of a database of how far it had come. */
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface Mark {
  /** Of the database, for as long as it is the same one. */
  id: string;
  /** Transactions that wrote something. */
  count: number;
}

/**
 * @param path of the mark; null: nothing is remembered
 * @returns what was written last; null where nothing was; `unreadable`: that something was
 */
export function readMark(path: string | null): Mark | 'unreadable' | null {
  if (path === null) return null;
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return null;
    // A pipe would hold the thread for ever.
    if (!found.isFile()) return 'unreadable';
    const { id, count } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Mark>;
    return typeof id === 'string' && typeof count === 'number' ? { id, count } : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

/**
 * @param path of the mark
 * @param mark what is on disk in the database
 * @returns whether it is written; never throws
 */
export function writeMark(path: string | null, { id, count }: Mark): boolean {
  if (path === null) return true;
  const next = `${path}.${process.pid}`;
  try {
    writeFileSync(next, JSON.stringify({ id, count }), { mode: 0o600 });
    renameSync(next, path);
    return true;
  } catch {
    try {
      rmSync(next, { force: true });
    } catch {}
    return false;
  }
}
