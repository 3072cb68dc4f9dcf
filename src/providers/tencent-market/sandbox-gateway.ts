/** The gateways before the product: docs/providers/tencent-market.md, "Two gateways, two signatures" and "The gateway's own refusals". */
import { createHmac } from 'node:crypto';
import { CLOCK_MS, type Reason, type SandboxRequest, type SandboxWorld } from '../../contract/sandbox-half';
import { cloudmarketSignature } from './sign';

const SOURCE = 'market';
/** RFC 7231, section 7.1.1.1, as in "Mon, 19 Mar 2018 12:08:40 GMT". */
const DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

/** What a gateway says, and why. "A missing header is 401, the rest 403". */
interface Refusal {
  status: number;
  words: string;
  reason: Reason;
}

type Credentials = Readonly<Record<string, string>>;

const denial = (status: number, words: string, reason: Reason): Refusal => ({ status, words, reason });
const missing = (header: string) =>
  denial(401, `HMAC signature cannot be verified, a valid ${header} header is required`, {
    en: `The header ${header} is missing.`,
    zh: `缺少 ${header} 头。`,
  });
const unverified = (reason: Reason) => denial(403, 'HMAC signature cannot be verified', reason);
const mismatch = (reason: Reason) => denial(403, 'HMAC signature does not match', reason);

/** @returns what the gateway refuses, or null */
export function refuse(
  request: SandboxRequest,
  world: SandboxWorld,
  credentials: Credentials,
): Refusal | null {
  // A gateway knows an API by method and path; any path may be that of another product.
  if (request.method !== 'POST')
    return denial(404, 'no such API', {
      en: 'The method is POST.',
      zh: '请求方法须为 POST。',
    });
  const { authorization } = request.headers;
  if (authorization === undefined) return missing('authorization');
  const isNewer = String(authorization).startsWith('{');
  const unsigned = (isNewer ? refuseCloudmarket : refuseGateway)(request, world, credentials);
  if (unsigned) return unsigned;
  const needed = 'application/x-www-form-urlencoded';
  return new RegExp(`^${needed} *(?:;|$)`, 'i').test(String(request.headers['content-type']))
    ? null
    : denial(403, `req content type need ${needed}`, {
        en: `Content-Type is ${needed}; so is the body.`,
        zh: `Content-Type 和请求体须为 ${needed}。`,
      });
}

/** "gateway": headers X-Date, X-Source and Authorization, which names the headers in the order in which they are signed. */
function refuseGateway(
  { headers }: SandboxRequest,
  world: SandboxWorld,
  { secretId, secretKey = '' }: Credentials,
): Refusal | null {
  const authorization = String(headers.authorization);
  if (!/^hmac\s/i.test(authorization))
    return denial(403, 'authorization headers is invalidate', {
      en: 'Authorization begins with hmac (older gateway) or is a JSON object (newer gateway).',
      zh: 'Authorization 须以 hmac 开头（旧网关），或为 JSON 对象（新网关）。',
    });
  const given: Record<string, string> = Object.fromEntries(
    Array.from(authorization.matchAll(/\b(\w+)="([^"]*)"/g), ([, name, value]) => [name, value]),
  );
  if (!given.id || !given.signature)
    return denial(403, 'id or signature missing', {
      en: 'Authorization has id="..." and signature="...".',
      zh: 'Authorization 须含有 id="..." 和 signature="..."。',
    });
  if (given.id !== secretId)
    return unverified({
      en: "The id in Authorization is not the sandbox's own secretId.",
      zh: 'Authorization 中的 id 不是沙箱的 secretId。',
    });
  if (given.algorithm !== 'hmac-sha1')
    return unverified({
      en: 'The algorithm in Authorization is hmac-sha1.',
      zh: 'Authorization 中的 algorithm 须为 hmac-sha1。',
    });
  for (const name of ['x-date', 'x-source']) if (headers[name] === undefined) return missing(name);
  if (headers['x-source'] !== SOURCE)
    return unverified({ en: `The header X-Source is ${SOURCE}.`, zh: `X-Source 头须为 ${SOURCE}。` });
  const undated = refuseDate(String(headers['x-date']), world);
  if (undated) return undated;

  const signed = (given.headers ?? '').toLowerCase().split(/\s+/);
  const others = signed.filter((name) => headers[name] === undefined);
  if (others.length > 0 || !signed.includes('x-date') || !signed.includes('x-source'))
    return unverified({
      en: 'The headers in Authorization are "x-date x-source", and each of them is sent.',
      zh: 'Authorization 的 headers 须为 "x-date x-source"，且都要发送。',
    });
  const text = signed.map((name) => `${name}: ${headers[name]}`).join('\n');
  return given.signature === createHmac('sha1', secretKey).update(text).digest('base64')
    ? null
    : mismatch({
        en: 'signature is base64(HMAC-SHA1(secretKey, text)); the text is a line "name: value" for each of the headers in Authorization, names in lower case, in their order, a newline between two lines and none at the end.',
        zh: 'signature 须为 base64(HMAC-SHA1(secretKey, 文本))；文本为 Authorization 的 headers 中各个头的“名称: 值”，每个头一行，名称小写，顺序一致，行间一个换行，末尾没有换行。',
      });
}

/** "cloudmarket": headers Authorization, an object, and request-id. */
function refuseCloudmarket(
  { headers }: SandboxRequest,
  world: SandboxWorld,
  { secretId, secretKey = '' }: Credentials,
): Refusal | null {
  const given = authorizationOf(headers.authorization);
  if (!given)
    return denial(403, 'authorization headers is invalidate', {
      en: 'Authorization is a JSON object of three texts: id, x-date and signature.',
      zh: 'Authorization 须为 JSON 对象，含有三个字符串：id、x-date、signature。',
    });
  const { id, 'x-date': date = '', signature } = given;
  if (!id || !signature)
    return denial(403, 'id or signature missing', {
      en: 'Authorization has an id and a signature.',
      zh: 'Authorization 须含有 id 和 signature。',
    });
  if (id !== secretId)
    return unverified({
      en: "The id in Authorization is not the sandbox's own secretId.",
      zh: 'Authorization 中的 id 不是沙箱的 secretId。',
    });
  if (headers['request-id'] === undefined) return missing('request-id');
  if (!UUID.test(String(headers['request-id'])))
    return unverified({ en: 'The header request-id is a UUID.', zh: 'request-id 头须为 UUID。' });
  const undated = refuseDate(date, world);
  if (undated) return { ...undated, words: undated.words.replace(/^.*expired$/, '签名时间已超时') };
  return signature === cloudmarketSignature(secretKey, date)
    ? null
    : mismatch({
        en: 'signature is base64(HMAC-SHA1(secretKey, "x-date: " + the x-date in Authorization)).',
        zh: 'signature 须为 base64(HMAC-SHA1(secretKey, "x-date: " + Authorization 中的 x-date))。',
      });
}

function refuseDate(date: string, world: SandboxWorld): Refusal | null {
  if (!DATE.test(date))
    return unverified({
      en: 'x-date looks like "Mon, 19 Mar 2018 12:08:40 GMT".',
      zh: 'x-date 的格式如 "Mon, 19 Mar 2018 12:08:40 GMT"。',
    });
  const off = Date.parse(date) - world.now();
  if (Math.abs(off) <= CLOCK_MS) return null;
  const words = 'HMAC signature cannot be verified, the x-date has expired';
  const side = off < 0 ? 'behind' : 'ahead of';
  const seconds = Math.round(Math.abs(off) / 1000);
  return denial(403, words, {
    en: `x-date is ${seconds} s ${side} the sandbox's clock; 900 s are allowed.`,
    zh: `x-date 比沙箱时钟${off < 0 ? '慢' : '快'} ${seconds} 秒，允许相差 900 秒。`,
  });
}

function authorizationOf(header: unknown): Record<string, string> | null {
  try {
    const entries = Object.entries(JSON.parse(String(header)) as object);
    return entries.every(([, value]) => typeof value === 'string') ? Object.fromEntries(entries) : null;
  } catch {
    return null;
  }
}
