import { sign } from '../../src/providers/xhey/client';
import type { SandboxAccount } from '../../src/sandbox/server';

/**
 * Signs as xhey's document says.
 * @param sandbox that is called
 * @param path behind xhey's base URL
 * @param payload of the call
 * @param signal breaks it off
 */
export function callXhey(
  sandbox: { accounts: Readonly<Record<string, Pick<SandboxAccount, 'baseUrl' | 'credentials'>>> },
  path: string,
  payload: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const { baseUrl, credentials } = sandbox.accounts.xhey!;
  const { groupKey = '', groupSecret = '' } = credentials;
  const body = Buffer.from(JSON.stringify(payload));
  const timestamp = String(Math.floor(Date.now() / 1000));
  return fetch(baseUrl + path, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      GroupKey: groupKey,
      Timestamp: timestamp,
      Signature: sign(groupKey, groupSecret, timestamp, body),
    },
    body,
    ...(signal ? { signal } : {}),
  });
}
