/** What 1, 2 and 3 workers of the example scale-out do a second, and what a job costs: docs/PERFORMANCE.md. */
import { availableParallelism } from 'node:os';
import { startCluster } from '../postgres/cluster';
import { cpuOf, type FlowNode, startMember, startSandbox } from '../redis/fleet';
import { SECRET, startRedis } from '../redis/server';
import { queue } from './queue';

const JOBS = Number(process.env.JOBS || 3000);
const WARM_UP = 400;
const AT_A_TIME_EACH = 200;
const LATENCY_MS = 100;
const PHOTO = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNomLAAAANEAbF61zYUAAAAAElFTkSuQmCC';
const INPUT = { name: '测试', idNumber: '110101199001011237', photo: PHOTO };

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

/** The accounts' own width would be the limit otherwise: 16 requests of 100 ms are 160 a second. */
function wide(node: FlowNode): void {
  if (node.type === 'tencent-market-account') node.maxConcurrent = '1000';
  if (node.type === 'verify-in') node.concurrency = '1000';
}

async function measure(count: number, isWide: boolean): Promise<string> {
  const [redis, books, sandbox] = await Promise.all([
    startRedis('--appendfsync', 'everysec'),
    startCluster(),
    startSandbox(LATENCY_MS),
  ]);
  const environment = {
    ...sandbox.environment,
    REDIS_URL: redis.url,
    DATABASE_URL: books.url,
    CN_VERIFY_SECRET: SECRET,
  };
  const change = isWide ? wide : undefined;
  const workers = await Promise.all(
    Array.from({ length: count }, () => startMember('worker', environment, change)),
  );
  const front = await startMember('front', environment);
  const asked = async () => {
    const response = await fetch(`${front.address}/verify/face-compare`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(INPUT),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  };
  const atATime = AT_A_TIME_EACH * count;
  await run(WARM_UP * count, atATime, asked);
  const measured = [workers.map(({ pid }) => pid), [front.pid], [redis.pid()], [sandbox.pid]];
  const cpu = () => measured.map((pids) => pids.map(cpuOf).reduce((sum, seconds) => sum + seconds, 0));
  const before = cpu();
  const { perSecond, median, slowest } = await run(JOBS, atATime, asked);
  const cells = cpu().map((after, index) => (((after - before[index]!) * 1000) / JOBS).toFixed(2));
  for (const each of [...workers, front, sandbox, redis]) await each.stop();
  await books.remove();
  const kind = isWide ? 'no limit' : '16 at a time';
  return `| ${count} | ${kind} | ${[perSecond, median, slowest].map(Math.round).join(' | ')} | ${cells.join(' | ')} |`;
}

/** Prints both tables. */
export async function scaleOut(): Promise<void> {
  await queue();
  console.log(`${JOBS} jobs a row, ${AT_A_TIME_EACH} at a time a worker, ${availableParallelism()} cores`);
  console.log(
    '| workers | | jobs/s | median ms | slowest ms | worker, CPU ms a job | front end | Redis | sandbox |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const isWide of [false, true])
    for (const count of [1, 2, 3]) console.log(await measure(count, isWide));
}
