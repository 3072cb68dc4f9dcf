/** The pending tasks of a runtime: one collection, however many nodes it has. */
import { PendingTasks } from '../../waiting/pending-tasks';
import type { TaskRow } from '../../waiting/waiting-sql';
import { databaseOf } from './database-of';
import { onceStarted } from './deployed';
import { oncePerRuntime } from './once-per-runtime';
import { databaseFile, ownSettings } from './own-settings';
import type { Red } from './red';

const DAY_MS = 86_400_000;

export interface PendingTasksOfRuntime {
  tasks: PendingTasks;
  /**
   * @param callback called when all flows have started and the tasks of earlier processes can be claimed, and again when
   *   more of them are found later
   * @returns takes the callback away again
   */
  whenLoaded(callback: () => void): () => void;
  /** Waits for the disk, and names in the log what is not on it. Never rejects. */
  flush(): Promise<void>;
}

export const pendingTasksOf = oncePerRuntime((red): PendingTasksOfRuntime => {
  const callbacks = new Set<() => void>();
  let isLoaded = false;
  let isStarted = false;
  /** Said once for each deployment. */
  let isPartialSaid = false;
  const sweep = () => {
    if (isLoaded && isStarted) sweepOrphans(red, tasks);
  };
  const isKept = ownSettings(red).spoolDir !== false && databaseFile(red) !== null;
  const tasks = new PendingTasks({
    database: isKept ? databaseOf(red) : null,
    onPartial: () => {
      if (!isPartialSaid) red.log.warn(red._('warnings.waiting.in-part'));
      isPartialSaid = true;
    },
    onUnreadable: (rows) =>
      red.log.warn(red._('warnings.waiting.unreadable', { count: rows.length, taskIds: taskIdsOf(rows) })),
    onLoaded: () => {
      isLoaded = true;
      for (const callback of callbacks) callback();
      sweep();
    },
    onBug: (operation, { values }) =>
      red.log.error(red._('warnings.internal', { places: `${operation} (${values.name} ${values.code})` })),
  });
  red.events.on('flows:stopping', () => {
    isStarted = false;
    isPartialSaid = false;
  });
  red.events.on('flows:started', () => {
    isStarted = true;
    sweep();
  });
  setInterval(sweep, DAY_MS).unref();
  return {
    tasks,
    whenLoaded: (callback) => {
      const forget = onceStarted(red, () => {
        callbacks.add(callback);
        if (isLoaded) callback();
      });
      return () => {
        forget();
        callbacks.delete(callback);
      };
    },
    flush: async () => {
      const taskIds = await tasks.flush();
      if (taskIds.length > 0)
        red.log.error(red._('warnings.waiting.lost', { count: taskIds.length, taskIds: taskIds.join(', ') }));
    },
  };
});

/** The tasks of a node that was deleted or disabled stay until it is back, or for seven days. */
function sweepOrphans(red: Red, tasks: PendingTasks): void {
  const exists = (node: string, type: string) => red.nodes.getNode(node)?.type === type;
  const { kept, deleted } = tasks.sweepOrphans(exists, Date.now());
  if (kept.length > 0) red.log.warn(red._('warnings.waiting.orphans', { count: kept.length }));
  if (deleted.length > 0)
    red.log.warn(
      red._('warnings.waiting.orphans-deleted', { count: deleted.length, taskIds: taskIdsOf(deleted) }),
    );
}

function taskIdsOf(tasks: readonly TaskRow[]): string {
  return tasks.flatMap(({ taskIds }) => taskIds).join(', ');
}
