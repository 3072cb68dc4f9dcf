/** westdex's half of the sandbox, made from docs/providers/westdex.md: what the provider checks, it checks. */

import {
  CLOCK_MS,
  jsonAnswer,
  POST_ONLY,
  received,
  type SandboxAnswer,
  type SandboxHalf,
  type SandboxRequest,
  type SandboxWorld,
  UNKNOWN_OPERATION,
} from '../../contract/sandbox-half';
import { isObject, parseObject } from '../../http/json';
import { isWholeIdNumber } from '../../input/id-number';
import { readPhoto } from '../../input/photo';
import { atOnce } from '../../input/slices';
import { KEY_DERIVATIONS } from './account';
import { aesKey, decrypt, encrypt } from './cipher';
import { THREE_ELEMENTS } from './client';

const FIRST_ID = 1_000_000_000_000;

const CREDENTIALS = {
  secretId: 'sandbox-secret-id',
  // 32 hexadecimal digits, so that every derivation can use it.
  key: '0123456789abcdef0123456789abcdef',
};
const AES_KEYS = KEY_DERIVATIONS.map((derivation) => aesKey(derivation, CREDENTIALS.key)!);

/** The provider's document lists no failure codes: these are invented. */
const FAILURES = {
  customer: {
    code: '10001',
    words: '客户编号无效',
    en: "secretId in the path and data.customNumber are the sandbox's own secretId.",
    zh: '路径中的 secretId 和 data.customNumber 须为沙箱的 secretId。',
  },
  timestamp: {
    code: '10002',
    words: '时间戳无效',
    en: 'timestamp in the query and the text data.timeStamp are the same Unix time in milliseconds, at most 900 s off.',
    zh: '查询参数 timestamp 与字符串 data.timeStamp 须为同一个毫秒级 Unix 时间戳，误差不超过 900 秒。',
  },
  body: {
    code: '10003',
    words: '请求格式错误',
    en: 'Content-Type is application/json; the body is an object with data and photoData.',
    zh: 'Content-Type 须为 application/json，请求体须为含有 data 和 photoData 的对象。',
  },
  cipher: {
    code: '10004',
    words: '参数解密失败',
    en: "data.xM and data.gMSFZHM are base64(AES-ECB with PKCS#7 padding(UTF-8)) under one key, which is made of the sandbox's own key by one of the three derivations.",
    zh: 'data.xM 和 data.gMSFZHM 须为 base64(AES-ECB、PKCS#7 填充(UTF-8))，使用同一密钥，由沙箱的 key 按三种方式之一得到。',
  },
  idNumber: {
    code: '10005',
    words: '身份证号无效',
    en: 'The id number in data.gMSFZHM is 18 characters with a right check digit (X in upper case) or 15 digits, born from 1900 to today.',
    zh: 'data.gMSFZHM 中的身份证号须为 18 位且校验码正确（X 大写）或 15 位数字，出生日期在 1900 年至今天之间。',
  },
  photo: {
    code: '10006',
    words: '照片无效',
    en: 'photoData is base64 without data: prefix or line breaks, of a whole JPG, PNG or BMP.',
    zh: 'photoData 须为完整的 JPG、PNG 或 BMP 的 base64，没有 data: 前缀和换行。',
  },
  name: {
    code: '10007',
    words: '姓名无效',
    en: 'The name in data.xM is not empty.',
    zh: 'data.xM 中的姓名不能为空。',
  },
} as const;

/** "`00000`, `200` and `0` are success", each as a text or a number; the documented one comes first. */
const SUCCESSES = ['00000', 0, '200', 200, '0'] as const;

export const sandboxHalf: SandboxHalf = {
  provider: 'westdex',
  paths: [`/{secretId}/${THREE_ELEMENTS}`],
  credentials: CREDENTIALS,
  specialValues: [['沙箱30001', 'the name: that code, or any other', '姓名：该代码，也可为其他代码']],

  answer(request, world) {
    if (request.method !== 'POST') return POST_ONLY;
    const [, secretId, apiCode] = /^\/([^/]+)\/([^/]+)$/.exec(request.path) ?? [];
    if (!apiCode)
      return {
        status: 404,
        body: 'not found',
        reason: {
          en: 'The path is /{secretId}/{api_code} behind the base URL.',
          zh: '接口地址之后的路径须为 /{secretId}/{api_code}。',
        },
      };
    const failure = (name: keyof typeof FAILURES, key?: Buffer) => {
      const { code, words, ...reason } = FAILURES[name];
      return { ...failed(nextId(world), code, Number(code), words, key), reason };
    };
    if (secretId !== encodeURIComponent(CREDENTIALS.secretId)) return failure('customer');

    const body = readBody(request);
    if (!body || !isObject(body.data)) return failure('body');
    const { timeStamp, customNumber, xM, gMSFZHM } = body.data;
    if (customNumber !== CREDENTIALS.secretId) return failure('customer');
    if (!isTimestamp(timeStamp, request, world)) return failure('timestamp');

    if (apiCode !== THREE_ELEMENTS) return echoed(apiCode, body, body.data, world);
    for (const key of AES_KEYS) {
      const [name, idNumber] = [deciphered(xM, key), deciphered(gMSFZHM, key)];
      if (name === null || idNumber === null) continue;
      if (name.trim() === '') return failure('name', key);
      if (!isWholeIdNumber(idNumber, world.now())) return failure('idNumber', key);
      if (!isBarePhoto(body.photoData)) return failure('photo', key);
      return { ...(world.faultIn(name) ?? verdict(name, key, world)), paidFor: name };
    }
    return failure('cipher');
  },
};

/** Another `api_code`: what came, deciphered where the sandbox's own key does that, under the key that did. */
function echoed(
  apiCode: string,
  body: Record<string, unknown>,
  data: Record<string, unknown>,
  world: SandboxWorld,
): SandboxAnswer {
  const key =
    AES_KEYS.find((each) => Object.values(data).some((value) => deciphered(value, each) !== null)) ??
    AES_KEYS[0]!;
  const fields = Object.entries(data).map(([name, value]) => [name, deciphered(value, key) ?? value]);
  const came = { ...body, data: Object.fromEntries(fields) };
  const fault = world.faultIn(JSON.stringify(came));
  const text = encrypt(JSON.stringify(received({ apiCode, body: came })), key);
  const echo = envelope(nextId(world), SUCCESSES[0], '成功', text);
  return { ...(fault ?? { ...echo, reason: UNKNOWN_OPERATION }), paidFor: apiCode };
}

/** @returns null where it is not base64 as the provider documents it, which a Buffer reads in many forms, or under another key */
function deciphered(value: unknown, key: Buffer): string | null {
  const isBase64 = typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value;
  return isBase64 ? decrypt(value, key) : null;
}

/** docs/contract.md, "Sandbox": `沙箱<code>` gets that code, any other name success. */
function verdict(name: string, key: Buffer, world: SandboxWorld): SandboxAnswer {
  const id = nextId(world);
  // What docs/providers/westdex.md says may also come: by the last digit of the id.
  const other = world.shapes === 'mixed' ? Number(id.at(-1)) : 0;
  const wantedCode = /^沙箱(\d{1,9})$/.exec(name)?.[1];
  if (wantedCode === undefined || isSuccess(wantedCode)) {
    const code = wantedCode === undefined ? SUCCESSES[other % SUCCESSES.length]! : shaped(wantedCode, other);
    // The fields of the decrypted answer are not documented: these are invented.
    return envelope(id, code, '成功', encrypt('{"code":"0","msg":"一致"}', key));
  }
  const errorCode = other % 2 === 1 ? wantedCode : Number(wantedCode);
  const answer = failed(id, shaped(wantedCode, other), errorCode, '沙箱指定的失败', key);
  return {
    ...answer,
    reason: { en: `Asked for by the name: code ${wantedCode}.`, zh: `由姓名指定：代码 ${wantedCode}。` },
  };
}

/**
 * docs/providers/westdex.md, "Answer": a failure "may carry `error_code` (number or string) and `reason`", and "encrypted
 * details".
 * @param key that the request was encrypted with; without it there are no details
 */
function failed(
  id: string,
  code: string | number,
  errorCode: string | number,
  words: string,
  key?: Buffer,
): SandboxAnswer {
  const data = key ? encrypt('{"detail":"沙箱"}', key) : '';
  return envelope(id, code, words, data, { error_code: errorCode, reason: words });
}

/** `code` may be a string or a number: docs/providers/westdex.md, "Answer". */
function shaped(code: string, other: number): string | number {
  return other % 2 === 1 && String(Number(code)) === code ? Number(code) : code;
}

function isSuccess(code: string): boolean {
  return SUCCESSES.some((success) => String(success) === code);
}

/** The same string in query and body, in milliseconds. */
function isTimestamp(timeStamp: unknown, { query }: SandboxRequest, world: SandboxWorld): boolean {
  if (typeof timeStamp !== 'string' || !/^\d{13}$/.test(timeStamp)) return false;
  return timeStamp === query.get('timestamp') && Math.abs(Number(timeStamp) - world.now()) <= CLOCK_MS;
}

/** "JPG, BMP or PNG; nothing else is accepted", and no prefix: docs/providers/westdex.md, `photoData`. */
function isBarePhoto(photoData: unknown): boolean {
  try {
    return atOnce(readPhoto(photoData, 'photoData', Infinity, new Set())).toString('base64') === photoData;
  } catch {
    return false;
  }
}

function readBody({ headers, body }: SandboxRequest): Record<string, unknown> | null {
  if (!/^application\/json\s*(?:;|$)/i.test(String(headers['content-type']))) return null;
  return parseObject(body.toString('utf8'));
}

/** Another one for each answer. */
function nextId({ store, changed }: SandboxWorld): string {
  const answers = Number(store.answers ?? 0);
  store.answers = answers + 1;
  changed();
  return `SANDBOX${FIRST_ID + answers}`;
}

function envelope(
  id: string,
  code: string | number,
  message: string,
  data = '',
  extra: object = {},
): SandboxAnswer {
  return jsonAnswer({ code, message, data, id, error_code: null, reason: '', ...extra });
}
