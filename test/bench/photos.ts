/** A thousand photos of 3 MB in hand through truth-create and a real S3 server, and gone again when their time is over. */
import { fork } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { presign } from '../../src/photos/signature';
import type { CreateData } from '../../src/providers/xhey/truth-create';
import { jpg } from '../input/pictures';
import { BUCKET, KEYS, startObjectStore } from '../photos/object-store';
import { inChild, serveCase } from './child';
import { table } from './measure';
import { collectGarbage, MEGABYTE, watchPeak } from './memory';
import { startProvider } from './provider';
import { startRuntime } from './runtime';

const PHOTOS = 1_000;
const PHOTO_BYTES = 3 * MEGABYTE;
const IN_FLIGHT = 8;
const WARM_UPS = 40;
/** The shortest there is. */
const KEEP_HOURS = 0.05;
const KEEP_MS = KEEP_HOURS * 3_600_000;
/** A sweep, and what it deletes at a time. */
const SWEEP_MS = 20_000;
const COMPARED = 50;
const NS_PER_MS = 1e6;
/** Where a photo has its number. */
const NUMBER_AT = 4_096;

interface Measured {
  seconds: number;
  /** That it grew by; the messages were there before. */
  megabytes: number;
  /** Milliseconds for which the event loop was held. */
  p99: number;
  /** The same of a process that did nothing meanwhile: what the machine holds by itself. */
  idleP99: number;
  longest: number;
  /** Of those put, how many the store did not have, or not whole. */
  lost: number;
  /** Some seconds after the last was due. */
  left: number;
}

/** In a process of its own, as an object store is. */
async function serve(): Promise<void> {
  const store = await startObjectStore();
  process.on('message', () => void store.names().then((names) => process.send!(names)));
  process.send!(store.url.origin);
}

async function startStore(): Promise<{ origin: string; names(): Promise<string[]>; stop(): void }> {
  const child = fork(__filename, ['object-store'], { stdio: 'inherit' });
  const next = <Value>() =>
    new Promise<Value>((resolve) => child.once('message', (value) => resolve(value as Value)));
  const origin = await next<string>();
  return {
    origin,
    names: () => {
      const names = next<string[]>();
      child.send('names');
      return names;
    },
    stop: () => child.kill(),
  };
}

async function runCase(baseUrl: string): Promise<Measured> {
  const store = await startStore();
  const runtime = await startRuntime();
  await runtime.deploy([
    {
      id: 'account',
      type: 'xhey-account',
      environment: 'custom',
      baseUrl,
      credentials: { groupKey: 'groupKey', groupSecret: 'groupSecret' },
    },
    {
      id: 'store',
      type: 'photo-store',
      kind: 's3',
      endpoint: store.origin,
      bucket: BUCKET,
      style: 'path',
      publicUrl: 'https://oss.example.com',
      keep: KEEP_HOURS,
      credentials: KEYS,
    },
    { id: 'in', type: 'truth-create', account: 'account', store: 'store', wires: [['out']] },
  ]);
  // Made before: what a flow does to have its photos is not measured.
  const rolls = Array.from({ length: 8 * IN_FLIGHT }, () => jpg(PHOTO_BYTES));
  const photoOf = (index: number) => {
    const photo = rolls[index % rolls.length]!;
    photo.writeUInt32BE(index, NUMBER_AT);
    return photo;
  };
  const addresses: string[] = [];
  runtime.node('out').on('input', ({ payload }) => {
    const { data } = payload as { data: CreateData };
    addresses.push(data.tasks[0]!.photoUrls[0]!);
  });
  const drive = (count: number, from: number) =>
    runtime.drive(count, IN_FLIGHT, (index) => ({ payload: photoOf(from + index) }));

  await drive(WARM_UPS, PHOTOS);
  addresses.length = 0;
  await collectGarbage();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const grown = watchPeak();
  delay.enable();
  const idle = watchIdle();
  const start = performance.now();
  await drive(PHOTOS, 0);
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  const megabytes = grown() / MEGABYTE;
  const idleP99 = await idle();

  const there = new Set(await store.names());
  const names = addresses.map((address) => new URL(address).pathname.split('/').at(-1)!);
  let lost = names.filter((name) => !there.has(name)).length + PHOTOS - names.length;
  const numbers = new Set<number>();
  for (const address of addresses.filter((_address, index) => index % (PHOTOS / COMPARED) === 0)) {
    // The address of the message is signed for the host that providers see.
    const url = new URL(new URL(address).pathname, store.origin);
    const signing = { credentials: KEYS, region: 'us-east-1', now: Date.now() };
    const answer = await fetch(await presign(url, KEEP_MS / 1000, signing));
    const photo = Buffer.from(await answer.arrayBuffer());
    if (photo.length !== PHOTO_BYTES) lost++;
    else numbers.add(photo.readUInt32BE(NUMBER_AT));
  }
  lost += COMPARED - numbers.size;
  await new Promise((resolve) => setTimeout(resolve, KEEP_MS + SWEEP_MS));
  const left = (await store.names()).length;
  await runtime.stop();
  store.stop();
  return {
    seconds,
    megabytes,
    idleP99,
    p99: delay.percentile(99) / NS_PER_MS,
    longest: delay.max / NS_PER_MS,
    lost,
    left,
  };
}

export async function photos(): Promise<void> {
  const { baseUrl, stop } = await startProvider();
  const { seconds, megabytes, p99, idleP99, longest, lost, left } = await inChild<Measured>(
    __filename,
    baseUrl,
  );
  table(
    ['1,000 photos of 3 MB', 'must', 'is'],
    [
      ['lost', '0', String(lost)],
      ['left after `keep`', '0', String(left)],
      ['photos a second', '', PHOTOS / seconds],
      ['memory beyond the messages, MB', '200', megabytes],
      ['event loop held p99, ms', '20', p99],
      ['the same of a process that does nothing, ms', '', idleP99],
      ['longest hold, ms', '', longest],
    ],
  );
  stop();
}

/** @returns ends the watching, and gives the p99 of a process beside this one */
function watchIdle(): () => Promise<number> {
  const child = fork(__filename, ['idle'], { stdio: 'inherit' });
  return () =>
    new Promise((resolve) => {
      child.once('message', (value) => {
        resolve(value as number);
        child.kill();
      });
      child.send('over');
    });
}

function beIdle(): void {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on('message', () => process.send!(delay.percentile(99) / NS_PER_MS));
}

if (process.argv[2] === 'idle') beIdle();
if (process.argv[2] === 'object-store') void serve();
serveCase(__filename, runCase);
