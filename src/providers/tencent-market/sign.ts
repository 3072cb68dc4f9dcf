/** docs/providers/tencent-market.md, "Two gateways, two signatures". The body is not part of either. */
import { createHmac } from 'node:crypto';

export type Scheme = 'gateway' | 'cloudmarket';

/** The hosts of each gateway, by their ending. */
export const HOSTS: readonly (readonly [string, Scheme])[] = [
  ['.apigateway.myqcloud.com', 'gateway'],
  ['.apigw.tencentcs.com', 'gateway'],
  ['.cloudmarket-apigw.com', 'cloudmarket'],
];

/**
 * @param chosen in the account: a scheme, or `auto`
 * @param hostname of the account's base URL
 * @returns the scheme, or null where the host does not decide it
 */
export function schemeFor(chosen: unknown, hostname: string): Scheme | null {
  if (chosen === 'gateway' || chosen === 'cloudmarket') return chosen;
  return HOSTS.find(([ending]) => hostname.endsWith(ending))?.[1] ?? null;
}

/** Whether a host is one of Tencent's gateways, which may be sent an account's signature. */
export function isGatewayHost(hostname: string): boolean {
  return schemeFor('auto', hostname) !== null;
}

/** What goes into a signature beside the time. */
interface Signer {
  secretId: string;
  secretKey: string;
  /** The older gateway's `X-Source`. */
  source: string;
}

/**
 * @param now Unix time in milliseconds
 * @returns it as both gateways want it: RFC 7231, section 7.1.1.1
 */
function signedDate(now: number): string {
  return new Date(now).toUTCString();
}

/**
 * Signs for the older API gateway.
 * @param secretKey of the account
 * @param date as it stands in `X-Date`
 * @param source as it stands in `X-Source`
 */
export function gatewaySignature(secretKey: string, date: string, source: string): string {
  return hmac(secretKey, `x-date: ${date}\nx-source: ${source}`);
}

/**
 * Signs for the newer cloud-market gateway.
 * @param secretKey of the account
 * @param date as it stands in `Authorization`
 */
export function cloudmarketSignature(secretKey: string, date: string): string {
  return hmac(secretKey, `x-date: ${date}`);
}

/** What signs a request. */
interface Signed {
  headers: Record<string, string>;
  /** As it stands in `Authorization`. */
  signature: string;
}

/** What each gateway knows a caller by. */
const SIGN: Readonly<Record<Scheme, (signer: Signer, date: string, requestId: string) => Signed>> = {
  gateway({ secretId, secretKey, source }, date) {
    const signature = gatewaySignature(secretKey, date, source);
    const Authorization = `hmac id="${secretId}", algorithm="hmac-sha1", headers="x-date x-source", signature="${signature}"`;
    return { headers: { 'X-Date': date, 'X-Source': source, Authorization }, signature };
  },
  cloudmarket({ secretId, secretKey }, date, requestId) {
    const signature = cloudmarketSignature(secretKey, date);
    const Authorization = JSON.stringify({ id: secretId, 'x-date': date, signature });
    return { headers: { 'X-Date': date, Authorization, 'request-id': requestId }, signature };
  },
};

/**
 * @param scheme of the gateway
 * @param signer who calls
 * @param now Unix time in milliseconds
 * @param requestId a UUID, for the newer gateway
 */
export function sign(scheme: Scheme, signer: Signer, now: number, requestId: string): Signed {
  return SIGN[scheme](signer, signedDate(now), requestId);
}

function hmac(secret: string, text: string): string {
  return createHmac('sha1', secret).update(text).digest('base64');
}
