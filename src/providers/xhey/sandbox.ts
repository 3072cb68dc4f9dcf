/** xhey's half of the sandbox, made from docs/providers/xhey.md: what the provider checks, it checks. */

import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import {
  CLOCK_MS,
  POST_ONLY,
  type Reason,
  received,
  type SandboxAnswer,
  type SandboxHalf,
  type SandboxRequest,
  type SandboxWorld,
  UNKNOWN_OPERATION,
} from '../../contract/sandbox-half';
import { isObject } from '../../http/json';
import { FETCHING_PATH } from './account';
import { NAMES_HEADER, sign } from './client';
import { refused, success } from './sandbox-answer';
import { create, query } from './sandbox-tasks';
import { sublist, teamPhotos } from './sandbox-team';

const CLOCK_SECONDS = CLOCK_MS / 1000;

type Operation = (
  body: Record<string, unknown>,
  world: SandboxWorld,
  fetching: boolean,
  names: readonly string[],
) => SandboxAnswer;

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['/v2/truth_build/create', create],
  ['/v2/truth_build/query', query],
  ['/v2/department/sublist', sublist],
  ['/v2/group/photo', teamPhotos],
  ['/v2/group/photo/search', teamPhotos],
]);

export const sandboxHalf: SandboxHalf = {
  provider: 'xhey',
  paths: [FETCHING_PATH, ...OPERATIONS.keys()],
  credentials: { groupKey: 'sandbox-group-key', groupSecret: 'sandbox-group-secret' },
  specialValues: [
    [
      '/sandbox/-2305/',
      'in the path of a photo URL: that status, or any other',
      '照片地址的路径中：该状态，也可为其他状态',
    ],
    [
      'sandbox-2305.jpg',
      'the name of a file, in a URL or uploaded: that status with a minus',
      '文件名（地址中或上传）：加负号的该状态',
    ],
    [
      '/sandbox/slow-8',
      'finished at the eighth query only; until then in progress',
      '第八次查询时才完成，此前为进行中',
    ],
    [
      '/sandbox/taken-5',
      'taken five minutes ago; any other photo in July 2025',
      '五分钟前拍摄；其他照片为 2025 年 7 月',
    ],
    ['/sandbox/revoked', 'a task that is revoked', '任务被撤销'],
    ['/sandbox/code-500', 'that code of the whole answer, or any other', '整个响应为该代码，也可为其他代码'],
    [
      'sandbox-query-',
      'before code-401 or a word of the last rows: at the query',
      '加在 code-401 或最后几行的单词前：出在查询时',
    ],
  ],

  answer(request, world) {
    if (request.method !== 'POST') return POST_ONLY;
    const fetching = request.path.startsWith(`${FETCHING_PATH}/`);
    const path = fetching ? request.path.slice(FETCHING_PATH.length) : request.path;
    const refusal = refuse(request, world, this.credentials);
    if (refusal) return refusal;
    const body = parsed(request.body);
    if (!body)
      return refused(world, 400, {
        en: 'The body is a JSON object in UTF-8.',
        zh: '请求体须为 UTF-8 编码的 JSON 对象。',
      });
    const operation = OPERATIONS.get(path);
    if (!operation) {
      const echo = success(world, { data: received({ path, body }) });
      return world.faultIn(request.body.toString('utf8')) ?? { ...echo, reason: UNKNOWN_OPERATION };
    }
    const names = String(request.headers[NAMES_HEADER] ?? '').split(',');
    return operation(body, world, fetching, names);
  },
};

/** A provider repairs nothing: an id that is a number stays one. */
function parsed(body: Buffer): Record<string, unknown> | null {
  if (!isUtf8(body)) return null;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** docs/providers/xhey.md, "Signing". Its sample programs send no Content-Type; another one than JSON's is refused. */
function refuse(
  { headers, body }: SandboxRequest,
  world: SandboxWorld,
  { groupKey = '', groupSecret = '' }: Readonly<Record<string, string>>,
): SandboxAnswer | null {
  const contentType = headers['content-type'];
  if (contentType && !/^application\/json\b/i.test(String(contentType)))
    return refused(world, 400, {
      en: 'Content-Type is application/json.',
      zh: 'Content-Type 须为 application/json。',
    });
  if (headers.groupkey === undefined)
    return refused(world, 4007, { en: 'The header GroupKey is missing.', zh: '缺少 GroupKey 头。' });
  if (headers.groupkey !== groupKey)
    return refused(world, 4007, {
      en: "The header GroupKey is not the sandbox's own groupKey.",
      zh: 'GroupKey 头不是沙箱的 groupKey。',
    });

  const timestamp = String(headers.timestamp ?? '');
  if (!/^\d+$/.test(timestamp))
    return refused(world, 401, {
      en: 'The header Timestamp is Unix time in seconds, in decimal digits.',
      zh: 'Timestamp 头须为秒级 Unix 时间戳，十进制数字。',
    });
  const offSeconds = Math.round(Number(timestamp) - world.now() / 1000);
  if (Math.abs(offSeconds) > CLOCK_SECONDS) return refused(world, 401, clockReason(offSeconds));

  const problem = signatureProblem(String(headers.signature ?? ''), groupKey, groupSecret, timestamp, body);
  return problem && refused(world, 401, problem);
}

function clockReason(offSeconds: number): Reason {
  if (offSeconds > 1e11)
    return {
      en: 'The header Timestamp is Unix time in seconds; this is in milliseconds.',
      zh: 'Timestamp 头须为秒级 Unix 时间戳，收到的是毫秒。',
    };
  const side = offSeconds < 0 ? 'behind' : 'ahead of';
  return {
    en: `The header Timestamp is ${Math.abs(offSeconds)} s ${side} the sandbox's clock; ${CLOCK_SECONDS} s are allowed.`,
    zh: `Timestamp 头比沙箱时钟${offSeconds < 0 ? '慢' : '快'} ${Math.abs(offSeconds)} 秒，允许相差 ${CLOCK_SECONDS} 秒。`,
  };
}

const RULE: Reason = {
  en: 'Signature is base64(HMAC-SHA256(groupSecret, "groupKey=<GroupKey>&sign=<dataSign>&timestamp=<Timestamp>")), and dataSign is base64(HMAC-SHA256(groupSecret, the exact bytes of the body)).',
  zh: 'Signature 须为 base64(HMAC-SHA256(groupSecret, "groupKey=<GroupKey>&sign=<dataSign>&timestamp=<Timestamp>"))，其中 dataSign 为 base64(HMAC-SHA256(groupSecret, 实际发送的请求体字节))。',
};

/** What programs do instead, and how it looks. */
const MISTAKES: readonly (readonly [
  (secret: string, payload: (dataSign: string) => string, body: Buffer) => string,
  mistake: Reason,
])[] = [
  [
    (secret, payload, body) => hmac(secret, payload(hmac(secret, body).toString('base64'))).toString('hex'),
    { en: 'Here it is in hex.', zh: '收到的是十六进制。' },
  ],
  [
    (secret, payload, body) => hmac(secret, payload(hmac(secret, body).toString('hex'))).toString('base64'),
    { en: 'Here dataSign is in hex.', zh: '收到的 dataSign 是十六进制。' },
  ],
  [
    (secret, payload, body) =>
      hmac(secret, payload(encodeURIComponent(hmac(secret, body).toString('base64')))).toString('base64'),
    { en: 'Here dataSign is URL-encoded.', zh: '收到的 dataSign 做了 URL 编码。' },
  ],
  [
    (secret, _payload, body) => hmac(secret, body).toString('base64'),
    { en: 'Here it is dataSign alone.', zh: '收到的只是 dataSign。' },
  ],
];

/**
 * @param given the header
 * @param groupKey of the sandbox
 * @param groupSecret of the sandbox
 * @param timestamp the header
 * @param body the bytes that came
 * @returns a reason, or null where it is right
 */
function signatureProblem(
  given: string,
  groupKey: string,
  groupSecret: string,
  timestamp: string,
  body: Buffer,
): Reason | null {
  if (given === '') return { en: 'The header Signature is missing.', zh: '缺少 Signature 头。' };
  if (given === sign(groupKey, groupSecret, timestamp, body)) return null;
  const payload = (dataSign: string) => `groupKey=${groupKey}&sign=${dataSign}&timestamp=${timestamp}`;
  const found = MISTAKES.find(([otherwise]) => given === otherwise(groupSecret, payload, body));
  return found ? { en: `${RULE.en} ${found[1].en}`, zh: RULE.zh + found[1].zh } : RULE;
}

function hmac(secret: string, data: Buffer | string): Buffer {
  return createHmac('sha256', secret).update(data).digest();
}
