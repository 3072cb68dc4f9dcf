/** A photo of 5 MB through face-compare and westdex-three, against the encoding that the language brings along. */
import { Pool } from 'undici';
import { readPhoto } from '../../src/input/photo';
import { atOnce } from '../../src/input/slices';
import { writeForm } from '../../src/providers/tencent-market/client';
import { bodyOf } from '../../src/providers/westdex/client';
import { jpg } from '../input/pictures';
import { inChild, serveCase } from './child';
import { compare, measure, median, table } from './measure';
import { collectGarbage, MEGABYTE, watchPeak } from './memory';
import { startProvider } from './provider';
import { ACTIONS } from './requests';
import { startRuntime } from './runtime';
import { ours } from './throughput';

const PHOTO_BYTES = 5 * MEGABYTE;
const BASE64_BYTES = Math.ceil(PHOTO_BYTES / 3) * 4;
const MOST_MB = 8;
const NAME = '王小明';
const ID_NUMBER = '11010519491231002X';
const CIPHERS = { customNumber: 'id', xM: '0123456789abcdef', gMSFZHM: '0123456789abcdef' };
const ROUNDS = 7;
const ENCODED_AT_A_TIME = 3;
const SENT_AT_A_TIME = 5;
const MEMORY_CASES = 3;
const WARM_UPS = 10;

const TYPES = ['face-compare', 'westdex-three'] as const;
type Type = (typeof TYPES)[number];
const KINDS = ['Buffer', 'base64', 'data URI'] as const;
type Kind = (typeof KINDS)[number];

function makePhoto(kind: Kind, size = PHOTO_BYTES): Buffer | string {
  const bytes = jpg(size);
  if (kind === 'Buffer') return bytes;
  const text = (kind === 'base64' ? '' : 'data:image/jpeg;base64,') + bytes.toString('base64');
  // In one piece, as it comes from a parsed message.
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** As the node does it: checked, and then encoded. */
const ENCODE: Readonly<Record<Type, (value: unknown) => Buffer>> = {
  'face-compare': (value) => writeForm({ name: NAME, idNumber: ID_NUMBER, photo: checked(value) }),
  'westdex-three': (value) => bodyOf(CIPHERS, checked(value))(String(Date.now())),
};

/** As one would write it without a thought for large photos; nothing is checked. */
const ENCODE_BARE: Readonly<Record<Type, (value: Buffer | string) => Buffer>> = {
  'face-compare': (value) =>
    Buffer.from(new URLSearchParams({ name: NAME, idcard: ID_NUMBER, image: asBase64(value) }).toString()),
  'westdex-three': (value) =>
    Buffer.from(
      JSON.stringify({
        data: { timeStamp: String(Date.now()), ...CIPHERS },
        photoData: asBase64(value),
      }),
    ),
};

function checked(value: unknown): Buffer {
  return atOnce(readPhoto(value, 'photo', MOST_MB, new Set()));
}

function asBase64(value: Buffer | string): string {
  if (typeof value !== 'string') return value.toString('base64');
  return value.startsWith('data:') ? value.slice(value.indexOf(',') + 1) : value;
}

type What = 'time' | 'memory' | 'bare memory' | 'node time' | 'node memory';

/** @returns milliseconds of this, and of the bare encoding; or the peak in multiples of the photo's base64 */
async function runCase(what: What, type: Type, kind: Kind, baseUrl: string): Promise<number[]> {
  const photo = makePhoto(kind);
  if (what === 'time') return timeEncoders(type, photo);
  if (what === 'memory' || what === 'bare memory') {
    const encode = what === 'memory' ? ENCODE[type] : ENCODE_BARE[type];
    // What the engine takes for short-lived values, it keeps; a photo would too where it is the size of the last.
    for (let index = 0; index < WARM_UPS; index++) encode(makePhoto(kind, MEGABYTE));
    await collectGarbage();
    const grown = watchPeak();
    const body = encode(photo);
    // With the body still in use.
    return [grown() / BASE64_BYTES, body.length];
  }
  return sendThroughNode(what, type, kind, baseUrl);
}

async function timeEncoders(type: Type, photo: Buffer | string): Promise<number[]> {
  const times: Record<string, number[]> = { bare: [], own: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, encode] of [
      ['bare', ENCODE_BARE[type]],
      ['own', ENCODE[type]],
    ] as const) {
      await collectGarbage();
      const start = performance.now();
      for (let index = 0; index < ENCODED_AT_A_TIME; index++) encode(photo);
      if (round > 0) times[name]!.push((performance.now() - start) / ENCODED_AT_A_TIME);
    }
  }
  return [median(times.own!), median(times.bare!)];
}

/** One photo after the other, so that no two are in memory. */
async function sendThroughNode(what: What, type: Type, kind: Kind, baseUrl: string): Promise<number[]> {
  const photo = makePhoto(kind);
  const runtime = await startRuntime();
  await runtime.deploy(ours(type, ACTIONS[type]!, baseUrl, 1));
  const send = (count: number, value: Buffer | string) =>
    runtime.drive(count, 1, () => ({ payload: { name: NAME, idNumber: ID_NUMBER, photo: value } }));
  await send(20, makePhoto(kind, 30_000));
  if (what === 'node memory') {
    await collectGarbage();
    const grown = watchPeak();
    await send(1, photo);
    return [grown() / BASE64_BYTES];
  }
  const pool = new Pool(baseUrl, { connections: 1, pipelining: 1 });
  const path = type === 'face-compare' ? '/compare' : '/id/idCardThreeElements';
  const sendBare = async () => {
    for (let index = 0; index < SENT_AT_A_TIME; index++) {
      const { body } = await pool.request({ path, method: 'POST', body: ENCODE_BARE[type](photo) });
      JSON.parse(await body.text());
    }
  };
  const { own } = await compare(
    {
      bare: () => measure(SENT_AT_A_TIME, sendBare),
      own: () => measure(SENT_AT_A_TIME, () => send(SENT_AT_A_TIME, photo)),
    },
    ROUNDS,
  );
  return [1 / own!.rate, own!.cpu];
}

/** @returns the median of several processes, each with one photo */
async function medianMemory(what: What, type: Type, kind: Kind, baseUrl: string): Promise<number> {
  const peaks: number[] = [];
  for (let index = 0; index < MEMORY_CASES; index++)
    peaks.push((await inChild<number[]>(__filename, what, type, kind, baseUrl))[0]!);
  return median(peaks);
}

/** Time and peak memory, of the encoders alone and of the whole node. */
export async function photo(): Promise<void> {
  const { baseUrl, stop } = await startProvider();
  const encoders: (string | number)[][] = [];
  const nodes: (string | number)[][] = [];
  for (const type of TYPES) {
    for (const kind of KINDS) {
      const [own, bare] = await inChild<[number, number]>(__filename, 'time', type, kind);
      const peak = await medianMemory('memory', type, kind, baseUrl);
      const barePeak = await medianMemory('bare memory', type, kind, baseUrl);
      encoders.push([type, kind, own, bare, own / bare, peak, barePeak]);
      const [time, cpu] = await inChild<[number, number]>(__filename, 'node time', type, kind, baseUrl);
      nodes.push([type, kind, time, cpu, await medianMemory('node memory', type, kind, baseUrl)]);
    }
  }
  table(
    ['encoder', 'photo', 'ms', 'bare ms', 'time against bare', 'peak / base64', 'bare peak / base64'],
    encoders,
  );
  table(['node', 'photo', 'time against bare undici', 'CPU against it', 'peak / base64'], nodes);
  stop();
}

serveCase(__filename, runCase);
