/**
 * How long the event loop is held by what others send, as large as it may be, and whether that grows in proportion. Each
 * number is the shortest of the longest holds of some runs, in processor time of the main thread: what the machine does
 * beside it only makes them longer.
 */
import { VerifyError } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import { textOf } from '../../src/http/answer';
import { parseObject } from '../../src/http/json';
import { conceal, type Known } from '../../src/input/mask';
import { readPhoto } from '../../src/input/photo';
import { readPhotos } from '../../src/input/photos';
import { atOnce, inTurns } from '../../src/input/slices';
import { readBill } from '../../src/ledger/bill-rows';
import { asVerifyError } from '../../src/node-red/runner/flow-error';
import { readPollResult } from '../../src/photos/poll-result';
import { readAnswer } from '../../src/providers/tencent-market/response';
import { aesKey, encrypt } from '../../src/providers/westdex/cipher';
import { compileConditions, judge } from '../../src/providers/westdex/conditions';
import { readEnvelope } from '../../src/providers/westdex/response';
import { report, splitPhotos } from '../../src/providers/xhey/report';
import { concealedList, readCreated, readTask } from '../../src/providers/xhey/response';
import { readTasks } from '../../src/providers/xhey/tasks';
import { jpg } from '../input/pictures';
import { table } from './measure';

const MEGABYTE = 1024 * 1024;
const SIZES = [1, 2, 4].map((size) => size * MEGABYTE);
const RUNS = 5;
const KEY = 'fedcba9876543210fedcba9876543210';
const KNOWN: Known = {
  person: { name: '买买提·艾山', idNumber: '11010519491231002X' },
  secrets: ['a-secret-id-of-the-bench', KEY],
};
const AES_KEY = aesKey('sha1prng', KEY)!;

interface Row {
  name: string;
  /** @returns the work, with everything it needs made before */
  prepare(size: number): () => unknown;
}

/** A unit that is repeated until it has so many bytes. */
const filled = (unit: string, size: number) => unit.repeat(Math.ceil(size / Buffer.byteLength(unit)));
/** In one piece, as it comes from a socket. */
const flat = (text: string) => Buffer.from(text).toString();
const answered = (text: string | Buffer) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(text),
});

const json = (name: string, make: (size: number) => string): Row => ({
  name: `JSON: ${name}`,
  prepare: (size) => {
    const text = flat(make(size));
    return () => parseObject(text);
  },
});

const words = (name: string, unit: string): Row => ({
  name: `words: ${name}`,
  prepare: (size) => {
    const text = flat(filled(unit, size));
    return () => conceal(text, KNOWN);
  },
});

const westdex = (name: string, make: (size: number) => string, key = AES_KEY): Row => ({
  name: `westdex: ${name}`,
  prepare: (size) => {
    const data = encrypt(make((size * 3) / 4 - 100), key);
    const answer = answered(JSON.stringify({ code: '00000', message: '成功', data, id: 'W1' }));
    const reader = {
      key: KEY,
      keyDerivation: 'sha1prng',
      aesKey: AES_KEY,
      known: KNOWN,
      now: 0,
      offset: 0,
    } as const;
    return () => readEnvelope(answer, reader);
  },
});

const hex = (byte: number) => byte.toString(16).padStart(2, '0');
/** As many bytes of a photo as fill as many characters as its base64 has. */
const writtenOut = (base64: string, write: (byte: number) => string) =>
  Array.from(Buffer.from(base64, 'base64').subarray(0, base64.length / 4), write).join('');

const photo = (name: string, wrap: (base64: string) => unknown): Row => ({
  name: `photo: ${name}`,
  prepare: (size) => {
    const wrapped = wrap(jpg(Math.floor((size * 3) / 4)).toString('base64'));
    const value = typeof wrapped === 'string' ? flat(wrapped) : wrapped;
    return () => inTurns(readPhoto(value, 'photo', 8, new Set()));
  },
});

const ROWS: readonly Row[] = [
  json(
    'an unterminated text of escaped quotation marks',
    (size) => `[1234567890123456,"${filled('\\"', size)}`,
  ),
  json('the same, terminated', (size) => `{"id":1916812048797600001,"a":"${filled('\\"', size)}"}`),
  json('one long text beside an id', (size) => `{"id":1916812048797600001,"a":"${filled('x', size)}"}`),
  json('numbers', (size) => `{"a":[${filled('1,', size)}1]}`),
  json(
    'as many long ids as are read',
    (size) => `{"a":[${'1916812048797600001,'.repeat(Math.min(49_000, size / 20))}1]}`,
  ),
  json('as many objects as are read', (size) => `{"a":[${'{"a":1},'.repeat(Math.min(24_000, size / 8))}1]}`),
  json('one number', (size) => `{"a":${filled('1', size)}}`),
  json('nested', (size) => filled('{"a":', size)),
  json('white space', (size) => `{${filled(' ', size)}}`),
  words('digits', '1'),
  words('spaces', ' '),
  words('escaped for a URL', '%41'),
  words('escaped for JSON', '\\u0041'),
  words('the beginning of a photo', '/9j/'),
  words('addresses', 'data:x '),
  words('a name, letter by letter', '买\u200b买-提 艾.山'),
  {
    name: 'charset: GBK',
    prepare: (size) => {
      const answer = answered(Buffer.alloc(size, Buffer.from('d5c5c8fd', 'hex')));
      return () => textOf(answer);
    },
  },
  {
    name: 'xhey: a thousand photos with long words',
    prepare: (size) => {
      const item = {
        photoUrl: 'https://a.example/a.jpg',
        status: -2305,
        msg: filled('照片 1101 ', size / 1000),
      };
      const list = Array.from({ length: 1000 }, (_, index) => ({ ...item, msg: `${index} ${item.msg}` }));
      const answer = answered(JSON.stringify({ code: 200, data: { taskStatus: 5, list } }));
      const known = { person: null, secrets: KNOWN.secrets };
      return () => concealedList(readTask(answer, '1', known).list, known);
    },
  },
  {
    name: 'xhey: a task id without end',
    prepare: (size) => {
      const answer = answered(JSON.stringify({ code: 200, data: [{ taskID: filled('1', size) }] }));
      return () => readCreated(answer, { person: null, secrets: KNOWN.secrets });
    },
  },
  {
    name: 'tencent-market: a page of the gateway',
    prepare: (size) => {
      const answer = { ...answered(filled('签名时间 ', size)), status: 403 };
      return () => readAnswer(answer, { known: KNOWN, maxPhotoMB: 8 });
    },
  },
  {
    name: 'xhey: photos that a message carries, ten thousand for 4 MB',
    prepare: (size) => {
      const photos = Array.from({ length: Math.floor(size / 420) }, (_, index) => ({
        url: `https://p.example.com/a photo of a site/${index}.jpg`,
        taskId: '1',
        outcome: 'passed',
        reason: 'authentic',
        status: 0,
        message: '',
        takenAt: '2026-11-29T10:02:00+08:00',
        takenAtText: '2026年11月29日 10:02',
        address: '四川省成都市武侯区桂溪街道天府软件园E区',
        location: { gcj02: { lat: 30.5, lng: 104 }, wgs84: null },
        antiFakeCode: 'X',
        matchedBy: 'address',
      }));
      const photoUrls = photos.map(({ url }) => url);
      const message = {
        data: { taskIds: ['2'], tasks: [{ taskId: '1', photoUrls, status: 'finished' }], photos },
      };
      const words = {
        repaired: [],
        code: '',
        message: '',
        providerTime: null,
        lastError: undefined,
        raw: [],
      };
      return () => {
        const { data } = atOnce(report({ tasks: readTasks(message, null, new Set()).tasks, ...words }));
        return splitPhotos({ outcome: 'passed', reason: null, data } as unknown as Result);
      };
    },
  },
  {
    name: 'tasks: numbers in JSON',
    prepare: (size) => {
      const text = flat(`[${filled('1,', size)}1]`);
      return () => readTasks(text, null, new Set());
    },
  },
  {
    name: 'photo rules: numbers in JSON',
    prepare: (size) => {
      const text = flat(`{"operation":"truth-poll","data":{"photos":[${filled('1,', size)}1]}}`);
      return () => readPollResult(text);
    },
  },
  {
    name: 'photos: long addresses in a text',
    prepare: (size) => {
      const text = flat(filled(`https://p.example.com/${'a/'.repeat(2_000)}.jpg\n`, size));
      const reading = { field: 'photos', environment: 'production', now: 0, store: null } as const;
      return () => inTurns(readPhotos(text, { ...reading, repaired: new Set() }));
    },
  },
  {
    name: 'a bill: quotation marks without end',
    prepare: (size) => {
      const text = flat(`orderNo\n${filled('"a""', size)}`);
      return () => readBill(text, {});
    },
  },
  westdex('one long text', (size) => `{"photo":"${filled('x', size)}"}`),
  westdex('text that is no JSON', (size) => filled('一致', size)),
  westdex('under another key', (size) => filled('x', size), aesKey('hex', KEY)!),
  ...(['code = "0"', '$count(list[a = "1"]) = 0', '$exists(list[$$.b = a])'] as const).map(
    (passWhen): Row => ({
      name: `passWhen: ${passWhen}`,
      prepare: (size) => {
        const result = { list: Array.from({ length: Math.min(24_000, size / 16) }, () => ({ a: '0' })) };
        const conditions = compileConditions({ passWhen, failWhen: '' });
        return () => judge(conditions, result);
      },
    }),
  ),
  {
    name: 'an error that quotes what it choked on',
    prepare: (size) => {
      const error = new Error(filled('\n ', size));
      const [red, node] = [{ _: () => '' }, { log: () => {} }];
      return () => asVerifyError(red as never, node as never, error);
    },
  },
  photo('base64', (base64) => base64),
  photo('base64 in lines', (base64) => base64.replace(/.{76}/g, '$&\r\n')),
  photo('base64 for URLs', (base64) => base64.replaceAll('+', '-').replaceAll('/', '_')),
  photo('hexadecimal', (base64) => Buffer.from(base64, 'base64').toString('hex').slice(0, base64.length)),
  photo('base64, percent-encoded', (base64) => encodeURIComponent(base64)),
  photo('base64 with spaces for +', (base64) => base64.replaceAll('+', ' ')),
  photo('an array of bytes', (base64) => [...Buffer.from(base64, 'base64')]),
  photo('as Python shows bytes', (base64) => `b'${writtenOut(base64, (byte) => `\\x${hex(byte)}`)}'`),
  photo('a list of numbers in JSON', (base64) => `[${writtenOut(base64, (byte) => `${byte},`)}0]`),
];

/** @returns milliseconds for which the main thread had a processor; before Node.js 23.9, milliseconds */
function clock(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => NodeJS.CpuUsage };
  if (!threadCpuUsage) return performance.now();
  const { user, system } = threadCpuUsage();
  return (user + system) / 1000;
}

/** @returns milliseconds */
async function longestHold(work: () => unknown): Promise<number> {
  let longest = 0;
  let last = clock();
  let isOver = false;
  const look = () => {
    const now = clock();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  await new Promise(setImmediate);
  last = clock();
  setImmediate(look);
  try {
    await work();
  } catch (error) {
    // Most of it is refused.
    if (!(error instanceof VerifyError)) throw error;
  }
  await new Promise(setImmediate);
  isOver = true;
  await new Promise(setImmediate);
  return longest;
}

/** @param wanted what the names of the rows begin with; all without one */
export async function hold([wanted = '']: readonly string[]): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const { name, prepare } of ROWS.filter((row) => row.name.startsWith(wanted))) {
    const row: (string | number)[] = [name];
    for (const size of SIZES) {
      const work = prepare(size);
      let least = Number.POSITIVE_INFINITY;
      for (let run = 0; run < RUNS; run++) {
        globalThis.gc?.();
        least = Math.min(least, await longestHold(work));
      }
      row.push(least);
    }
    rows.push(row);
  }
  table(['longest hold, ms', ...SIZES.map((size) => `${size / MEGABYTE} MB`)], rows);
}
