import type { Account, Action, Context, SettingDefinitions } from '../../action';
import { type Cause, ERRORS, VerifyError } from '../../errors';
import type { Answer, Outcome } from '../../result';
import { assemble, type TaskState } from './assemble';
import { nextPause } from './back-off';
import { query } from './client';
import { UNKNOWN_TASK } from './codes';
import { type Photo, readPhoto } from './photo';
import type { TaskAnswer } from './response';
import { TASK_STATUSES } from './statuses';
import { type KnownTasks, readTasks } from './task-input';
import type { Task } from './truth-create';

/** CONTRACT, "Errors": a task answered 404 counts as not started for this long. */
const UNKNOWN_FOR_MS = 30_000;
const MOST_REMEMBERED = 10_000;

interface PollInput extends KnownTasks {
  mode: 'wait' | 'once';
  /** Milliseconds, all three. */
  interval: number;
  maxInterval: number;
  timeout: number;
  /** Unix time in milliseconds, where the wait began before this process did. */
  deadline: number | undefined;
  resume: boolean;
}

/** CONTRACT, "Result", `data` of truth-poll. */
export interface PollData {
  [name: string]: unknown;
  taskIds: string[];
  tasks: Task[];
  photos: Photo[];
  summary: { total: number; passed: number; failed: number; inconclusive: number };
  lastError?: Cause;
}

const SETTINGS = {
  mode: { type: 'string', default: 'wait', choices: ['wait', 'once'] },
  interval: { type: 'number', default: 2, min: 0.05 },
  maxInterval: { type: 'number', default: 15, min: 0.05 },
  timeout: { type: 'number', default: 300, min: 0.05 },
  resume: { type: 'boolean', default: true },
  split: { type: 'boolean', default: false },
} as const satisfies SettingDefinitions;

/** Asks after tasks until they are finished, or once. */
export const truthPoll: Action<PollInput, typeof SETTINGS> = {
  provider: 'xhey',
  operation: 'truth-poll',
  mayCost: false,
  fields: { task: { value: 'payload', type: 'msg' } },
  settings: SETTINGS,

  parse({ task, deadline }, { mode, interval, maxInterval, timeout, resume }) {
    const { taskIds, tasks, states } = readTasks(task);
    // Written out: of ten thousand objects that are spread into another, each has a shape of its own.
    return {
      taskIds,
      tasks,
      states,
      mode,
      interval: interval * 1000,
      maxInterval: maxInterval * 1000,
      timeout: timeout * 1000,
      deadline: typeof deadline === 'number' ? deadline : undefined,
      resume,
    };
  },

  keep({ taskIds, tasks, states, mode, timeout, deadline = 0, resume }, now) {
    if (mode === 'once' || !resume) return null;
    const until = deadline || now + timeout;
    const photos = [...states.values()].flatMap((state) => state.photos);
    return { taskIds, deadline: until, fields: { task: { taskIds, tasks, photos }, deadline: until } };
  },

  async run(account, input, context): Promise<Answer<PollData>> {
    const deadline = input.deadline ?? context.now() + input.timeout;
    const job: Job = { account, input, deadline };
    const waiting = input.taskIds.map((taskId) => input.states.get(taskId)!);
    try {
      if (input.mode === 'once') {
        const asked = await Promise.allSettled(waiting.map((state) => ask(job, state, context)));
        for (const each of asked) if (each.status === 'rejected') throw each.reason;
      } else if (deadline > context.now()) {
        await context.within(deadline - context.now(), (timed) =>
          each(waiting, (state) => follow(job, state, timed)),
        );
      } else {
        await each(waiting, (state) => askThroughTrouble(job, state, context));
      }
    } catch (error) {
      if (error instanceof VerifyError) error.details.taskIds = input.taskIds;
      throw error;
    }
    return report(job, context);
  },
};

/** All at once; a message usually has one task, and there may be ten thousand messages. */
function each<Value>(states: TaskState[], work: (state: TaskState) => Promise<Value>): Promise<unknown> {
  return states.length === 1 ? work(states[0]!) : Promise.all(states.map(work));
}

/** One message's work. */
interface Job {
  account: Account;
  input: PollInput;
  /** Unix time in milliseconds. */
  deadline: number;
}

/** Asks after one task until it is finished. */
async function follow(job: Job, state: TaskState, context: Context): Promise<void> {
  for (let queries = 1; ; queries++) {
    const retryAfter = await askThroughTrouble(job, state, context);
    if (state.status !== 'waiting') return;
    const pause = Math.max(nextPause(job.input, queries, context.random()), retryAfter);
    await context.wait(lastChance(pause, job.deadline - context.now(), job.input.interval));
  }
}

/** @returns milliseconds the provider asks to be left alone for */
async function askThroughTrouble(job: Job, state: TaskState, context: Context): Promise<number> {
  try {
    await ask(job, state, context);
    state.error = undefined;
    context.trouble(state.taskId, null);
    return 0;
  } catch (error) {
    if (!(error instanceof VerifyError) || ERRORS[error.code].endsWait !== 'never') throw error;
    state.error = error;
    context.trouble(state.taskId, error);
    return (error.details.retryAfter ?? 0) * 1000;
  }
}

/** A pause that would outlast the deadline ends one interval before it, so that a task finished late is still seen. */
function lastChance(pause: number, left: number, interval: number): number {
  return pause > left && left > interval ? left - interval : pause;
}

/** One query: xhey.md, "POST /v2/truth_build/query". */
async function ask(job: Job, state: TaskState, context: Context): Promise<void> {
  const { taskId } = state;
  let answer: TaskAnswer;
  try {
    answer = await query(job.account, taskId, context);
  } catch (error) {
    if (!(error instanceof VerifyError) || error.details.providerCode !== UNKNOWN_TASK) throw error;
    const since = context.memory.get(taskId) ?? context.now();
    remember(context.memory, taskId, since);
    if (context.now() - since >= UNKNOWN_FOR_MS) state.status = 'unknown';
    return;
  }
  context.memory.delete(taskId);
  // No more of it, as it is kept while the task waits.
  const { code, message, raw } = answer;
  state.told = { code, message, raw };

  const { taskStatus, list } = answer;
  const status = TASK_STATUSES.get(taskStatus);
  if (!status) context.warnOnce('unknown-task-status', { taskStatus });
  const photos = list.map((item) => readPhoto(item, taskId));
  state.photos = photos.filter((photo) => photo !== null);
  const allReported = state.photos.length === photos.length;
  state.status = status === 'revoked' || (status === 'finished' && allReported) ? status : 'waiting';
}

/** Keeps when a task was first answered 404; ids that never come back must not pile up. */
function remember(memory: Map<string, number>, taskId: string, since: number): void {
  memory.set(taskId, since);
  if (memory.size > MOST_REMEMBERED) memory.delete(memory.keys().next().value!);
}

function report({ input }: Job, context: Context): Answer<PollData> {
  const { states, tasks } = input;
  const open = [...states.values()].filter(({ status }) => status === 'waiting').map(({ taskId }) => taskId);
  const photos = assemble(tasks, states);
  const bare = photoless(tasks, states);
  const count = (outcome: Outcome) => photos.filter((photo) => photo.outcome === outcome).length;
  const summary = {
    total: photos.length,
    passed: count('passed'),
    failed: count('failed'),
    inconclusive: count('inconclusive'),
  };
  const reasons = new Set([...photos.map(({ reason }) => reason), ...bare.map(bareReason)]);
  const envelopes = [...states.values()].flatMap(({ told }) => told ?? []);
  const error = [...states.values()].findLast((state) => state.error)?.error;
  return {
    outcome: open.length > 0 ? 'unfinished' : outcomeOf(summary, bare.length),
    reason: open.length === 0 && reasons.size === 1 ? [...reasons][0]! : null,
    code: envelopes.at(-1)?.code ?? error?.details.providerCode ?? '',
    message: envelopes.at(-1)?.message ?? error?.details.providerMessage ?? '',
    requestId: null,
    charged: null,
    data: {
      taskIds: open.length > 0 ? open : [...states.keys()],
      tasks,
      photos,
      summary,
      ...(open.length > 0 && error ? { lastError: context.explain(error) } : {}),
    },
    raw: envelopes.length === 1 ? envelopes[0]!.raw : envelopes.map(({ raw }) => raw),
  };
}

/** CONTRACT, "Result", truth-poll. */
function outcomeOf({ total, passed, failed }: PollData['summary'], photolessTasks: number): Outcome {
  if (failed > 0) return 'failed';
  return passed === total && photolessTasks === 0 ? 'passed' : 'inconclusive';
}

/** Tasks that ended without a photo, reported or submitted. */
function photoless(tasks: readonly Task[], states: ReadonlyMap<string, TaskState>): TaskState[] {
  const withPhotos = new Set(tasks.map(({ taskId }) => taskId));
  return [...states.values()].filter(
    ({ taskId, status, photos }) => status !== 'waiting' && photos.length === 0 && !withPhotos.has(taskId),
  );
}

function bareReason({ status }: TaskState): string | null {
  if (status === 'revoked') return 'revoked';
  return status === 'unknown' ? 'unknown-task' : null;
}
