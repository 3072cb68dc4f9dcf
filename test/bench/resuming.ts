/** A start over what waits on disk: how long until all of it is out, and how long the event loop is held. */
import { subscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openDatabase } from '../../src/store/database';
import { secretOf } from '../../src/store/secret';
import { packContent } from '../../src/waiting/content';
import { inChild, serveCase } from './child';
import { table } from './measure';
import { startProvider } from './provider';
import { ACTIONS } from './requests';
import { startRuntime } from './runtime';
import { ours } from './throughput';

const ACTION = 'truth-poll';
const ENTRIES = 10_000;
const ROUNDS = 3;
const MAX_CONCURRENT = 64;
const WHAT = ['results to deliver', 'tasks to query'] as const;

interface Took {
  /** Milliseconds from the deploy to the last. */
  all: number;
  /** Milliseconds for which the event loop was held. */
  p99: number;
  longest: number;
  /** Of such a hold at the most was this process's own, and not others' who had the processor. */
  own: number;
}

function row(index: number, what: (typeof WHAT)[number]): object {
  const now = Date.now();
  const data = { taskIds: [`${index}`], tasks: [], photos: [], summary: { total: 0 } };
  const result = { provider: 'xhey', operation: ACTION, outcome: 'passed', data };
  const task = { taskId: `${index}`, photoUrls: [], status: 'waiting', photos: [] };
  const state = { tasks: [task], repaired: [], interval: 2_000, maxInterval: 15_000, steps: 3 };
  const content = packContent({
    work: what === 'results to deliver' ? { result } : { state: { ...state, code: '', message: '' } },
    message: { _msgid: `${index}`, payload: { order: index, note: 'x'.repeat(200) } },
  });
  return {
    id: `entry ${index}`,
    node: 'in',
    type: ACTION,
    since: now,
    deadline: now + 3_600_000,
    orphanedAt: null,
    attempts: 0,
    taskIds: [`${index}`],
    content: content!.bytes,
  };
}

async function runCase(entries: number, what: (typeof WHAT)[number], baseUrl: string): Promise<Took> {
  const runtime = await startRuntime();
  const folder = join(runtime.userDir, 'cn-verify');
  const database = openDatabase({
    file: join(folder, 'cn-verify.db'),
    secret: () => secretOf(join(folder, 'key'), ''),
    now: Date.now,
    notify: (notice) => console.error(notice),
  });
  await Promise.all(
    Array.from({ length: entries }, (_, index) => database.call('waiting.put', row(index, what))),
  );
  await database.close();

  let out = 0;
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const count = () => {
    if (++out === entries) end();
  };
  if (what === 'tasks to query') subscribe('undici:client:sendHeaders', count);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const longestOwn = watchOwn();
  const start = performance.now();
  const deployed = runtime.deploy(
    ours(ACTION, ACTIONS[ACTION]!, baseUrl, MAX_CONCURRENT).map((node) => ({
      ...node,
      mode: 'wait',
    })) as never,
  );
  void deployed.then(() => {
    if (what === 'results to deliver') runtime.node('out').on('input', count);
  });
  await ended;
  const all = performance.now() - start;
  return { all, p99: delay.percentile(99) / 1e6 - 1, longest: delay.max / 1e6 - 1, own: longestOwn() };
}

/** @returns the longest time between two turns that this process had the processor for */
function watchOwn(): () => number {
  let longest = 0;
  let [last, before] = [performance.now(), process.cpuUsage()];
  const look = () => {
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, Math.min(performance.now() - last, (user + system) / 1_000));
    [last, before] = [performance.now(), process.cpuUsage()];
  };
  setInterval(look, 1);
  return () => longest;
}

/** @param counts of entries; 10,000 without any */
export async function resuming(counts: readonly string[]): Promise<void> {
  const provider = await startProvider();
  const rows: (string | number)[][] = [];
  for (const entries of counts.length > 0 ? counts.map(Number) : [ENTRIES]) {
    for (const what of WHAT) {
      for (let round = 0; round < ROUNDS; round++) {
        const { all, p99, longest, own } = await inChild<Took>(__filename, entries, what, provider.baseUrl);
        rows.push([String(entries), what, all, p99, longest, own]);
      }
    }
  }
  table(['at start', '', 'all out, ms', 'event loop p99, ms', 'longest, ms', 'own of it, ms'], rows);
  provider.stop();
}

serveCase(__filename, runCase);
