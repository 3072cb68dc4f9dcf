/** The messages that wait: plain data in one map under one timer, and in the database as far as they must survive. */
import { randomFillSync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { VerifyError } from '../contract/errors';
import type { CallOptions, Database, StoreState } from '../store/database';
import { packContent, type TaskContent, unpackContent } from './content';
import type { StoredTask, TaskRow } from './waiting-sql';

/** A delivered task stays in the database for this long: a kill before the next node has the message must not lose it. */
const KEPT_AFTER_DELIVERY_MS = 2_000;
/** Handed to owners in one turn of the event loop, so that ten thousand tasks due at once do not block it. */
const MOST_AT_A_TIME = 64;
/** Rows that one operation changes, so that others get their turn. */
const MOST_ROWS = 500;
/** The timer looks at all tasks, so it does not ring more often than this. Ten thousand are looked at in 0.2 ms. */
const SHORTEST_TIMER_MS = 20;
/** `setTimeout` cannot wait longer than 2^31 ms. */
const LONGEST_TIMER_MS = 3_600_000;
/** docs/contract.md, "Action nodes": a task without a node is deleted after this time. */
const KEPT_WITHOUT_NODE_MS = 7 * 86_400_000;
/** An age beyond this, or below 0, says more about the clock than about the task, whose time then starts again. */
const LONGEST_BELIEVED_MS = 60 * 86_400_000;
/** `flush` waits this long for the disk: Node-RED gives a node 15 s to close. */
const FLUSH_MS = 4_000;
/** In these states the database can be read and written. */
const OPEN: ReadonlySet<StoreState> = new Set(['ready', 'damaged']);
/** In these the disk is expected to take a new task soon, so that its first query waits for that. */
const WORTH_WAITING: ReadonlySet<StoreState> = new Set([...OPEN, 'opening', 'unwritable']);
/** No row has this id. Deleting it does nothing, but it tells whether the file can be written and is still there. */
const NO_ROW: readonly string[] = [''];

/** The instance of a node that works on tasks. Only its owner may change or end a task. */
export interface TaskOwner {
  /** It is time for the next step: a pause is over, or the time of the task. */
  due(task: PendingTask): void;
  /** An operator dropped the task. */
  drop(task: PendingTask): void;
}

/** One message that waits. */
export interface PendingTask extends TaskRow, TaskContent {
  owner: TaskOwner | null;
  /** Why the next step is made. */
  stepReason: 'arrived' | 'resumed' | 'again';
  /** When the next step is due, on the clock of `performance.now()`; Infinity while none is scheduled. */
  dueAt: number;
  /** When its time is over, on the same clock, so that setting the wall clock does not change it. */
  until: number;
  isQuerying: boolean;
  /** False: it is in memory only, and ends when its owner closes. */
  isDurable: boolean;
  /** It was written once. */
  isStored: boolean;
  /** While it is on its way to the disk: `abort` ends the attempt. */
  saving: AbortController | null;
}

/** How a task begins. */
export type NewTask = Omit<TaskRow, 'id' | 'orphanedAt' | 'attempts'> &
  TaskContent &
  Pick<PendingTask, 'isDurable'>;

interface PendingTasksOptions {
  /** Where tasks are kept; null: in memory only. */
  database: Database | null;
  /** Called whenever a message cannot be kept as a whole, so that it would be resumed without the rest. */
  onPartial(): void;
  /** Called with stored tasks that cannot be read. */
  onUnreadable(tasks: readonly TaskRow[]): void;
  /** Called when the tasks of earlier processes can be claimed, and again when more are found later. */
  onLoaded(): void;
  /** Called with an operation that failed for a reason that is neither the database's state nor its secret. */
  onBug(operation: string, error: VerifyError): void;
}

export class PendingTasks {
  readonly #options: PendingTasksOptions;
  readonly #database: Database | null;
  readonly #tasks = new Map<string, PendingTask>();
  /** Those that are due now, in the order they became due. */
  readonly #ready = new Set<PendingTask>();
  /** By id, the tasks that were delivered a moment ago, each with the timer that deletes it. */
  readonly #delivered = new Map<string, NodeJS.Timeout>();
  /** Ids of rows that are being deleted. */
  readonly #deleting = new Set<string>();
  readonly #calls = new Set<Promise<unknown>>();
  #timer: NodeJS.Timeout | undefined;
  /** When the timer rings, on the clock of `performance.now()`. */
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: PendingTasksOptions) {
    this.#options = options;
    this.#database = options.database;
    this.#database?.subscribe((state) => this.#follow(state));
    this.#database?.onReplaced(() => this.#saveAgain());
    queueMicrotask(() => (this.#database ? this.#follow(this.#database.state()) : options.onLoaded()));
  }

  /**
   * Adds a task. It is due as soon as it is on disk. If the disk does not take it, it is due when its time is over; if
   * nothing can be kept, at once.
   * @param task what is to wait
   * @param owner of it; null leaves it to the next instance of the node
   */
  add({ isDurable, ...task }: NewTask, owner: TaskOwner | null): PendingTask {
    const id = newId(task.since);
    const pending = pendingTask(
      { ...task, id, orphanedAt: null, attempts: 0 },
      { owner, isDurable, isStored: false },
    );
    this.#tasks.set(id, pending);
    this.#save(pending);
    if (owner) this.schedule(pending, 0);
    return pending;
  }

  /**
   * Gives an instance of a node the tasks of the instances before it.
   * @param node its id
   * @param type of the node
   * @param owner the instance
   * @returns the tasks, oldest first
   */
  claim(node: string, type: string, owner: TaskOwner): PendingTask[] {
    const claimed = [...this.#tasks.values()].filter(
      (task) => task.node === node && task.type === type && !task.owner && isReadable(task),
    );
    for (const task of claimed) {
      task.owner = owner;
      task.stepReason = 'resumed';
    }
    const orphaned = claimed.filter(({ orphanedAt }) => orphanedAt !== null);
    this.#markOrphaned(orphaned, null);
    return claimed.sort((a, b) => a.since - b.since);
  }

  /**
   * Takes the tasks of an owner from it. Those that are not durable end.
   * @param owner that closes
   * @param mayReturn false: its node is gone, so the open HTTP requests of its messages are given up
   * @returns the tasks that ended
   */
  release(owner: TaskOwner, mayReturn: boolean): PendingTask[] {
    const released = [...this.#tasks.values()].filter((task) => task.owner === owner);
    for (const task of released) {
      task.owner = null;
      this.#unschedule(task);
      if (!task.isDurable) this.#tasks.delete(task.id);
      else if (!mayReturn) task.message = withoutRequest(task.message);
    }
    const sent = released.filter(({ isDurable, attempts }) => isDurable && attempts > 0);
    for (const part of inParts(sent.map(({ id, attempts }) => ({ id, attempts }))))
      this.#call('waiting.attempts', { tasks: part }).catch(() => {});
    return released.filter(({ isDurable }) => !isDurable);
  }

  /**
   * Schedules the next step of a task, in place of the one that was scheduled.
   * @param milliseconds from now, or until its time is over if that is sooner
   */
  schedule(task: PendingTask, milliseconds: number): void {
    this.#unschedule(task);
    task.dueAt = Math.min(performance.now() + Math.max(0, milliseconds), task.until);
    this.#plan(task);
  }

  /**
   * Ends a task whose message was sent or raised.
   * @param owner that did it; if the task has another owner by now, nothing happens
   */
  delivered(task: PendingTask, owner: TaskOwner): void {
    if (task.owner !== owner || !this.#tasks.has(task.id)) return;
    this.#forget(task);
    if (!task.saving && !task.isStored) return;
    const timer = setTimeout(() => {
      this.#delivered.delete(task.id);
      if (task.saving || task.isStored) this.#delete([task.id]);
    }, KEPT_AFTER_DELIVERY_MS);
    this.#delivered.set(task.id, timer);
  }

  /**
   * An operator wants tasks to be queried now. A query that is under way is not made twice.
   * @returns how many have a node that does it
   */
  queryNow(tasks: readonly PendingTask[]): number {
    const owned = tasks.filter(({ owner }) => owner);
    for (const task of owned) if (!task.isQuerying) this.schedule(task, 0);
    return owned.length;
  }

  /**
   * An operator drops tasks.
   * @returns how many
   */
  drop(tasks: readonly PendingTask[]): number {
    for (const task of tasks) task.owner?.drop(task);
    this.#remove(tasks.filter(({ owner }) => !owner));
    return tasks.length;
  }

  /**
   * @param node only of this one
   * @param id only this one
   * @returns the tasks, whoever their owner is
   */
  list(node?: string, id?: string): PendingTask[] {
    return [...this.#tasks.values()].filter(
      (task) => (node === undefined || task.node === node) && (id === undefined || task.id === id),
    );
  }

  /**
   * Deletes the tasks that have had no node for seven days.
   * @param exists whether there is such a node
   * @param now Unix milliseconds
   * @returns the tasks without a node that are kept, and those that were deleted
   */
  sweepOrphans(
    exists: (node: string, type: string) => boolean,
    now: number,
  ): { kept: PendingTask[]; deleted: PendingTask[] } {
    const orphans = [...this.#tasks.values()].filter(
      (task) => !task.owner && !(isReadable(task) && exists(task.node, task.type)),
    );
    const ageOf = ({ orphanedAt }: PendingTask) => now - (orphanedAt ?? Number.POSITIVE_INFINITY);
    const isNew = (task: PendingTask) => ageOf(task) < 0 || ageOf(task) > LONGEST_BELIEVED_MS;
    this.#markOrphaned(orphans.filter(isNew), now);
    const deleted = orphans.filter((task) => ageOf(task) >= KEPT_WITHOUT_NODE_MS);
    this.#remove(deleted);
    return { kept: orphans.filter((task) => ageOf(task) < KEPT_WITHOUT_NODE_MS), deleted };
  }

  /**
   * Waits until everything is on disk that can be, and deletes there what was delivered: only a kill could still need it.
   * @returns task ids of what is in memory only, although it should survive a restart
   */
  async flush(): Promise<readonly string[]> {
    if (!this.#database) return [];
    for (const timer of this.#delivered.values()) clearTimeout(timer);
    this.#delete([...this.#delivered.keys()]);
    this.#delivered.clear();
    const isOver = new AbortController();
    const timeUp = delay(FLUSH_MS, undefined, { signal: isOver.signal }).catch(() => {});
    await Promise.race([this.#written().catch(() => {}), timeUp]);
    isOver.abort();
    return [...this.#tasks.values()]
      .filter(({ isDurable, isStored }) => isDurable && !isStored)
      .flatMap(({ taskIds }) => taskIds);
  }

  /** @throws VerifyError CONFIG if the database cannot be written now */
  async #written(): Promise<void> {
    await this.#call('waiting.end', { ids: NO_ROW }, { whenAway: 'fail' });
    while (this.#calls.size > 0) await Promise.allSettled(this.#calls);
  }

  #follow(state: StoreState): void {
    if (OPEN.has(state)) {
      this.#load().then(this.#options.onLoaded, this.#options.onLoaded);
      return;
    }
    if (state !== 'opening') this.#options.onLoaded();
    // Where there is no disk to wait for, new tasks go on without it.
    if (WORTH_WAITING.has(state)) return;
    for (const task of this.#tasks.values()) if (task.saving) this.#plan(task);
  }

  /** Reads the tasks of earlier processes, and writes those that could not be written before. */
  async #load(): Promise<void> {
    const unreadable: PendingTask[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: StoredTask[] = await this.#call('waiting.list', { after });
      for (const { content, ...row } of page) {
        if (this.#tasks.has(row.id) || this.#delivered.has(row.id) || this.#deleting.has(row.id)) continue;
        const unpacked = content === null ? null : unpackContent(Buffer.from(content, 'base64'));
        const { work, message } = unpacked ?? { work: undefined, message: {} };
        const task = pendingTask({ ...row, work, message }, { owner: null, isDurable: true, isStored: true });
        this.#tasks.set(row.id, task);
        if (!isReadable(task)) unreadable.push(task);
      }
      after = page.at(-1)?.id;
    }
    if (unreadable.length > 0) this.#options.onUnreadable(unreadable);
    for (const task of this.#tasks.values()) if (!task.isStored && !task.saving) this.#save(task);
  }

  /** Another file has taken the place of the one that tasks were written to. */
  #saveAgain(): void {
    for (const task of this.#tasks.values()) if (task.isStored && !task.saving) this.#save(task);
  }

  #save(task: PendingTask): void {
    if (!this.#database || !task.isDurable) return;
    const packed = packContent(task);
    if (!packed?.isWhole) this.#options.onPartial();
    if (!packed) return;
    const { id, node, type, since, deadline, orphanedAt, taskIds, attempts } = task;
    const content = packed.bytes.toString('base64');
    const row = { id, node, type, since, deadline, orphanedAt, taskIds, attempts, content };
    const saving = new AbortController();
    task.saving = saving;
    const saved = (isStored: boolean) => {
      task.saving = null;
      task.isStored = isStored;
      this.#plan(task);
    };
    // A task that ended on its way to the disk may be written all the same.
    const late = () => this.#delete([id]);
    this.#call('waiting.put', row, { signal: saving.signal, late }).then(
      () => saved(true),
      () => saved(false),
    );
  }

  /** Sees to it that a task is handed over when it is time for that. */
  #plan(task: PendingTask): void {
    const at = this.#timeOf(task);
    if (at <= performance.now()) this.#makeReady(task);
    else this.#setTimer(at);
  }

  /** docs/contract.md, "Action nodes": a task is on disk before its first query, unless its time is over before that. */
  #timeOf({ dueAt, until, saving, isStored, deadline }: PendingTask): number {
    const waitsForDisk = saving !== null && !isStored && deadline !== null;
    return waitsForDisk && WORTH_WAITING.has(this.#database!.state()) ? Math.max(dueAt, until) : dueAt;
  }

  #setTimer(at: number): void {
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const milliseconds = Math.max(SHORTEST_TIMER_MS, Math.ceil(at - performance.now()));
    this.#timer = setTimeout(() => this.#ring(), Math.min(LONGEST_TIMER_MS, milliseconds));
  }

  #ring(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    const due: PendingTask[] = [];
    for (const task of this.#tasks.values()) {
      const at = this.#timeOf(task);
      if (at <= now) due.push(task);
      else if (at < next) next = at;
    }
    for (const task of due.sort((a, b) => a.dueAt - b.dueAt)) this.#makeReady(task);
    this.#setTimer(next);
  }

  #makeReady(task: PendingTask): void {
    task.dueAt = Number.POSITIVE_INFINITY;
    this.#ready.add(task);
    if (this.#ready.size === 1) setImmediate(() => this.#handOver());
  }

  #handOver(): void {
    let count = 0;
    for (const task of this.#ready) {
      if (++count > MOST_AT_A_TIME) {
        setImmediate(() => this.#handOver());
        return;
      }
      this.#ready.delete(task);
      task.owner?.due(task);
    }
  }

  #unschedule(task: PendingTask): void {
    task.dueAt = Number.POSITIVE_INFINITY;
    this.#ready.delete(task);
  }

  #markOrphaned(tasks: readonly PendingTask[], orphanedAt: number | null): void {
    for (const task of tasks) task.orphanedAt = orphanedAt;
    for (const ids of inParts(tasks.map(({ id }) => id)))
      this.#call('waiting.orphan', { ids, orphanedAt }).catch(() => {});
  }

  #remove(tasks: readonly PendingTask[]): void {
    for (const task of tasks) this.#forget(task);
    this.#delete(tasks.map(({ id }) => id));
  }

  #forget(task: PendingTask): void {
    this.#tasks.delete(task.id);
    this.#unschedule(task);
    task.owner = null;
    task.saving?.abort();
  }

  #delete(all: readonly string[]): void {
    for (const ids of inParts(all)) {
      for (const id of ids) this.#deleting.add(id);
      const isOver = () => {
        for (const id of ids) this.#deleting.delete(id);
      };
      this.#call('waiting.end', { ids }).then(isOver, isOver);
    }
  }

  #call<Answer>(operation: string, parameters: object, options: CallOptions<Answer> = {}): Promise<Answer> {
    if (!this.#database) return Promise.reject(new Error('There is no database'));
    const call = this.#database.call<object, Answer>(operation, parameters, { whenAway: 'keep', ...options });
    this.#calls.add(call);
    call
      .catch((reason: VerifyError) => {
        // An operator is warned of the database's state and of its secret; nobody else is told of a bug.
        if (reason.problem === 'internal') this.#options.onBug(operation, reason);
      })
      .finally(() => this.#calls.delete(call));
    return call;
  }
}

function pendingTask(
  row: TaskRow & TaskContent,
  start: Pick<PendingTask, 'owner' | 'isDurable' | 'isStored'>,
): PendingTask {
  return {
    ...row,
    ...start,
    stepReason: 'arrived',
    dueAt: Number.POSITIVE_INFINITY,
    until: untilOf(row),
    isQuerying: false,
    saving: null,
  };
}

/** The time left is never more than the whole time of the task, whatever happened to the clock since. */
function untilOf({ since, deadline }: TaskRow): number {
  if (deadline === null) return Number.POSITIVE_INFINITY;
  return performance.now() + Math.max(0, Math.min(deadline - Date.now(), deadline - since));
}

function withoutRequest(message: TaskContent['message']): TaskContent['message'] {
  try {
    const { req: _req, res: _res, ...rest } = message;
    return rest;
  } catch {
    // A getter of the message throws.
    return {};
  }
}

/** A row that cannot be opened is a task without work, which no node can claim. */
function isReadable({ work }: PendingTask): boolean {
  return work !== undefined;
}

/** Ids that sort by time are read oldest first without another index. */
function newId(since: number): string {
  const bytes = randomFillSync(Buffer.allocUnsafe(12), 6);
  bytes.writeUIntBE(Math.max(0, since), 0, 6);
  return bytes.toString('hex');
}

function* inParts<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let from = 0; from < rows.length; from += MOST_ROWS) yield rows.slice(from, from + MOST_ROWS);
}
