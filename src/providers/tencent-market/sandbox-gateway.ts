/** The gateways before the product: tencent-market.md, "Two gateways, two signatures" and "The gateway's own refusals". */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SandboxRequest, SandboxWorld } from '../../sandbox-half';
import { cloudmarketSignature } from './sign';

/** How far a clock may be off: "A date more than 15 minutes off is refused". */
const CLOCK_MS = 900_000;
const SOURCE = 'market';
/** RFC 7231, section 7.1.1.1, as in "Mon, 19 Mar 2018 12:08:40 GMT". */
const DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

/** What a gateway says, and why. "A missing header is 401, the rest 403". */
export interface Refusal {
  status: number;
  words: string;
  reason: string;
}

type Credentials = Readonly<Record<string, string>>;

const denial = (status: number, words: string, reason: string): Refusal => ({ status, words, reason });
const missing = (header: string) =>
  denial(
    401,
    `HMAC signature cannot be verified, a valid ${header} header is required`,
    `The header ${header} is missing.`,
  );
const unverified = (reason: string) => denial(403, 'HMAC signature cannot be verified', reason);
const mismatch = (reason: string) => denial(403, 'HMAC signature does not match', reason);

/** @returns what the gateway refuses, or null */
export function refuse(
  request: SandboxRequest,
  world: SandboxWorld,
  credentials: Credentials,
): Refusal | null {
  // A gateway knows an API by method and path.
  if (request.method !== 'POST' || request.path !== '')
    return denial(404, 'no such API', 'The method is POST, and the base URL is the whole address.');
  const { authorization } = request.headers;
  if (authorization === undefined) return missing('authorization');
  const isNewer = String(authorization).startsWith('{');
  const unsigned = (isNewer ? refuseCloudmarket : refuseGateway)(request, world, credentials);
  if (unsigned) return unsigned;
  const needed = 'application/x-www-form-urlencoded';
  return new RegExp(`^${needed} *(?:;|$)`, 'i').test(String(request.headers['content-type']))
    ? null
    : denial(403, `req content type need ${needed}`, `Content-Type is ${needed}; so is the body.`);
}

/** "gateway": headers X-Date, X-Source and Authorization, which names the headers in the order in which they are signed. */
function refuseGateway(
  { headers }: SandboxRequest,
  world: SandboxWorld,
  { secretId, secretKey = '' }: Credentials,
): Refusal | null {
  const authorization = String(headers.authorization);
  if (!/^hmac\s/i.test(authorization))
    return denial(
      403,
      'authorization headers is invalidate',
      'Authorization begins with hmac (older gateway) or is a JSON object (newer gateway).',
    );
  const given: Record<string, string> = Object.fromEntries(
    Array.from(authorization.matchAll(/\b(\w+)="([^"]*)"/g), ([, name, value]) => [name, value]),
  );
  if (!given.id || !given.signature)
    return denial(403, 'id or signature missing', 'Authorization has id="..." and signature="...".');
  if (given.id !== secretId) return unverified("The id in Authorization is not the sandbox's own secretId.");
  if (given.algorithm !== 'hmac-sha1') return unverified('The algorithm in Authorization is hmac-sha1.');
  for (const name of ['x-date', 'x-source']) if (headers[name] === undefined) return missing(name);
  if (headers['x-source'] !== SOURCE) return unverified(`The header X-Source is ${SOURCE}.`);
  const undated = refuseDate(String(headers['x-date']), world);
  if (undated) return undated;

  const signed = (given.headers ?? '').toLowerCase().split(/\s+/);
  const others = signed.filter((name) => headers[name] === undefined);
  if (others.length > 0 || !signed.includes('x-date') || !signed.includes('x-source'))
    return unverified('The headers in Authorization are "x-date x-source", and each of them is sent.');
  const text = signed.map((name) => `${name}: ${headers[name]}`).join('\n');
  return isEqual(given.signature, createHmac('sha1', secretKey).update(text).digest('base64'))
    ? null
    : mismatch(
        'signature is base64(HMAC-SHA1(secretKey, text)); the text is a line "name: value" for each of the headers in Authorization, names in lower case, in their order, a newline between two lines and none at the end.',
      );
}

/** "cloudmarket": headers Authorization, an object, and request-id. */
function refuseCloudmarket(
  { headers }: SandboxRequest,
  world: SandboxWorld,
  { secretId, secretKey = '' }: Credentials,
): Refusal | null {
  const given = authorizationOf(headers.authorization);
  if (!given)
    return denial(
      403,
      'authorization headers is invalidate',
      'Authorization is a JSON object of three texts: id, x-date and signature.',
    );
  const { id, 'x-date': date = '', signature } = given;
  if (!id || !signature)
    return denial(403, 'id or signature missing', 'Authorization has an id and a signature.');
  if (id !== secretId) return unverified("The id in Authorization is not the sandbox's own secretId.");
  if (headers['request-id'] === undefined) return missing('request-id');
  if (!UUID.test(String(headers['request-id']))) return unverified('The header request-id is a UUID.');
  const undated = refuseDate(date, world);
  if (undated) return { ...undated, words: undated.words.replace(/^.*expired$/, '签名时间已超时') };
  return isEqual(signature, cloudmarketSignature(secretKey, date))
    ? null
    : mismatch('signature is base64(HMAC-SHA1(secretKey, "x-date: " + the x-date in Authorization)).');
}

function refuseDate(date: string, world: SandboxWorld): Refusal | null {
  if (!DATE.test(date)) return unverified('x-date looks like "Mon, 19 Mar 2018 12:08:40 GMT".');
  const off = Date.parse(date) - world.now();
  if (Math.abs(off) <= CLOCK_MS) return null;
  const words = 'HMAC signature cannot be verified, the x-date has expired';
  const side = off < 0 ? 'behind' : 'ahead of';
  const seconds = Math.round(Math.abs(off) / 1000);
  return denial(403, words, `x-date is ${seconds} s ${side} the sandbox's clock; 900 s are allowed.`);
}

function authorizationOf(header: unknown): Record<string, string> | null {
  try {
    const entries = Object.entries(JSON.parse(String(header)) as object);
    return entries.every(([, value]) => typeof value === 'string') ? Object.fromEntries(entries) : null;
  } catch {
    return null;
  }
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
