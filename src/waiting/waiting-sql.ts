/**
 * The table `waiting`: one row for each message that waits. What identifies the task is plain, its content is sealed.
 * These operations run in the database's thread.
 */
import type { Seal } from '../store/seal';
import { insert, type Operation, type Operations, sealOf } from '../store/sql';

/** Bytes of content in one answer of `waiting.list`: other operations get their turn between two answers. */
const PAGE_BYTES = 512 * 1024;
const PURPOSE = 'waiting';

/** What stands beside the content. Times are Unix milliseconds. */
export interface TaskRow {
  /** Sorts by the time the task was added. */
  id: string;
  /** Id of the node it waits in. */
  node: string;
  /** Type of that node: an id may be given to another node later. */
  type: string;
  /** When the node received the message. */
  since: number;
  /** Null if nothing is left to wait for, and the result only has to be delivered. */
  deadline: number | null;
  /** Since when there is no such node; null while there is one. */
  orphanedAt: number | null;
  /** What was paid for; readable without the secret. */
  taskIds: readonly string[];
  /** Requests sent for it, as of when its node last closed. */
  attempts: number;
}

/** A row with its content in base64; null if it cannot be opened. */
export type StoredTask = TaskRow & { content: string | null };

interface Row {
  id: string;
  node: string;
  type: string;
  since: number;
  deadline: number | null;
  orphaned_at: number | null;
  task_ids: string;
  attempts: number;
  sealed: Uint8Array;
}

const NEXT = `
  SELECT id, node, type, since, deadline, orphaned_at, task_ids, attempts, sealed
  FROM waiting WHERE id > ? ORDER BY id LIMIT 1`;

/** Writes a task, in place of what had its id. */
const put: Operation<TaskRow & { content: string }, null> = async (sql, task, at) => {
  const { id, node, type, since, deadline, orphanedAt, taskIds, attempts, content } = task;
  const sealed = sealOf(at).seal(PURPOSE, Buffer.from(content, 'base64'), id);
  const columns = {
    id,
    node,
    type,
    since,
    deadline,
    orphaned_at: orphanedAt,
    task_ids: taskIds.join(),
    attempts,
    sealed,
  };
  await insert(
    sql,
    'waiting',
    columns,
    `ON CONFLICT (id) DO UPDATE
      SET orphaned_at = excluded.orphaned_at, attempts = excluded.attempts, sealed = excluded.sealed`,
  );
  return null;
};

/** Deletes tasks that are over. */
const end: Operation<{ ids: readonly string[] }, null> = async (sql, { ids }) => {
  for (const id of ids) await sql.run('DELETE FROM waiting WHERE id = ?', id);
  return null;
};

/** Notes since when tasks have no node any more; null: they have one again. */
const orphan: Operation<{ ids: readonly string[]; orphanedAt: number | null }, null> = async (
  sql,
  { ids, orphanedAt },
) => {
  for (const id of ids) await sql.run('UPDATE waiting SET orphaned_at = ? WHERE id = ?', orphanedAt, id);
  return null;
};

/** Notes how many requests were sent. */
const attempts: Operation<{ tasks: readonly Pick<TaskRow, 'id' | 'attempts'>[] }, null> = async (
  sql,
  { tasks },
) => {
  for (const task of tasks)
    await sql.run('UPDATE waiting SET attempts = ? WHERE id = ?', task.attempts, task.id);
  return null;
};

/**
 * Reads some of the tasks, oldest first.
 * `after`: the last id of the page before, or an empty text. An empty page is the end.
 */
const list: Operation<{ after: string }, StoredTask[]> = async (sql, { after }, at) => {
  const seal = sealOf(at);
  const page: StoredTask[] = [];
  for (let bytes = 0, last = after; bytes < PAGE_BYTES; ) {
    const row = await sql.get<Row>(NEXT, last);
    if (!row) break;
    const { orphaned_at: orphanedAt, task_ids: taskIds, sealed, ...rest } = row;
    page.push({
      ...rest,
      orphanedAt,
      taskIds: taskIds ? taskIds.split(',') : [],
      content: opened(seal, sealed, rest.id),
    });
    bytes += sealed.length;
    last = rest.id;
  }
  return page;
};

function opened(seal: Seal, sealed: Uint8Array, id: string): string | null {
  try {
    return seal.open(PURPOSE, sealed, id).toString('base64');
  } catch {
    return null;
  }
}

export const WAITING_OPERATIONS = {
  'waiting.put': put,
  'waiting.end': end,
  'waiting.orphan': orphan,
  'waiting.attempts': attempts,
  'waiting.list': list,
} satisfies Operations;
