/** tencent-market's half of the sandbox, made from tencent-market.md: what the provider checks, it checks. */
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { readIdNumber } from '../../input/id-number';
import type { SandboxAnswer, SandboxHalf, SandboxRequest, SandboxWorld } from '../../sandbox-half';
import { cloudmarketSignature, gatewaySignature } from './sign';

/** How far a clock may be off: "A date more than 15 minutes off is refused". */
const CLOCK_MS = 900_000;
const SOURCE = 'market';
const FIRST_ORDER = 568_753_443_590_770_688n;
const USUAL_SCORE = 0.82;

const GATEWAY_AUTHORIZATION =
  /^hmac id="([^"]*)", algorithm="hmac-sha1", headers="x-date x-source", signature="([^"]*)"$/;
/** RFC 7231, section 7.1.1.1, as in "Mon, 19 Mar 2018 12:08:40 GMT". */
const DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
/** "no data-URI prefix, no line breaks"; a `+` that was not escaped has become a space. */
const BARE_BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** An HTTP status and the gateway's words. */
type Refusal = readonly [number, string];

export const sandboxHalf: SandboxHalf = {
  provider: 'tencent-market',
  credentials: { secretId: 'sandbox-secret-id', secretKey: 'sandbox-secret-key' },
  // The sandbox's host tells nothing, and it understands both.
  settings: { scheme: 'gateway' },

  answer(request, world) {
    const refused = refuse(request, world, this.credentials);
    if (refused) return reply(world, refused[0], { message: refused[1] });
    return compare(new URLSearchParams(request.body.toString('utf8')), world);
  },
};

/** "The gateway's own refusals". */
function refuse(
  request: SandboxRequest,
  world: SandboxWorld,
  credentials: Readonly<Record<string, string>>,
): Refusal | null {
  // The base URL is the whole endpoint; a gateway knows an API by method and path.
  if (request.method !== 'POST' || request.path !== '') return [404, 'no such API'];
  const isNewer = String(request.headers.authorization).startsWith('{');
  const unsigned = (isNewer ? refuseCloudmarket : refuseGateway)(request, world, credentials);
  if (unsigned) return unsigned;
  return /^application\/x-www-form-urlencoded *(?:;|$)/i.test(String(request.headers['content-type']))
    ? null
    : [403, 'req content type need application/x-www-form-urlencoded'];
}

/** "gateway": headers X-Date, X-Source and Authorization. */
function refuseGateway(
  { headers }: SandboxRequest,
  world: SandboxWorld,
  { secretId, secretKey = '' }: Readonly<Record<string, string>>,
): Refusal | null {
  const [, id, signature = ''] = GATEWAY_AUTHORIZATION.exec(String(headers.authorization)) ?? [];
  const date = String(headers['x-date']);
  const source = headers['x-source'];
  if (id !== secretId || source !== SOURCE || !DATE.test(date))
    return [401, 'HMAC signature cannot be verified'];
  if (isOff(date, world)) return [401, 'HMAC signature cannot be verified, the x-date has expired'];
  return isEqual(signature, gatewaySignature(secretKey, date, source))
    ? null
    : [401, 'HMAC signature does not match'];
}

/** "cloudmarket": headers Authorization, an object, and request-id. */
function refuseCloudmarket(
  { headers }: SandboxRequest,
  world: SandboxWorld,
  { secretId, secretKey = '' }: Readonly<Record<string, string>>,
): Refusal | null {
  const { id, 'x-date': date = '', signature = '' } = authorizationOf(headers.authorization);
  if (id !== secretId || !DATE.test(date) || !/^[\da-f-]{36}$/i.test(String(headers['request-id'])))
    return [403, 'HMAC signature cannot be verified'];
  if (isOff(date, world)) return [403, '签名时间已超时'];
  return isEqual(signature, cloudmarketSignature(secretKey, date))
    ? null
    : [403, 'HMAC signature does not match'];
}

function authorizationOf(header: unknown): Record<string, string> {
  try {
    const entries = Object.entries(JSON.parse(String(header)) as object);
    const known = entries.every(([, value]) => typeof value === 'string') && entries.length === 3;
    return known ? Object.fromEntries(entries) : {};
  } catch {
    return {};
  }
}

function isOff(date: string, world: SandboxWorld): boolean {
  return !(Math.abs(Date.parse(date) - world.now()) <= CLOCK_MS);
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The product behind the gateway. */
function compare(form: URLSearchParams, world: SandboxWorld): SandboxAnswer {
  const field = (name: string) => form.get(name) ?? '';
  const [name, idcard, image, url] = [field('name'), field('idcard'), field('image'), field('url')];
  const wrong = wrongParameter(form, world);
  if (wrong) return reply(world, 200, { msg: `入参错误,${wrong}`, success: false, code: 400, data: {} });
  const fault = world.faultIn(`${name} ${image ? '' : url}`);
  if (fault) return { ...fault, paidFor: name };

  const created = Number(world.store.created ?? 0);
  world.store.created = created + 1;
  world.changed();
  const { incorrect, score } = wanted(name);
  const answer = reply(world, 200, {
    msg: '',
    success: true,
    code: 200,
    data: {
      order_no: String(FIRST_ORDER + BigInt(created)),
      // Documented as a number; every second one comes as the text it can also be.
      score: created % 2 === 0 ? score : String(score),
      msg: incorrect === 100 ? words(score) : (WORDS.get(incorrect) ?? '未知'),
      incorrect,
    },
  });
  return { ...answer, paidFor: name };

  function wrongParameter({ size }: URLSearchParams, { now }: SandboxWorld): string | null {
    if (size !== new Set(form.keys()).size) return '参数重复';
    if (name === '') return '姓名[name]不能为空';
    if (!isIdNumber(idcard, now())) return '身份证号[idcard]格式错误';
    // "The document's program samples send the unused one of the two as an empty field".
    if ((image === '') === (url === '')) return '照片[image]与[url]须二选一';
    if (image !== '' && !(BARE_BASE64.test(image) && image.length % 4 === 0)) return '照片[image]格式错误';
    if (url !== '' && !/^https?:\/\/./i.test(url)) return '照片地址[url]格式错误';
    return null;
  }
}

/** A provider repairs nothing. */
function isIdNumber(idNumber: string, now: number): boolean {
  try {
    return readIdNumber(idNumber, 'idcard', now, new Set()) === idNumber;
  } catch {
    return false;
  }
}

/** CONTRACT, "Sandbox": the name chooses the answer. */
function wanted(name: string): { incorrect: number; score: number } {
  const [, special = ''] = /^沙箱(\d{3}|[01](?:\.\d+)?)$/.exec(name) ?? [];
  if (special.length === 3 && !special.includes('.')) {
    const incorrect = Number(special);
    // "`score`: meaningful only with `incorrect` 100".
    return { incorrect, score: incorrect === 100 ? USUAL_SCORE : 0 };
  }
  return { incorrect: 100, score: special === '' ? USUAL_SCORE : Math.min(1, Number(special)) };
}

/** What it found, in the provider's language; "The product's answer", the table of `incorrect`. */
const WORDS: ReadonlyMap<number, string> = new Map([
  [101, '姓名与身份证号不一致'],
  [102, '库中无此身份证号'],
  [103, '身份验证通过,数据不合法'],
  [104, '数据不合法'],
  [106, '身份验证通过,人脸服务异常'],
  [107, '照片质量过低'],
  [108, '照片文件过大'],
  [109, '身份验证通过,库中无照片'],
  [110, '身份验证通过,未提取到人脸特征'],
  [111, '身份验证通过,照片中有多张人脸'],
  [112, '身份验证通过,照片不合法'],
  [113, '比对服务异常'],
]);

function words(score: number): string {
  if (score >= 0.45) return '系统判断为同一人';
  return score < 0.4 ? '系统判断为不同人' : '不能确定是否为同一人';
}

function reply(world: SandboxWorld, status: number, body: unknown): SandboxAnswer {
  return {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      // "its `Date` header tells the right time"
      Date: new Date(world.now()).toUTCString(),
      'x-api-requestid': randomUUID(),
    },
    body: JSON.stringify(body),
  };
}
