import { createHmac } from 'node:crypto';

/**
 * Signs a request: xhey.md, "Signing".
 * @param groupKey the account
 * @param groupSecret its secret
 * @param timestamp Unix time in seconds, decimal
 * @param body the exact bytes that are sent
 * @returns the Signature header
 */
export function sign(
  groupKey: string,
  groupSecret: string,
  timestamp: string,
  body: Buffer | string,
): string {
  const dataSign = hmac(groupSecret, body);
  return hmac(groupSecret, `groupKey=${groupKey}&sign=${dataSign}&timestamp=${timestamp}`);
}

function hmac(secret: string, data: Buffer | string): string {
  return createHmac('sha256', secret).update(data).digest('base64');
}
