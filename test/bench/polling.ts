/** Tasks that wait in truth-poll, against a loop of one's own for each task, and what keeping them on disk costs. */
import { randomBytes } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { createHistogram, type Histogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Pool } from 'undici';
import { nextPause } from '../../src/providers/xhey/truth-poll';
import { PendingTasks } from '../../src/waiting/pending-tasks';
import { inChild, serveCase } from './child';
import { table } from './measure';
import { collectGarbage, held } from './memory';
import { startProvider } from './provider';
import { ACTIONS } from './requests';
import { startRuntime } from './runtime';
import { ours } from './throughput';

const ACTION = 'truth-poll';
const TASKS = [100, 1_000, 10_000];
const CONTENDERS = ['on disk', 'in memory', 'a loop a task'] as const;
type Contender = (typeof CONTENDERS)[number];

const INTERVAL_S = 2;
/** No deadline is as near, which tells it from a pause between queries. */
const MAX_INTERVAL_S = 15;
const TIMEOUT_S = 3_600;
const MAX_CONCURRENT = 64;
/** As fast as truth-create could send them. */
const COME_AT_A_TIME = 50;
const COME_EVERY_MS = 25;
/** Pauses have grown to the longest by then. */
const SETTLE_MS = 25_000;
const WINDOW_MS = 20_000;

interface Spread {
  p99: number;
  longest: number;
}

interface Waited {
  /** Milliseconds that the event loop was held, while tasks came in and their pauses grew, and then. */
  coming: Spread;
  waiting: Spread;
  /** Milliseconds by which queries were late, in both times. */
  lateComing: Spread;
  late: Spread;
  queriesPerSecond: number;
  /** Percent of one core. */
  cpu: number;
  /** Bytes a task, beyond its message. */
  memory: number;
}

const FIRST_ID = 1_000_000_000_000;
const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const messageOf = (index: number) => ({
  _msgid: randomBytes(8).toString('hex'),
  payload: String(FIRST_ID + index),
});

/** Compares when each query was due with when its head went to the socket. */
class Lateness {
  readonly #histogram = createHistogram();
  /** By task; made beforehand, so that it is no memory of a task. */
  readonly #due: Float64Array;

  constructor(tasks: number) {
    this.#due = new Float64Array(tasks);
    subscribe('undici:client:sendHeaders', (event) => {
      const { request } = event as { request: { body: Buffer } };
      const task = Number(JSON.parse(request.body.toString('latin1')).taskID) - FIRST_ID;
      const due = this.#due[task];
      if (due) this.#histogram.record(Math.max(1, Math.round((performance.now() - due) * 1000)));
    });
  }

  /** @param task that will be asked after in so many milliseconds */
  plan(task: number, milliseconds: number): void {
    this.#due[task] = performance.now() + milliseconds;
  }

  /** Plans what the node plans. */
  watchNode(): void {
    const plan = this.plan.bind(this);
    const { schedule } = PendingTasks.prototype;
    PendingTasks.prototype.schedule = function (task, milliseconds) {
      if (milliseconds > 0 && milliseconds <= MAX_INTERVAL_S * 1000)
        plan(Number(task.taskIds[0]) - FIRST_ID, milliseconds);
      schedule.call(this, task, milliseconds);
    };
  }

  /** @returns what there was since the last time */
  take(): Spread & { count: number } {
    const { count, max } = this.#histogram;
    const p99 = this.#histogram.percentile(99) / 1000;
    this.#histogram.reset();
    return { count, p99, longest: max / 1000 };
  }
}

type Take = (message: ReturnType<typeof messageOf>) => void;

/** Two nodes with one account: one opens its connections, the other waits. */
async function startNode(baseUrl: string, tasks: number, resume: boolean): Promise<Take> {
  const runtime = await startRuntime();
  const [account, node] = ours(ACTION, ACTIONS[ACTION]!, baseUrl, MAX_CONCURRENT) as [never, object];
  const pauses = { interval: INTERVAL_S, maxInterval: MAX_INTERVAL_S, timeout: TIMEOUT_S, resume };
  await runtime.deploy([account, node as never, { ...node, ...pauses, mode: 'wait', id: 'wait' } as never]);
  await runtime.drive(MAX_CONCURRENT * 20, MAX_CONCURRENT, (index) => messageOf(tasks + index));
  return (message) => runtime.node('wait').receive(message);
}

/** What one would write for one task, used for all of them. */
async function startTimers(baseUrl: string, tasks: number, lateness: Lateness): Promise<Take> {
  const pool = new Pool(baseUrl, { connections: MAX_CONCURRENT, pipelining: 1 });
  const query = async (taskID: string) => {
    const { path, headers, body } = ACTIONS[ACTION]!.request(taskID as never);
    const { body: answer } = await pool.request({ path, method: 'POST', headers, body });
    return JSON.parse(await answer.text()).data.taskStatus as number;
  };
  const follow = async (message: ReturnType<typeof messageOf>) => {
    for (let queries = 1; (await query(message.payload)) === 2; queries++) {
      const backOff = { interval: INTERVAL_S * 1000, maxInterval: MAX_INTERVAL_S * 1000 };
      const pause = nextPause(backOff, queries, Math.random());
      lateness.plan(Number(message.payload) - FIRST_ID, pause);
      await wait(pause);
    }
  };
  const warmUp = Array.from({ length: MAX_CONCURRENT * 20 }, (_, index) => messageOf(tasks + index).payload);
  await Promise.all(warmUp.map(query));
  return follow;
}

async function runCase(tasks: number, contender: Contender, baseUrl: string): Promise<Waited> {
  const lateness = new Lateness(tasks);
  const take =
    contender === 'a loop a task'
      ? await startTimers(baseUrl, tasks, lateness)
      : await startNode(baseUrl, tasks, contender === 'on disk');
  if (contender !== 'a loop a task') lateness.watchNode();

  await collectGarbage();
  const before = held();
  const messages = Array.from({ length: tasks }, (_, index) => messageOf(index));
  await collectGarbage();
  const own = held() - before;

  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const end = performance.now() + SETTLE_MS;
  while (messages.length > 0) {
    for (const message of messages.splice(-COME_AT_A_TIME)) take(message);
    await wait(COME_EVERY_MS);
  }
  await wait(end - performance.now());
  const coming = spread(delay);
  const lateComing = lateness.take();

  const cpu = process.cpuUsage();
  const start = performance.now();
  delay.reset();
  await wait(WINDOW_MS);
  const window = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const waiting = spread(delay);
  const { count, ...late } = lateness.take();
  if (count === 0) throw new Error('no query was seen');
  await collectGarbage();
  return {
    coming,
    waiting,
    lateComing,
    late,
    queriesPerSecond: (count / window) * 1000,
    cpu: (user + system) / window / 10,
    memory: (held() - before - own) / tasks,
  };
}

/** The monitor's own pause is part of what it sees. */
function spread(delay: Histogram): Spread {
  return { p99: Math.max(0, delay.percentile(99) / 1e6 - 1), longest: Math.max(0, delay.max / 1e6 - 1) };
}

/** @param counts of waiting tasks; 100, 1,000 and 10,000 without any */
export async function polling(counts: readonly string[]): Promise<void> {
  const provider = await startProvider();
  const coming: (string | number)[][] = [];
  const waiting: (string | number)[][] = [];
  for (const tasks of counts.length > 0 ? counts.map(Number) : TASKS) {
    for (const contender of CONTENDERS) {
      const waited = await inChild<Waited>(__filename, tasks, contender, provider.baseUrl);
      const { late, lateComing } = waited;
      coming.push([
        ...[String(tasks), contender, waited.coming.p99, waited.coming.longest],
        ...[lateComing.p99, lateComing.longest],
      ]);
      waiting.push([
        ...[String(tasks), contender, waited.waiting.p99, waited.waiting.longest, late.p99, late.longest],
        ...[waited.queriesPerSecond, waited.cpu, String(Math.round(waited.memory))],
      ]);
    }
  }
  console.log(`Every ${INTERVAL_S} s, growing to ${MAX_INTERVAL_S} s; maxConcurrent ${MAX_CONCURRENT}\n`);
  const times = ['event loop p99, ms', 'longest, ms', 'query late p99, ms', 'latest, ms'];
  table(['coming in', '', ...times], coming);
  table(['waiting', '', ...times, 'queries/s', 'CPU, %', 'bytes a task beyond its message'], waiting);
  provider.stop();
}

serveCase(__filename, runCase);
