/** The admin routes over pending tasks: to list them, to query them at once, to drop them. */
import { existsSync } from 'node:fs';
import type { PendingTask, PendingTasks } from '../../waiting/pending-tasks';
import { databaseFile } from '../runner/database-file';
import type { PendingTasksOfRuntime } from '../runner/pending-tasks-of';
import type { AdminHandler, Red } from '../runner/red';

const PATH = '/cn-verify/tasks';
const READ = 'cn-verify.read';
const WRITE = 'cn-verify.write';

/** One task, without its message. Times are Unix milliseconds. */
interface TaskSummary {
  id: string;
  taskIds: readonly string[];
  since: number;
  deadline: number | null;
  /** null: a query is under way, or the node is not running. */
  nextQuery: number | null;
}

interface NodeSummary {
  node: string;
  /** false: the node was deleted, or is disabled. */
  running: boolean;
  count: number;
  oldest: number | null;
  nextQuery: number | null;
  tasks: TaskSummary[];
}

/** Each runtime's admin application once. */
const registered = new WeakSet<object>();

/**
 * Registers the routes.
 * @param red Node-RED, as any action node has it
 */
export function registerTasksRoutes(red: Red): void {
  const { httpAdmin, auth } = red;
  if (registered.has(httpAdmin)) return;
  registered.add(httpAdmin);
  // If all nodes with pending tasks are gone, nothing else reads the tasks and deletes them in time.
  red.events.on('flows:starting', () => {
    const file = databaseFile(red);
    if (file && existsSync(file)) pendingTasksOf(red);
  });
  const answer =
    (work: (pending: PendingTasks, node: string, id: string | undefined) => unknown): AdminHandler =>
    ({ params: { node = '', id } }, response) => {
      response.json(work(pendingTasksOf(red).tasks, node, id));
    };
  const mayRead = auth.needsPermission(READ);
  const mayWrite = auth.needsPermission(WRITE);
  httpAdmin.get(PATH, mayRead, answer(listAll));
  httpAdmin.get(
    `${PATH}/:node`,
    mayRead,
    answer((pending, node) => summarize(node, pending.list(node))),
  );
  for (const path of [`${PATH}/:node`, `${PATH}/:node/:id`]) {
    httpAdmin.post(
      `${path}/ask`,
      mayWrite,
      answer((pending, node, id) => ({ asked: pending.queryNow(pending.list(node, id)) })),
    );
    httpAdmin.delete(
      path,
      mayWrite,
      answer((pending, node, id) => ({ dropped: pending.drop(pending.list(node, id)) })),
    );
  }
}

/** Loaded at first use, so that an unused palette costs nothing. */
function pendingTasksOf(red: Red): PendingTasksOfRuntime {
  return (
    require('../runner/pending-tasks-of') as typeof import('../runner/pending-tasks-of')
  ).pendingTasksOf(red);
}

/** Without the single tasks: there may be thousands. */
function listAll(pending: PendingTasks): Omit<NodeSummary, 'tasks'>[] {
  const nodes = new Map<string, PendingTask[]>();
  for (const task of pending.list()) {
    const tasks = nodes.get(task.node);
    if (tasks) tasks.push(task);
    else nodes.set(task.node, [task]);
  }
  return [...nodes].map(([node, tasks]) => {
    const { tasks: _tasks, ...summary } = summarize(node, tasks);
    return summary;
  });
}

function summarize(node: string, pending: readonly PendingTask[]): NodeSummary {
  const now = Date.now();
  const tasks = pending.map(({ id, taskIds, since, deadline, dueAt, isQuerying }) => ({
    id,
    taskIds,
    since,
    deadline,
    nextQuery: Number.isFinite(dueAt) && !isQuerying ? Math.round(now + dueAt - performance.now()) : null,
  }));
  const running = pending.some(({ owner }) => owner !== null);
  return {
    node,
    running,
    count: tasks.length,
    oldest: earliest(tasks.map(({ since }) => since)),
    nextQuery: running ? earliest(tasks.map(({ nextQuery }) => nextQuery ?? now)) : null,
    tasks,
  };
}

function earliest(times: readonly number[]): number | null {
  return times.reduce<number | null>((first, time) => (first === null || time < first ? time : first), null);
}
