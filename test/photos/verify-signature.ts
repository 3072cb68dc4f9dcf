/**
 * Signature 4 as AWS writes it down, from the request as it came over the wire: the S3 server of these tests takes the
 * bucket into the path it signs, also where that stands before the host, which AWS does not.
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * @param request that came
 * @param secret of its key
 * @returns whether its Authorization header is what AWS would want
 */
export function isSignedAsAws({ method = '', url = '', headers }: IncomingMessage, secret: string): boolean {
  const found =
    /Credential=[^/]+\/((\d+)\/([^/]+)\/s3\/aws4_request), SignedHeaders=([^,]+), Signature=(\w+)/.exec(
      headers.authorization ?? '',
    );
  if (!found) return false;
  const [, scope = '', date = '', region = '', names = '', signature] = found;
  const canonical = [
    ...[method, url, ''],
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    ...['', names, headers['x-amz-content-sha256']],
  ].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = [date, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const wanted = hmac(key, ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash].join('\n'));
  return wanted.toString('hex') === signature;
}
