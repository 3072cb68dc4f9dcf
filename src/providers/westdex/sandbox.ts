/** westdex's half of the sandbox, made from westdex.md: what the provider checks, it checks. */
import { isObject, parseObject } from '../../http/json';
import { readIdNumber } from '../../input/id-number';
import { readPhoto } from '../../input/photo';
import type { SandboxAnswer, SandboxHalf, SandboxRequest, SandboxWorld } from '../../sandbox-half';
import { KEY_DERIVATIONS } from './account';
import { aesKey, decrypt, encrypt } from './cipher';

/** How far a clock may be off: CONTRACT, "Sandbox". */
const CLOCK_MS = 900_000;

const CREDENTIALS = {
  secretId: 'sandbox-secret-id',
  // 32 hexadecimal digits, so that every derivation can use it.
  key: '0123456789abcdef0123456789abcdef',
};
const AES_KEYS = KEY_DERIVATIONS.map((derivation) => aesKey(derivation, CREDENTIALS.key)!);

/** The provider's document lists no failure codes: these are invented. */
const FAILURES = {
  customer: ['10001', '客户编号无效'],
  timestamp: ['10002', '时间戳无效'],
  body: ['10003', '请求格式错误'],
  cipher: ['10004', '参数解密失败'],
  idNumber: ['10005', '身份证号无效'],
  photo: ['10006', '照片无效'],
  name: ['10007', '姓名无效'],
} as const;

/** The documented code of success comes quoted, the others in turn. */
const SUCCESSES = ['00000', 0, '200', 200, '0'] as const;

export const sandboxHalf: SandboxHalf = {
  provider: 'westdex',
  credentials: CREDENTIALS,

  answer(request, world) {
    if (request.method !== 'POST') return { status: 405, headers: { Allow: 'POST' }, body: '' };
    const secretId = /^\/([^/]+)\/idCardThreeElements$/.exec(request.path)?.[1];
    if (!secretId) return { status: 404, body: 'not found' };
    const failure = (name: keyof typeof FAILURES) => {
      const [code, words] = FAILURES[name];
      return envelope(world, code, words);
    };
    if (secretId !== encodeURIComponent(CREDENTIALS.secretId)) return failure('customer');

    const body = readBody(request);
    if (!body || !isObject(body.data)) return failure('body');
    const { timeStamp, customNumber, xM, gMSFZHM } = body.data;
    if (customNumber !== CREDENTIALS.secretId) return failure('customer');
    if (!isTimestamp(timeStamp, request, world)) return failure('timestamp');

    for (const key of AES_KEYS) {
      const name = typeof xM === 'string' ? decrypt(xM, key) : null;
      const idNumber = typeof gMSFZHM === 'string' ? decrypt(gMSFZHM, key) : null;
      if (name === null || idNumber === null) continue;
      if (name.trim() === '') return failure('name');
      if (!isIdNumber(idNumber, world.now())) return failure('idNumber');
      if (!isBarePhoto(body.photoData)) return failure('photo');
      return { ...(world.faultIn(name) ?? verdict(name, key, world)), paidFor: name };
    }
    return failure('cipher');
  },
};

/** CONTRACT, "Sandbox": `沙箱<code>` gets that code, any other name success. */
function verdict(name: string, key: Buffer, world: SandboxWorld): SandboxAnswer {
  const turn = count(world);
  const asked = /^沙箱(\d{1,9})$/.exec(name)?.[1];
  // The fields of the decrypted answer are not documented: these are invented.
  const consistent = encrypt('{"code":"0","msg":"一致"}', key);
  if (asked === undefined || isSuccess(asked)) {
    const code = asked === undefined ? SUCCESSES[turn % SUCCESSES.length]! : shaped(asked, turn);
    return envelope(world, code, '成功', consistent);
  }
  // Every second failure holds what westdex.md says one may hold.
  const extra =
    turn % 2 === 0 ? {} : { data: encrypt('{"detail":"沙箱"}', key), error_code: 30001, reason: '沙箱指定' };
  return envelope(world, shaped(asked, turn), '沙箱指定的失败', '', extra);
}

/** `code` may be a string or a number: westdex.md, "Answer". */
function shaped(code: string, turn: number): string | number {
  return turn % 2 === 1 && String(Number(code)) === code ? Number(code) : code;
}

function isSuccess(code: string): boolean {
  return SUCCESSES.some((success) => String(success) === code);
}

/** The same string in query and body, in milliseconds. */
function isTimestamp(timeStamp: unknown, { query }: SandboxRequest, world: SandboxWorld): boolean {
  if (typeof timeStamp !== 'string' || !/^\d{13}$/.test(timeStamp)) return false;
  return timeStamp === query.get('timestamp') && Math.abs(Number(timeStamp) - world.now()) <= CLOCK_MS;
}

/** A provider repairs nothing. */
function isIdNumber(idNumber: string, now: number): boolean {
  try {
    return readIdNumber(idNumber, 'gMSFZHM', now, new Set()) === idNumber;
  } catch {
    return false;
  }
}

/** "JPG, BMP or PNG; nothing else is accepted", and no prefix: westdex.md, `photoData`. */
function isBarePhoto(photoData: unknown): boolean {
  const repaired = new Set<string>();
  try {
    return (
      typeof photoData === 'string' &&
      'base64' in readPhoto(photoData, 'photoData', Infinity, repaired) &&
      repaired.size === 0
    );
  } catch {
    return false;
  }
}

function readBody({ headers, body }: SandboxRequest): Record<string, unknown> | null {
  if (!/^application\/json\s*(?:;|$)/i.test(String(headers['content-type']))) return null;
  return parseObject(body.toString('utf8'));
}

/** Counts the answers, for the shapes that take turns. */
function count(world: SandboxWorld): number {
  const answers = Number(world.store.answers ?? 0);
  world.store.answers = answers + 1;
  world.changed();
  return answers;
}

function envelope(
  world: SandboxWorld,
  code: string | number,
  message: string,
  data = '',
  extra: object = {},
): SandboxAnswer {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify({
      code,
      message,
      data,
      id: `SANDBOX${world.now()}`,
      error_code: null,
      reason: '',
      ...extra,
    }),
  };
}
