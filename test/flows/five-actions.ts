/** The five actions with what each is sent and answered, for tests that hold for whatever a provider does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { type Cause, ERRORS } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import { twinOf } from '../../src/node-red/account/pairs';
import type { Message } from '../../src/node-red/runner/red';
import { aesKey, decrypt, encrypt } from '../../src/providers/westdex/cipher';
import { jpg } from '../input/pictures';
import { leaksIn } from '../private';
import { accountAt, actionFlow, ask, type FlowNode } from './runtime';
import type { ReceivedRequest } from './scripted-server';

export const NAME = '欧阳小明';
export const ID_NUMBER = '11010519491231002X';
export const SECRET = 'a-secret-of-the-test';
const KEY_ID = 'an-id-of-the-test';
export const NEXT_SECRET = 'the-next-secret-of-the-test';
export const NEXT_KEY_ID = 'the-next-id-of-the-test';
const PERSON = { name: NAME, idNumber: ID_NUMBER, photo: jpg() };
const PHOTO_URL = 'https://example.com/photo-of-somebody.jpg';
const TASK = '1916812048797622272';

export interface FiveAction {
  type: string;
  /** In the name of a test, where several have the type. */
  title?: string;
  account: { type: string; scheme?: string; credentials: Record<string, string> };
  action: object;
  payload: unknown;
  /**
   * A success, as the document has it; `words` stand wherever its form has room for them. `secret` is that of the pair it
   * answers.
   */
  success(words?: string, secret?: string): Record<string, unknown>;
  /** A failure, as the document has it, and the error it is. */
  failure(words?: string): Record<string, unknown>;
  failureCode: string;
  /** How it refuses a signature: the answer, and its status where that is not 200. */
  refusal(words?: string): [body: Record<string, unknown>, status?: number];
}

/** What stands in westdex's `data`. */
export function encrypted(text: string, secret = SECRET): string {
  return encrypt(text, aesKey('sha1prng', secret)!);
}

const refusedByXhey: FiveAction['refusal'] = (msg = 'groupKey error') => [{ code: 4007, msg, data: null }];

export const FIVE: readonly FiveAction[] = [
  {
    type: 'truth-create',
    account: { type: 'xhey-account', credentials: { groupKey: KEY_ID, groupSecret: SECRET } },
    action: {},
    payload: [PHOTO_URL],
    success: (msg = 'success') => ({ code: 200, msg, data: { data: [{ taskID: TASK }], status: 0, msg } }),
    failure: (msg = 'param error') => ({ code: 400, msg, data: null }),
    failureCode: 'INPUT',
    refusal: refusedByXhey,
  },
  {
    type: 'truth-poll',
    account: { type: 'xhey-account', credentials: { groupKey: KEY_ID, groupSecret: SECRET } },
    action: { mode: 'once' },
    payload: TASK,
    success: (msg = 'success') => ({
      code: 200,
      msg,
      data: {
        taskStatus: 5,
        list: [
          {
            photoUrl: PHOTO_URL,
            status: 0,
            msg,
            lat: '30.539732',
            lng: '104.068672',
            photoTime: '2025年07月28日 15:01',
            photoAddress: '成都市',
            antiFakeCode: 'XHEY',
          },
        ],
      },
    }),
    failure: (msg = 'verify error') => ({ code: 403, msg, data: null }),
    failureCode: 'ACCOUNT',
    refusal: refusedByXhey,
  },
  {
    type: 'get-token',
    account: { type: 'linkface-account', credentials: { apiId: KEY_ID, apiSecret: SECRET } },
    action: {},
    payload: '',
    success: (msg = '调用成功') => ({
      request_id: 'TID1',
      code: '0000',
      msg,
      data: { token: 'a-token' },
      charge: 2,
    }),
    failure: (msg = '权限不足') => ({ request_id: 'TID1', code: '1011', msg, charge: 2 }),
    failureCode: 'ACCOUNT',
    refusal: (msg = '签名错误') => [{ request_id: 'TID1', code: '1000', msg }],
  },
  {
    type: 'face-compare',
    account: {
      type: 'tencent-market-account',
      scheme: 'cloudmarket',
      credentials: { secretId: KEY_ID, secretKey: SECRET },
    },
    action: {},
    payload: PERSON,
    success: (msg = '系统判断为同一人') => ({
      msg,
      success: true,
      code: 200,
      data: { order_no: '568753443590770688', score: 0.82, msg, incorrect: 100 },
    }),
    failure: (msg = '入参错误') => ({ msg, success: false, code: 400, data: {} }),
    failureCode: 'INPUT',
    refusal: (words = '') => [{ message: `HMAC signature does not match ${words}` }, 403],
  },
  {
    type: 'westdex-three',
    account: { type: 'westdex-account', credentials: { secretId: KEY_ID, key: SECRET } },
    action: { passWhen: 'code = "0"' },
    payload: PERSON,
    success: (message = '成功', secret = SECRET) => ({
      code: '00000',
      message,
      id: 'W1',
      error_code: null,
      reason: '',
      data: encrypted('{"code":"0","msg":"一致"}', secret),
    }),
    failure: (message = '失败') => ({ code: '9999', message, id: 'W1', error_code: 30001, reason: message }),
    failureCode: 'PROVIDER',
    refusal: (message = '') => [{ message }, 401],
  },
];

/** @returns the one of a type */
export const actionOf = (type: string): FiveAction => FIVE.find((each) => each.type === type)!;

export type Arrived = Record<string, unknown>;
/** What the provider of each reads off a request, by the names of its documents. */
export const ARRIVED: Readonly<Record<string, (request: ReceivedRequest) => Arrived>> = {
  'truth-create': ({ body }) => JSON.parse(body),
  'truth-poll': ({ body }) => JSON.parse(body),
  'get-token': ({ url }) => Object.fromEntries(new URL(url, 'http://localhost').searchParams),
  'face-compare': ({ body }) => Object.fromEntries(new URLSearchParams(body)),
  'westdex-three': ({ body }) => {
    const { data, photoData } = JSON.parse(body);
    const key = aesKey('sha1prng', SECRET)!;
    return { name: decrypt(data.xM, key), idcard: decrypt(data.gMSFZHM, key), image: photoData };
  },
};

/** provider-request with the account of each provider, which answers as it answers its own action. */
export const REQUESTS: readonly FiveAction[] = [
  requestOf('truth-create', { path: '/v2/any' }, { keyword: 'x' }),
  requestOf('get-token', { path: '/v2/any' }, { keyword: 'x' }),
  requestOf('face-compare', {}, { name: NAME, idcard: ID_NUMBER }),
  requestOf('westdex-three', { apiCode: 'anyCode' }, { name: NAME, gMSFZHM: ID_NUMBER }),
];

/** Each action, and each provider that provider-request asks. */
export const EVERY_ACTION: readonly FiveAction[] = [...FIVE, ...REQUESTS];

function requestOf(type: string, action: object, payload: object): FiveAction {
  const five = actionOf(type);
  const title = `provider-request of ${five.account.type}`;
  return { ...five, type: 'provider-request', title, action, payload };
}

/** Whether it is about a person. */
export function isAboutPerson({ payload }: FiveAction): boolean {
  return typeof payload === 'object' && payload !== null && 'name' in payload;
}

/** Its account, with another pair of keys for rotation. */
export function withNextPair({ account }: FiveAction): { credentials: Record<string, string> } {
  const [id = '', secret = ''] = Object.keys(account.credentials).map(twinOf);
  return { credentials: { ...account.credentials, [id]: NEXT_KEY_ID, [secret]: NEXT_SECRET } };
}

/** The action's flow, at a server of the test; what comes out goes to two nodes, so that Node-RED copies it. */
export function flowOf(
  { type, account, action }: FiveAction,
  baseUrl: string,
  properties: object = {},
  changes: object = {},
): FlowNode[] {
  const nodes = actionFlow(
    { type, ...action, ...changes },
    accountAt(baseUrl, { circuit: false, ...account, ...properties }),
  );
  const copy = { ...nodes.find(({ id }) => id === 'out1')!, id: 'copy' };
  return [
    ...nodes.map((node) => (node.id === 'action' ? { ...node, wires: [['out1', 'copy'], ['out2']] } : node)),
    copy,
  ];
}

const schema = JSON.parse(readFileSync(join(__dirname, '../../../docs/result.schema.json'), 'utf8'));
const ajv = new Ajv2020({ strict: true, strictTypes: false });
const isResult = ajv.compile(schema);
const isCause = ajv.compile({ $ref: 'urn:cn-verify:node-red-cn-verify:result#/$defs/cause' });

export interface Raised {
  message: string;
  code: string;
  cause: Cause;
}

/** A result as the schema has it, which shows nobody outside of what was requested. */
export function checkResult(message: Message): Result {
  const result = message.payload as Result;
  const { raw, data, ...own } = result;
  assert.ok(isResult(result), `${ajv.errorsText(isResult.errors)} ${JSON.stringify(result).slice(0, 2000)}`);
  const photos = (data.photos ?? []) as { message: string }[];
  const shown = JSON.stringify([own, photos.map((photo) => photo.message), data.lastError, data.orderNo]);
  assert.deepEqual(leaksIn(shown), [], shown);
  return result;
}

/** An error with a code of the contract that somebody meant, and which shows nobody. */
export function checkError(message: Message): Raised {
  const { message: text, code, cause } = message.error as Raised;
  assert.ok(code in ERRORS, code);
  assert.ok(isCause(cause), ajv.errorsText(isCause.errors));
  assert.deepEqual(JSON.parse(JSON.stringify(cause)), cause);
  // The three lists are the caller's own addresses: docs/contract.md, "Errors".
  const { submitted, notSubmitted, uncertain, ...rest } = cause;
  const shown = JSON.stringify([text, rest]);
  assert.deepEqual(leaksIn(shown), [], shown);
  assert.doesNotMatch(text, /wrong inside this node|errors\./);
  return { message: text, code, cause };
}

/** Sends a message to the action: one result comes out of output 1, and nothing else. */
export async function resultOf<Data = Result['data']>(
  message: Message,
): Promise<Result & { data: Data; raw?: unknown }> {
  const { out1, out2, caught, completed } = await ask(message);
  const lengths = [out1.length, out2.length, caught.length, completed.length];
  assert.deepEqual(lengths, [1, 0, 0, 1], JSON.stringify(caught[0]?.error));
  return checkResult(out1[0]!) as Result & { data: Data };
}

/** Sends a message to the action: one error comes to Catch, and nothing else. */
export async function errorOf(message: Message): Promise<Raised> {
  const { out1, out2, caught, completed } = await ask(message);
  const lengths = [out1.length, out2.length, caught.length, completed.length];
  assert.deepEqual(lengths, [0, 0, 1, 0], JSON.stringify(out1[0]?.payload));
  return checkError(caught[0]!);
}
