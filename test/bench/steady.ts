/** What a Node-RED still holds after many messages, against the same messages through a flow wired by hand. */
import { inChild, serveCase } from './child';
import { table } from './measure';
import { collectGarbage, held, MEGABYTE } from './memory';
import { startProvider } from './provider';
import { ACTIONS } from './requests';
import { startRuntime } from './runtime';
import { byHand, ours } from './throughput';

const ACTION = 'face-compare';
const IN_FLIGHT = 16;
const WARM_UP = 2_000;
/** Measured after each: what leaks grows with the second as with the first. */
const MESSAGES = [10_000, 20_000];

const CONTENDERS = ['this node', 'by hand'] as const;
type Contender = (typeof CONTENDERS)[number];

/** @returns bytes of all values, beyond those after the warm-up */
async function runCase(contender: Contender, baseUrl: string): Promise<number[]> {
  const runtime = await startRuntime({}, { functionGlobalContext: { requests: ACTIONS } });
  const bench = ACTIONS[ACTION]!;
  await runtime.deploy(
    contender === 'this node' ? ours(ACTION, bench, baseUrl, IN_FLIGHT) : byHand(ACTION, baseUrl),
  );
  const drive = (count: number) =>
    runtime.drive(count, IN_FLIGHT, (index) => ({ payload: bench.payload(index) }));
  await drive(WARM_UP);
  await collectGarbage();
  const before = held();
  const grown: number[] = [];
  for (const [index, count] of MESSAGES.entries()) {
    await drive(count - (MESSAGES[index - 1] ?? 0));
    await collectGarbage();
    grown.push(held() - before);
  }
  return grown;
}

/** Memory that messages leave behind. */
export async function steady(): Promise<void> {
  const provider = await startProvider();
  const rows: (string | number)[][] = [];
  for (const contender of CONTENDERS) {
    const grown = await inChild<number[]>(__filename, contender, provider.baseUrl);
    rows.push([contender, ...grown.map((bytes) => bytes / MEGABYTE)]);
  }
  table([`${ACTION}: MB held after`, ...MESSAGES.map((count) => `${count} messages`)], rows);
  provider.stop();
}

serveCase(__filename, runCase);
