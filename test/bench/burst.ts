/** A batch that comes at once: what a node that holds it needs, and what a flow by hand does with it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { inChild, serveCase } from './child';
import { median, table } from './measure';
import { collectGarbage, held, MEGABYTE, watchPeak } from './memory';
import { type Provider, startProvider } from './provider';
import { ACTIONS } from './requests';
import { startRuntime } from './runtime';
import { byHand, ours } from './throughput';

const MESSAGES = 3_000;
const MAX_CONCURRENT = 16;
const LATENCY_MS = 5;
const CASES = 5;
const ACTION = 'truth-create';
const WARM_UP = 200;
const SAMPLE_MS = 5;

const CONTENDERS = ['this node', 'by hand'] as const;
type Contender = (typeof CONTENDERS)[number];

interface Burst {
  /** Bytes, as the system counts them, and of JavaScript values, garbage too. */
  rss: number;
  held: number;
  /** Milliseconds; the first is that of the messages' coming in, which is Node-RED's as well. */
  comingIn: number;
  longest: number;
  seconds: number;
}

async function runCase(contender: Contender, baseUrl: string): Promise<Burst> {
  const runtime = await startRuntime({}, { functionGlobalContext: { requests: ACTIONS } });
  const flow =
    contender === 'this node' ? ours(ACTION, ACTIONS[ACTION]!, baseUrl, 1) : byHand(ACTION, baseUrl);
  await runtime.deploy(flow);
  const make = (index: number) => ({ payload: ACTIONS[ACTION]!.payload(index) });
  await runtime.drive(WARM_UP, 4, make);
  await collectGarbage();

  const grown = watchPeak();
  const before = held();
  let most = before;
  const sampler = setInterval(() => {
    most = Math.max(most, held());
  }, SAMPLE_MS);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const done = runtime.drive(MESSAGES, MESSAGES, make);
  const comingIn = performance.now() - start;
  await done;
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  clearInterval(sampler);
  const longest = Math.max(comingIn, delay.max / 1e6 - 1);
  return { rss: grown(), held: most - before, comingIn, longest, seconds };
}

/** @returns medians of several processes, and the most sockets of any */
async function burstOf(contender: Contender, provider: Provider): Promise<(string | number)[]> {
  const bursts: Burst[] = [];
  let sockets = 0;
  for (let index = 0; index < CASES; index++) {
    await provider.mostSockets();
    bursts.push(await inChild<Burst>(__filename, contender, provider.baseUrl));
    sockets = Math.max(sockets, await provider.mostSockets());
  }
  const of = (name: keyof Burst) => median(bursts.map((burst) => burst[name]));
  return [
    contender,
    String(sockets),
    of('rss') / MEGABYTE,
    of('held') / MEGABYTE,
    of('comingIn'),
    of('longest'),
    of('seconds'),
  ];
}

/** Sockets, memory and the event loop in a burst of messages in one tick. */
export async function burst(): Promise<void> {
  const provider = await startProvider();
  await provider.setLatency(LATENCY_MS);
  const rows: (string | number)[][] = [];
  for (const contender of CONTENDERS) rows.push(await burstOf(contender, provider));
  console.log(
    `${MESSAGES} messages in one tick, ${LATENCY_MS} ms latency, maxConcurrent ${MAX_CONCURRENT}\n`,
  );
  table(
    ['', 'sockets', 'rss grows by MB', 'values by MB', 'coming in, ms', 'longest hold, ms', 'all done, s'],
    rows,
  );
  provider.stop();
}

serveCase(__filename, runCase);
