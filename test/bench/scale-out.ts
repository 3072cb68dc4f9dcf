/** What 1, 2 and 3 workers of the example scale-out do a second, and what a job costs: docs/PERFORMANCE.md. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { startBroker, startMember, startSandbox, until } from '../mqtt/fleet';

const { connectAsync } = createRequire(require.resolve('@node-red/nodes/package.json'))(
  'mqtt',
) as typeof import('mqtt');

const JOBS = Number(process.env.JOBS || 3000);
const WARM_UP = 400;
const AT_A_TIME_EACH = 200;
const LATENCY_MS = 100;
/** Of the clock that /proc counts in. */
const TICKS_PER_SECOND = 100;
const PHOTO = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNomLAAAANEAbF61zYUAAAAAElFTkSuQmCC';
const INPUT = { name: '测试', idNumber: '110101199001011237', photo: PHOTO };

/** Seconds of CPU that a process has used. */
function cpuOf({ pid }: { pid: number }): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Runs jobs, so many at a time. */
async function run(
  jobs: number,
  atATime: number,
  job: () => Promise<void>,
): Promise<{ perSecond: number; median: number; slowest: number }> {
  let next = 0;
  const took: number[] = [];
  const started = performance.now();
  const client = async () => {
    while (next++ < jobs) {
      const asked = performance.now();
      await job();
      took.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: atATime }, client));
  took.sort((a, b) => a - b);
  const perSecond = jobs / ((performance.now() - started) / 1000);
  return { perSecond, median: took[Math.floor(jobs / 2)]!, slowest: took.at(-1)! };
}

/** The queue's own width would be the limit otherwise: 16 requests of 100 ms are 160 a second. */
function wide(node: Record<string, unknown>): void {
  if (node.type === 'tencent-market-account') node.maxConcurrent = '1000';
}

interface Row {
  count: number;
  /** Whether as many requests may be in flight as come. */
  isWide: boolean;
  overHttp: boolean;
}

async function measure({ count, isWide, overHttp }: Row): Promise<string> {
  const [broker, sandbox] = await Promise.all([startBroker(), startSandbox(LATENCY_MS)]);
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const environment = { ...sandbox.environment, MQTT_URL: url };
  const names = Array.from({ length: count }, (_, index) => `worker ${index + 1}`);
  const workers = await Promise.all(
    names.map((name) => startMember(name, 'worker', environment, isWide ? wide : undefined)),
  );
  const front = overHttp ? await startMember('front', 'front', environment) : undefined;
  const client = await connectAsync(url, { protocolVersion: 5 });

  const waiting = new Map<string, () => void>();
  client.on('message', (topic) => {
    const id = topic.split('/').pop()!;
    waiting.get(id)?.();
    waiting.delete(id);
  });
  await client.subscribeAsync('verify/results/+', { qos: 1, rh: 2 });
  const direct = () =>
    new Promise<void>((resolve) => {
      const id = randomUUID();
      waiting.set(id, resolve);
      const job = { action: 'face-compare', deadline: Date.now() + 600_000, input: INPUT };
      client.publish(`verify/jobs/${id}`, JSON.stringify(job), { qos: 1 });
    });
  const asked = async () => {
    const response = await fetch(`${front!.address}/verify/jobs`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ action: 'face-compare', input: INPUT }),
    });
    await response.text();
    if (response.status !== 200) throw new Error(String(response.status));
  };
  if (front) {
    const heard = async () => Object.keys((await front.health()).front!.workers).length === count;
    await until(heard, 'The front end does not hear its workers.');
  }

  const job = overHttp ? asked : direct;
  const atATime = AT_A_TIME_EACH * count;
  await run(WARM_UP * count, atATime, job);
  const measured = { workers, broker: [broker], sandbox: [sandbox], front: front ? [front] : [] };
  const cpu = () =>
    Object.values(measured).map((each) => each.map(cpuOf).reduce((sum, seconds) => sum + seconds, 0));
  const before = cpu();
  const { perSecond, median, slowest } = await run(JOBS, atATime, job);
  const used = cpu().map((after, index) => ((after - before[index]!) * 1000) / JOBS);

  await client.endAsync();
  for (const each of [...workers, front, sandbox, broker]) await each?.stop();
  const cells = used.map((milliseconds) => milliseconds.toFixed(2));
  const kind = overHttp ? 'over HTTP' : isWide ? 'no limit' : '16 at a time';
  return `| ${count} | ${kind} | ${[perSecond, median, slowest].map(Math.round).join(' | ')} | ${cells.join(' | ')} |`;
}

/** Prints the table. */
export async function scaleOut(): Promise<void> {
  console.log(`${JOBS} jobs a row, ${AT_A_TIME_EACH} at a time a worker, ${availableParallelism()} cores`);
  console.log(
    '| workers | | jobs/s | median ms | slowest ms | worker, CPU ms a job | broker | sandbox | front end |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const [isWide, overHttp] of [
    [false, false],
    [true, false],
    [true, true],
  ] as const) {
    for (const count of [1, 2, 3]) console.log(await measure({ count, isWide, overHttp }));
  }
}
