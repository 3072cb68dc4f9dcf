import { sign } from '../../src/providers/tencent-market/sign';
import type { Sandbox } from '../../src/sandbox/server';
import { jpg } from '../input/pictures';

/** @returns the fields of a request about this person */
export function personNamed(name: string): Record<string, string> {
  return { name, idcard: '11010519491231002X', image: jpg().toString('base64') };
}

/**
 * Signs for the older gateway, as tencent-market's document says.
 * @param sandbox that is called
 * @param fields of the form
 * @param options the path behind the base URL, and who signs when, where that is not the sandbox's own account now
 */
export function callMarket(
  sandbox: Sandbox,
  fields: Record<string, string>,
  options: { path?: string; secretKey?: string; now?: number } = {},
): Promise<Response> {
  const { baseUrl, credentials } = sandbox.accounts['tencent-market']!;
  const { path = '', now = Date.now(), secretKey = credentials.secretKey! } = options;
  const account = { secretId: credentials.secretId!, secretKey, source: 'market' };
  const { headers } = sign('gateway', account, now, '0e9f1c52-6a3b-4a51-9f6e-3f6c2a7d9b10');
  return fetch(baseUrl + path, { method: 'POST', headers, body: new URLSearchParams(fields) });
}
