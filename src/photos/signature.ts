/**
 * AWS signature 4, as object stores take it: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 * aws4fetch makes it; the requests go over our own pool.
 */
import type { Credentials } from '../contract/settings';

/** What a signature is made under. */
export interface Signing {
  /** `accessKeyId` and `secretAccessKey`. */
  credentials: Credentials;
  region: string;
  /** Unix time in milliseconds, as the store has it. */
  now: number;
}

/**
 * Signs a request by its headers; the body is not signed, TLS guards it.
 * @param method of the request
 * @param url of the object
 * @param headers that are signed too
 * @param signing keys, region and time
 * @returns the headers with the signature
 */
export async function signHeaders(
  method: string,
  url: URL,
  headers: Record<string, string>,
  signing: Signing,
): Promise<Record<string, string>> {
  const signed = await signer({ method, url: url.href, headers }, signing).sign();
  return Object.fromEntries(signed.headers);
}

/**
 * Signs an address that anybody may get.
 * @param url of the object
 * @param seconds for which it can be got, at most seven days of them
 * @param signing keys, region and time
 */
export async function presign(url: URL, seconds: number, signing: Signing): Promise<string> {
  const expiring = new URL(url);
  expiring.searchParams.set('X-Amz-Expires', String(seconds));
  const signed = await signer({ method: 'GET', url: expiring.href, signQuery: true }, signing).sign();
  return signed.url.href;
}

function signer(
  request: { method: string; url: string; headers?: Record<string, string>; signQuery?: boolean },
  { credentials, region, now }: Signing,
) {
  const { AwsV4Signer } = require('aws4fetch') as typeof import('aws4fetch');
  return new AwsV4Signer({
    ...request,
    accessKeyId: credentials.accessKeyId ?? '',
    secretAccessKey: credentials.secretAccessKey ?? '',
    service: 's3',
    region,
    datetime: new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, ''),
  });
}
