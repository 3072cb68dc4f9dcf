/** A message through the queue and back, against BullMQ as one would write it by hand, in the same process. */
import { randomBytes } from 'node:crypto';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { startRedis } from '../redis/server';
import { compare, measure, median, table } from './measure';
import { type FlowNode, startRuntime } from './runtime';

const ROUNDS = 5;
const IN_FLIGHT = 64;
const CONCURRENCY = 64;
const SIZES: readonly [name: string, bytes: number, jobs: number][] = [
  ['1 KB', 1_000, 1_280],
  ['100 KB', 100_000, 640],
];
const ALONE = 200;

/** The worker answers at once: what is measured is the way there and back. */
function ours(url: string): FlowNode[] {
  return [
    { id: 'queue', type: 'verify-queue', name: 'ours', credentials: { url } },
    { id: 'in', type: 'verify-call', queue: 'queue', wires: [['out'], ['failed']] },
    { id: 'take', type: 'verify-in', queue: 'queue', concurrency: CONCURRENCY, wires: [['answer']] },
    {
      id: 'answer',
      type: 'function',
      wires: [['return']],
      func: 'msg.payload = { outcome: "passed", size: msg.payload.text.length }; return msg;',
    },
    { id: 'return', type: 'verify-return', wires: [] },
  ];
}

/** Jobs a second and the time of one alone, with what is sealed, and answered for a job whose worker dies, as the price. */
export async function queue(): Promise<void> {
  const redis = await startRedis('--appendfsync', 'everysec');
  const { hostname: host, port } = new URL(redis.url);
  const connection = { host, port: Number(port), maxRetriesPerRequest: null };
  const byHand = new Queue('hand', { connection });
  const events = new QueueEvents('hand', { connection });
  const worker = new Worker('hand', async ({ data }) => ({ outcome: 'passed', size: data.text.length }), {
    connection,
    concurrency: CONCURRENCY,
  });
  for (const each of [byHand, events]) each.setMaxListeners(0);
  await Promise.all([events.waitUntilReady(), worker.waitUntilReady()]);
  const runtime = await startRuntime();
  await runtime.deploy(ours(redis.url));

  const rows: (string | number)[][] = [];
  for (const [name, bytes, jobs] of SIZES) {
    const text = randomBytes(bytes / 2).toString('hex');
    const drive = (count: number, inFlight: number) =>
      runtime.drive(count, inFlight, () => ({ payload: { text } }));
    const driveByHand = async (count: number, inFlight: number) => {
      let sent = 0;
      const loop = async () => {
        while (sent++ < count) {
          const job = await byHand.add('job', { text }, { removeOnComplete: { age: 60 } });
          await job.waitUntilFinished(events);
        }
      };
      await Promise.all(Array.from({ length: inFlight }, loop));
    };
    const result = await compare(
      {
        'BullMQ by hand': () => measure(jobs, () => driveByHand(jobs, IN_FLIGHT)),
        'verify-call': () => measure(jobs, () => drive(jobs, IN_FLIGHT)),
      },
      ROUNDS,
    );
    const alone: Record<'ours' | 'hand', number[]> = { ours: [], hand: [] };
    for (let index = 0; index < ALONE; index++) {
      for (const [whose, run] of [
        ['hand', driveByHand],
        ['ours', drive],
      ] as const) {
        const started = performance.now();
        await run(1, 1);
        alone[whose].push(performance.now() - started);
      }
    }
    const { rate, cpu } = result['verify-call']!;
    rows.push([name, rate, cpu, median(alone.ours), median(alone.hand)]);
  }
  table(
    ['verify-call against BullMQ by hand', 'jobs/s', 'CPU/job', 'one alone, ms', 'one by hand, ms'],
    rows,
  );
  await runtime.stop();
  await Promise.all([worker.close(), events.close(), byHand.close()]);
  await redis.stop();
}
