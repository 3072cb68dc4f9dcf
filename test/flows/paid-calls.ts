/** A real flow with a call that may cost, in a Node-RED of its own process. */
import type { NodeRed } from '../node-red-process';
import { overHttp } from '../over-http';
import { actionOf } from './five-actions';

const COMPARE = actionOf('face-compare');

/** What the provider answers where it compares. */
export const compared = COMPARE.success;

/**
 * @param baseUrl of the provider
 * @param account more properties of the account
 * @returns `POST /compare` with a `key` is one paid call
 */
export function paidFlow(baseUrl: string, account: object): object[] {
  const own = { environment: 'custom', baseUrl, timeout: 5, circuit: false, ...account };
  const at = { z: 'tab', x: 1, y: 1 };
  const compare = { type: 'face-compare', name: 'Compare', account: 'payer', key: 'key', keyType: 'msg' };
  return [
    { id: 'payer', ...COMPARE.account, ...own },
    ...overHttp('/compare', ['compare'], { read: 'return { ...msg, key: msg.payload.key };' }),
    { id: 'compare', ...at, ...compare, wires: [['answer']] },
  ];
}

/** Sends one message, and waits until it is answered. */
export async function pay(nodeRed: NodeRed, key: string): Promise<void> {
  const response = await fetch(`${nodeRed.address}/compare`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...(COMPARE.payload as object), key }),
  });
  await response.arrayBuffer();
}
