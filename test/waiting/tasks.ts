/** Pending tasks over a real database, in this process and in one that can be killed. */
import type { Database } from '../../src/store/database';
import {
  type NewTask,
  type PendingTask,
  PendingTasks,
  type TaskOwner,
} from '../../src/waiting/pending-tasks';
import { type CommandProcess, report, serveCommands, startCommands } from '../command-process';
import { openTestDatabase, SECRET } from '../store/open';
import { until } from '../until';

/** @returns a task that waits for a minute */
export function newTask(taskId: string, changes: Partial<NewTask> = {}): NewTask {
  const now = Date.now();
  return {
    node: 'node',
    type: 'truth-poll',
    since: now,
    deadline: now + 60_000,
    taskIds: [taskId],
    work: { state: {} },
    message: { payload: taskId },
    isDurable: true,
    ...changes,
  };
}

export const idsOf = (tasks: readonly { taskIds: readonly string[] }[]) =>
  tasks.flatMap(({ taskIds }) => taskIds);

/** An instance of a node, and what it was called with. */
export class Instance implements TaskOwner {
  readonly came: PendingTask[] = [];
  readonly dropped: PendingTask[] = [];
  due(task: PendingTask): void {
    this.came.push(task);
  }
  drop(task: PendingTask): void {
    this.dropped.push(task);
  }
}

export interface Opened {
  database: Database;
  tasks: PendingTasks;
  /** Names of problems, with the ids of the tasks that have them. */
  warnings: string[];
  /** How often earlier tasks were loaded. */
  loaded(): number;
}

/**
 * @param file of the database
 * @param secret gives 32 bytes
 * @returns its tasks; those of earlier processes come later
 */
export function createTasks(file: string, secret: () => Buffer = () => SECRET): Opened {
  const warnings: string[] = [];
  const notify = (notice: string) => void warnings.push(notice);
  const database = openTestDatabase(file, { secret: async () => secret(), notify });
  let loaded = 0;
  const tasks = new PendingTasks({
    database,
    onPartial: () => warnings.push('in-part'),
    onUnreadable: (rows) => warnings.push(`unreadable ${idsOf(rows)}`),
    onLoaded: () => loaded++,
    onBug: (operation) => warnings.push(`bug in ${operation}`),
  });
  return { database, tasks, warnings, loaded: () => loaded };
}

/** The same, once the tasks of earlier processes are there. */
export async function openTasks(file: string, secret?: () => Buffer): Promise<Opened> {
  const opened = createTasks(file, secret);
  await until(() => opened.loaded() > 0);
  return opened;
}

/** What a process of its own does, each answered with a value. */
const COMMANDS = {
  /** @returns task ids that were found */
  async open(file: string): Promise<string[]> {
    opened = await openTasks(file);
    return COMMANDS.claim();
  },
  async claim(): Promise<string[]> {
    return idsOf(opened.tasks.claim('node', 'truth-poll', OWNER));
  },
  /**
   * Adds tasks; reports `due` with the task id of each as soon as it may be queried.
   * `milliseconds`: how long they may wait; null if they only have to be delivered.
   */
  async add(
    taskIds: string[],
    { size = 10, milliseconds = 60_000 }: { size?: number; milliseconds?: number | null } = {},
  ): Promise<void> {
    for (const taskId of taskIds) {
      const deadline = milliseconds === null ? null : Date.now() + milliseconds;
      opened.tasks.add(newTask(taskId, { deadline, message: { payload: 'x'.repeat(size) } }), OWNER);
    }
  },
  async deliver(taskIds: string[]): Promise<void> {
    const wanted = new Set(taskIds);
    for (const task of opened.tasks.list())
      if (wanted.has(task.taskIds[0]!)) opened.tasks.delivered(task, OWNER);
  },
  /** @returns task ids of what is in memory only */
  flush: (): Promise<readonly string[]> => opened.tasks.flush(),
  state: async (): Promise<string> => opened.database.state(),
  warnings: async (): Promise<string[]> => opened.warnings,
  close: (): Promise<void> => opened.database.close(),
} as const satisfies Record<string, (...parameters: never[]) => Promise<unknown>>;

/** What the process reports of its own accord. */
interface Report {
  due?: string;
}

export type Process = CommandProcess<typeof COMMANDS, Report>;

/** @returns a process that waits for commands */
export const startProcess = (): Process => startCommands(__filename);

/** @returns task ids of which a process reported that they may be queried */
export const dueIn = ({ reports }: Process) => new Set(reports.flatMap(({ due }) => due ?? []));

let opened: Opened;
const due = new Set<string>();
const OWNER: TaskOwner = {
  due({ taskIds: [taskId] }) {
    due.add(taskId!);
    void report({ due: taskId! });
  },
  drop: () => {},
};

if (require.main === module) serveCommands(COMMANDS);
