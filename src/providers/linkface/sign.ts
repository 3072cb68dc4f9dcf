import { createHash } from 'node:crypto';

/**
 * Signs a request: linkface.md, the row of sign.
 * @param apiId the account
 * @param apiSecret its secret
 * @param timestamp Unix time, decimal, as it is sent
 * @returns lower-case hexadecimal
 */
export function sign(apiId: string, apiSecret: string, timestamp: string): string {
  return createHash('sha256')
    .update(apiId + apiSecret + timestamp, 'utf8')
    .digest('hex');
}
