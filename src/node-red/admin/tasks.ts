/** Pending tasks, for the forms and the sidebar: to list them, to query them at once, to drop them. */
import type { PendingTask, PendingTasks } from '../../waiting/pending-tasks';
import { pendingTasksOf } from '../runner/pending-tasks-of';
import type { AdminQuestion } from './question';

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

/** @returns the nodes that have tasks, without the single tasks: there may be thousands */
export function listAll(question: AdminQuestion): Omit<NodeSummary, 'tasks'>[] {
  const nodes = Map.groupBy(tasksOf(question).list(), ({ node }) => node);
  return [...nodes].map(([node, tasks]) => {
    const { tasks: _tasks, ...summary } = summarize(node, tasks);
    return summary;
  });
}

/** @returns the tasks of one node */
export function listNode(question: AdminQuestion): NodeSummary {
  return summarize(question.params.node ?? '', chosenTasks(question));
}

/** Queries a node's tasks, or one of them, without waiting for the time they are due. */
export function queryNow(question: AdminQuestion): { queried: number } {
  return { queried: tasksOf(question).queryNow(chosenTasks(question)) };
}

/** Drops a node's tasks, or one of them. */
export function drop(question: AdminQuestion): { dropped: number } {
  return { dropped: tasksOf(question).drop(chosenTasks(question)) };
}

function tasksOf({ red }: AdminQuestion): PendingTasks {
  return pendingTasksOf(red).tasks;
}

function chosenTasks(question: AdminQuestion): PendingTask[] {
  const { node = '', id } = question.params;
  return tasksOf(question).list(node, id);
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
