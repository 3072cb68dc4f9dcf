/** The requests of all five actions as a bare program would make them: signed, sent and read, and nothing checked. */
import { randomBytes } from 'node:crypto';
import { sign as signLinkface, writeMultipart } from '../../src/providers/linkface/client';
import { writeForm } from '../../src/providers/tencent-market/client';
import { sign } from '../../src/providers/tencent-market/sign';
import { aesKey, encrypt } from '../../src/providers/westdex/cipher';
import { sign as signXhey } from '../../src/providers/xhey/client';
import { jpg } from '../input/pictures';

export interface BareRequest {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

export interface ActionBench {
  account: Record<string, unknown> & { type: string };
  /** The node beside `id`, `type` and `account`. */
  node: Record<string, unknown>;
  payload(index: number): unknown;
  request(payload: never): BareRequest;
}

const GROUP_SECRET = 'secret-of-the-benchmark';
const JSON_TYPE = { 'Content-Type': 'application/json' };
/** As much as a photo of a face that was scaled down. */
const PHOTO = jpg(20_000);
const NAME = '王小明';
const ID_NUMBER = '11010519491231002X';
const WESTDEX_KEY = '0123456789abcdef0123456789abcdef';

interface Person {
  name: string;
  idNumber: string;
  photo: Buffer;
}

function xhey(path: string, value: unknown): BareRequest {
  const body = Buffer.from(JSON.stringify(value));
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = signXhey('group', GROUP_SECRET, timestamp, body);
  return {
    path,
    headers: { ...JSON_TYPE, GroupKey: 'group', Timestamp: timestamp, Signature: signature },
    body,
  };
}

const xheyAccount = { type: 'xhey-account', credentials: { groupKey: 'group', groupSecret: GROUP_SECRET } };
const person = (): Person => ({ name: NAME, idNumber: ID_NUMBER, photo: PHOTO });

export const ACTIONS: Readonly<Record<string, ActionBench>> = {
  'truth-create': {
    account: xheyAccount,
    node: {},
    payload: (index) => `https://example.com/photos/${index}.jpg`,
    request: (url: string) => xhey('/v2/truth_build/create', { photoUrlList: [url] }),
  },
  'truth-poll': {
    account: xheyAccount,
    node: { mode: 'once' },
    payload: (index) => String(1_000_000_000_000 + index),
    request: (taskID: string) => xhey('/v2/truth_build/query', { taskID }),
  },
  'get-token': {
    account: { type: 'linkface-account', credentials: { apiId: 'id', apiSecret: 'secret' } },
    node: {},
    payload: (index) => index,
    request: () => {
      const timestamp = String(Date.now());
      const boundary = `cn-verify-${randomBytes(16).toString('hex')}`;
      const form = { detection_type: 'liveness', timestamp, sign: signLinkface('id', 'secret', timestamp) };
      return {
        path: `/v2/sdk/get_token?sequence_id=${randomBytes(32).toString('hex')}&api_id=id`,
        headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
        body: writeMultipart(form, boundary),
      };
    },
  },
  'face-compare': {
    account: {
      type: 'tencent-market-account',
      scheme: 'gateway',
      credentials: { secretId: 'id', secretKey: 'key' },
    },
    node: {},
    payload: person,
    request: ({ name, idNumber, photo }: Person) => ({
      path: '/compare',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        ...sign('gateway', { secretId: 'id', secretKey: 'key', source: 'market' }, Date.now(), '').headers,
      },
      body: writeForm({ name, idNumber, photo }),
    }),
  },
  'westdex-three': {
    account: { type: 'westdex-account', credentials: { secretId: 'id', key: WESTDEX_KEY } },
    node: {},
    payload: person,
    request: ({ name, idNumber, photo }: Person) => {
      const timeStamp = String(Date.now());
      const key = aesKey('sha1prng', WESTDEX_KEY)!;
      const data = { timeStamp, customNumber: 'id', xM: encrypt(name, key), gMSFZHM: encrypt(idNumber, key) };
      return {
        path: `/id/idCardThreeElements?timestamp=${timeStamp}`,
        headers: JSON_TYPE,
        body: Buffer.from(JSON.stringify({ data, photoData: photo.toString('base64') })),
      };
    },
  },
};
