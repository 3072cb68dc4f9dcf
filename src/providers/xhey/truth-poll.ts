import type { Account } from '../../contract/account';
import type { Action, AskContext, Context, Unfinished } from '../../contract/action';
import { type Cause, ERRORS, VerifyError } from '../../contract/errors';
import type { Answer, Environment } from '../../contract/result';
import type { SettingDefinitions } from '../../contract/settings';
import { inTurns } from '../../input/slices';
import { query } from './client';
import { UNKNOWN_TASK } from './codes';
import { isInProgress, readPhoto, wasLookedAt } from './photo';
import { claimText, type PollData, report, splitPhotos } from './report';
import type { TaskAnswer } from './response';
import { reuseKey } from './reuse-key';
import { type PolledTask, readTasks, TASK_STATUSES } from './tasks';

/** docs/contract.md, "Errors": a task answered 404 counts as not started for this long. */
const UNKNOWN_FOR_MS = 30_000;
const MOST_REMEMBERED = 10_000;
/** Of one message; how many really go out at a time is the account's to say. */
const QUERIES_AT_A_TIME = 64;
/** How the pause between two queries grows. */
const GROWTH = 1.5;
const JITTER = 0.2;

/** Plain JSON: it is what waits. */
interface PollState {
  tasks: (PolledTask & { error?: Cause; raw?: unknown })[];
  /** Of the account that the message came for. */
  environment: Environment | null;
  /** Where an account of one's own (`custom`) is: what one says is no verdict of another. */
  baseUrl?: string;
  /** Where the message says that tasks are over, or when they were submitted, as long as nobody has checked it. */
  claim?: { seal: unknown; submittedAt?: string };
  /** ISO 8601, when the message came. */
  arrivedAt: string;
  /** The same of the message that first came for these tasks, where an earlier truth-poll says so. */
  submittedAt?: string;
  repaired: string[];
  /** Milliseconds. */
  interval: number;
  /** Milliseconds. */
  maxInterval: number;
  /** Steps so far. */
  steps: number;
  /** Of the latest answer. */
  code: string;
  message: string;
  providerTime: string | null;
}

interface PollInput {
  mode: 'wait' | 'once';
  state: PollState;
  /** Milliseconds. */
  timeout: number;
  resume: boolean;
}

const SETTINGS = {
  mode: { type: 'string', default: 'wait', choices: ['wait', 'once'] },
  interval: { type: 'number', default: 2, min: 0.05 },
  maxInterval: { type: 'number', default: 15, min: 0.05 },
  timeout: { type: 'number', default: 300, min: 0.05 },
  resume: { type: 'boolean', default: true },
  split: { type: 'boolean', default: false },
} as const satisfies SettingDefinitions;

/** Queries tasks until they are finished, or once. */
export const truthPoll: Action<PollInput, typeof SETTINGS, PollState> = {
  provider: 'xhey',
  operation: 'truth-poll',
  mayCost: false,
  fields: { task: { value: 'payload', type: 'msg' } },
  settings: SETTINGS,

  parse({ task }, { mode, interval, maxInterval, timeout, resume }, { environment, now }) {
    const repaired = new Set<string>();
    const { tasks, seal, submittedAt } = readTasks(task, environment, repaired);
    const isClaim = submittedAt !== undefined || tasks.some(({ status }) => status !== 'waiting');
    const state: PollState = {
      tasks,
      environment,
      ...(isClaim ? { claim: { seal, ...(submittedAt ? { submittedAt } : {}) } } : {}),
      arrivedAt: new Date(now).toISOString(),
      repaired: [...repaired],
      interval: interval * 1000,
      maxInterval: maxInterval * 1000,
      steps: 0,
      code: '',
      message: '',
      providerTime: null,
    };
    return { mode, state, timeout: timeout * 1000, resume };
  },

  async run(account, { state }, context): Promise<Answer<PollData>> {
    const raw: unknown[] = [];
    await checkClaim(() => account, state, context);
    const taskIds = idsOf(waiting(state));
    await each(waiting(state), (task) => ask(() => account, state, task, context, raw)).catch((error) => {
      if (error instanceof VerifyError) error.details.taskIds = taskIds;
      throw error;
    });
    const answer = await resultOf(state, raw, context);
    await discardUnseen(() => account, state, answer);
    return answer;
  },

  waits: {
    begin({ mode, state, timeout, resume }) {
      if (mode === 'once') return null;
      const queried = state.claim ? state.tasks : waiting(state);
      return { state, taskIds: idsOf(queried), timeout, resume };
    },

    async ask(open, state, context) {
      const raw: unknown[] = [];
      await checkClaim(open, state, context);
      const { lastError, retryAfter } = isOver(context)
        ? { lastError: null, retryAfter: 0 }
        : await askAll(open, state, context, raw);
      if (waiting(state).length === 0 || context.left() <= 0) {
        const answer = await resultOf(state, raw, context);
        await discardUnseen(open, state, answer);
        return answer;
      }
      const pause = Math.max(nextPause(state, ++state.steps, context.random()), retryAfter);
      const nextStepIn = lastChance(pause, context.left(), state.interval);
      return { nextStepIn, lastError } satisfies Unfinished;
    },
  },

  split: (result, { split }) => (split ? splitPhotos(result) : null),
};

/** A verdict is what the provider says: what only the message says is asked for again. */
async function checkClaim(
  open: () => Account | Promise<Account>,
  state: PollState,
  context: Context,
): Promise<void> {
  const { claim, environment, tasks } = state;
  if (!claim) return;
  try {
    if (environment === 'custom') await accountOf(state, open);
  } catch {
    // Without its address nothing is sealed; the query says what is wrong with the account.
  }
  const photos = tasks.flatMap((task) => task.photos);
  const { seal, submittedAt } = claim;
  if (await context.isSealed(claimText(placeOf(state), tasks, photos, submittedAt), seal)) {
    if (submittedAt !== undefined) state.submittedAt = submittedAt;
  } else {
    if (tasks.some(({ status }) => status !== 'waiting')) context.warnOnce('claim-unsealed');
    for (const task of tasks) Object.assign(task, { status: 'waiting', photos: [] });
  }
  delete state.claim;
}

/** A task that ran out of time while Node-RED was down, or while the disk was full, is still queried once. */
function isOver(context: AskContext): boolean {
  return context.left() <= 0 && context.stepReason === 'again';
}

function waiting({ tasks }: PollState): PollState['tasks'] {
  return tasks.filter(({ status }) => status === 'waiting');
}

function idsOf(tasks: readonly PolledTask[]): string[] {
  return tasks.map(({ taskId }) => taskId);
}

/**
 * Queries every task that waits, and survives what can pass.
 * @returns the error of the last query that failed, and milliseconds for which the provider wants no request
 */
async function askAll(
  open: () => Account | Promise<Account>,
  state: PollState,
  context: AskContext,
  raw: unknown[],
): Promise<{ lastError: VerifyError | null; retryAfter: number }> {
  let lastError: VerifyError | null = null;
  let retryAfter = 0;
  await each(waiting(state), async (task) => {
    const { error: before } = task;
    try {
      delete task.error;
      await ask(open, state, task, context, raw);
    } catch (error) {
      if (!(error instanceof VerifyError) || endsWait(error, context)) throw error;
      // Its account is replaced, or its time is over: neither says anything of the task.
      if (error.code === 'CANCELLED') {
        if (before) task.error = before;
        return;
      }
      task.error = context.explain(error);
      lastError = error;
      retryAfter = Math.max(retryAfter, (error.details.retryAfter ?? 0) * 1000);
    }
  });
  return { lastError, retryAfter };
}

function endsWait({ code }: VerifyError, { stepReason }: AskContext): boolean {
  const { endsWait: when } = ERRORS[code];
  return when === 'always' || (when === 'on-arrival' && stepReason === 'arrived');
}

/** A task's id says nothing, or something of another task, in an environment that did not create it. */
async function accountOf(state: PollState, open: () => Account | Promise<Account>): Promise<Account> {
  const account = await open();
  state.environment ??= account.environment;
  if (account.environment !== state.environment) throw new VerifyError('CONFIG', 'task-other-environment');
  if (account.environment === 'custom') state.baseUrl = account.baseUrl.href;
  return account;
}

function placeOf({ environment, baseUrl }: PollState): string {
  return [environment, baseUrl].filter(Boolean).join(' ');
}

/** One query: docs/providers/xhey.md, "POST /v2/truth_build/query". */
async function ask(
  open: () => Account | Promise<Account>,
  state: PollState,
  task: PollState['tasks'][number],
  context: Context,
  raw: unknown[],
): Promise<void> {
  const { taskId } = task;
  let answer: TaskAnswer;
  try {
    answer = await query(await accountOf(state, open), taskId, context);
  } catch (error) {
    if (!(error instanceof VerifyError) || error.details.providerCode !== UNKNOWN_TASK) throw error;
    state.code = UNKNOWN_TASK;
    state.message = error.details.providerMessage ?? '';
    task.error = context.explain(error);
    const since = context.memory.get(taskId) ?? context.now();
    remember(context.memory, taskId, since);
    if (context.now() - since >= UNKNOWN_FOR_MS) task.status = 'unknown';
    return;
  }
  context.memory.delete(taskId);
  state.code = answer.code;
  state.message = answer.message;
  state.providerTime = answer.providerTime;

  const { taskStatus, list } = answer;
  const status = TASK_STATUSES.get(taskStatus);
  if (!status) context.warnOnce('unknown-task-status', { taskStatus });
  const photos = list.map((item) => readPhoto(item, taskId));
  const judged = photos.filter((photo) => !isInProgress(photo));
  const isUndecided = status === 'finished' && judged.length < photos.length;
  if (isUndecided) context.warnOnce('photo-in-progress');
  task.photos = isUndecided ? photos : judged;
  if (status && status !== 'waiting' && !isUndecided) {
    task.status = status;
    task.raw = answer.raw;
  } else raw.push(answer.raw);
}

/** @param raw of tasks that are not finished, from this step */
async function resultOf(
  state: PollState,
  raw: readonly unknown[],
  context: Context,
): Promise<Answer<PollData>> {
  const { environment, repaired, code, message, providerTime } = state;
  const kept = state.tasks.flatMap((task) => (task.raw === undefined ? [] : [task.raw]));
  const lastError = state.tasks.findLast(({ error }) => error)?.error;
  const tasks = state.tasks.map(({ error: _error, raw: _raw, ...task }) => task);
  const findings = { tasks, repaired, code, message, providerTime, lastError, raw: [...kept, ...raw] };
  const answer = await inTurns(report(findings));
  const { data } = answer;
  // A later truth-poll must not take the time of its own message for that.
  const submittedAt = state.submittedAt ?? (waiting(state).length > 0 ? state.arrivedAt : undefined);
  const seal = await context.seal(claimText(placeOf(state), data.tasks, data.photos, submittedAt));
  return {
    ...answer,
    ...(environment ? { environment } : {}),
    data: { ...data, ...(submittedAt ? { submittedAt } : {}), seal },
  };
}

/** A photo that nobody looked at is submitted again where truth-create's `reuse` would give it this task's answer. */
async function discardUnseen(
  open: () => Account | Promise<Account>,
  state: PollState,
  { data }: Answer<PollData>,
): Promise<void> {
  const answers = data.photos.flatMap((photo) =>
    photo.url === null || wasLookedAt(photo) ? [] : [{ key: reuseKey(photo.url), holds: photo.taskId }],
  );
  if (answers.length === 0 || waiting(state).length > 0) return;
  try {
    (await accountOf(state, open)).discardReuse?.(answers);
  } catch {
    // The account is not set up any more, or for another environment; what its tasks found is said all the same.
  }
}

/** Side by side, but not ten thousand at once; an error is thrown when all are over. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  const workers = Array.from({ length: Math.min(items.length, QUERIES_AT_A_TIME) }, worker);
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** A pause that would outlast the deadline ends one interval before it, so that a task finished late is still seen. */
function lastChance(pause: number, left: number, interval: number): number {
  return pause > left && left > interval ? left - interval : pause;
}

/** Keeps when a task was first answered 404; ids that never come back must not pile up. */
function remember(memory: Map<string, number>, taskId: string, since: number): void {
  memory.set(taskId, since);
  if (memory.size > MOST_REMEMBERED) memory.delete(memory.keys().next().value!);
}

interface BackOff {
  /** Milliseconds before the second query. */
  interval: number;
  /** Milliseconds at the most. */
  maxInterval: number;
}

/**
 * @param backOff first and longest pause
 * @param queries made so far, from 1
 * @param random a number from 0 up to 1
 * @returns milliseconds to the next query: growing by half each time, and up to a fifth shorter, so that tasks which
 *   came together drift apart
 */
export function nextPause({ interval, maxInterval }: BackOff, queries: number, random: number): number {
  const longest = Math.max(interval, maxInterval);
  const pause = Math.min(longest, interval * GROWTH ** (queries - 1));
  return pause * (1 - JITTER * random);
}
