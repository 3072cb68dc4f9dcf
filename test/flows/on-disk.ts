/** What waits on the disk of a Node-RED, read beside it: from a copy, as the process has the database for itself. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Seal } from '../../src/store/seal';
import { type TaskContent, unpackContent } from '../../src/waiting/content';

export type TaskOnDisk = TaskContent & { id: string; taskIds: string[] };

export const databaseIn = (userDir: string) => join(userDir, 'cn-verify/cn-verify.db');

/**
 * @param userDir of a Node-RED, running or not
 * @returns the tasks that would be found if its process were killed now
 */
export async function onDisk(userDir: string): Promise<TaskOnDisk[]> {
  const file = databaseIn(userDir);
  if (!existsSync(file)) return [];
  const seal = new Seal(Buffer.from(readFileSync(join(userDir, 'cn-verify/key'), 'latin1'), 'hex'));
  const folder = mkdtempSync(join(tmpdir(), 'cn-verify-copy-'));
  const copy = join(folder, 'copy.db');
  try {
    for (const suffix of ['', '-wal'])
      if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
    const database = new DatabaseSync(copy);
    const rows = database.prepare('SELECT id, task_ids, sealed FROM waiting').all() as unknown as {
      id: string;
      task_ids: string;
      sealed: Uint8Array;
    }[];
    database.close();
    return rows.map(({ id, task_ids: taskIds, sealed }) => ({
      ...unpackContent(seal.open('waiting', sealed, id))!,
      id,
      taskIds: taskIds.split(','),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param userDir of Node-RED
 * @param count of tasks that have to be on its disk
 */
export async function untilOnDisk(userDir: string, count: number): Promise<TaskOnDisk[]> {
  let latest: unknown;
  for (const deadline = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    try {
      const tasks = await onDisk(userDir);
      if (tasks.length === count) return tasks;
      latest = tasks.length;
    } catch (error) {
      // The database is being created, or was written to while it was copied.
      latest = error;
    }
    if (Date.now() > deadline) throw new Error(`${latest} tasks are on disk, not ${count}`);
  }
}
