/** A real flow with a call that may cost, in a Node-RED of its own process. */
import type { NodeRed } from '../node-red-process';
import { FIVE } from './five-actions';

const COMPARE = FIVE.find(({ type }) => type === 'face-compare')!;

/** What the provider answers where it compares. */
export const compared = COMPARE.success;

/**
 * @param baseUrl of the provider
 * @param account more properties of the account
 * @returns `POST /compare` with a `key` is one paid call; no Catch gets its error
 */
export function paidFlow(baseUrl: string, account: object): object[] {
  const at = { z: 'tab', y: 100 };
  return [
    {
      id: 'payer',
      ...COMPARE.account,
      environment: 'custom',
      baseUrl,
      timeout: 5,
      circuit: false,
      ...account,
    },
    {
      id: 'in',
      ...at,
      x: 100,
      type: 'http in',
      url: '/compare',
      method: 'post',
      wires: [['take', 'answer']],
    },
    { id: 'answer', ...at, x: 300, y: 160, type: 'http response', wires: [] },
    {
      id: 'take',
      ...at,
      x: 300,
      type: 'function',
      wires: [['compare']],
      func: 'return { key: msg.payload.key, payload: { ...msg.payload, photo: Buffer.from(msg.payload.photo, "base64") } };',
    },
    {
      id: 'compare',
      ...at,
      x: 500,
      type: 'face-compare',
      name: 'Compare',
      account: 'payer',
      key: 'key',
      keyType: 'msg',
      wires: [[]],
    },
  ];
}

/** Sends one message; it is not waited for. */
export async function pay(nodeRed: NodeRed, key: string): Promise<void> {
  const person = COMPARE.payload as { photo: Buffer };
  await fetch(`${nodeRed.address}/compare`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...person, photo: person.photo.toString('base64'), key }),
  });
}
