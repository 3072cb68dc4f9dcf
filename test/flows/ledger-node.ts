/** A verify-ledger beside the flow of a test: `ledger`, with `answered` and `settled` behind it. */
import assert from 'node:assert/strict';
import type { Entry } from '../../src/ledger/entry';
import { type FlowNode, got, send, until } from './runtime';

const AT = { z: 'tab', x: 1, y: 1 };

export const LEDGER_NODES: readonly FlowNode[] = [
  { id: 'ledger', ...AT, type: 'verify-ledger', ledger: '', wires: [['answered'], ['settled']] },
  ...['answered', 'settled'].map((id) => ({ id, ...AT, type: 'debug', active: false, wires: [] })),
];

/** @returns what the ledger answers a question that it can answer */
export async function askLedger<Answer = Entry[]>(payload: unknown): Promise<Answer> {
  const [answers, errors] = [got('answered').length, got('caught').length];
  send('ledger', { payload, kept: 'kept' });
  await until(() => got('answered').length + got('caught').length > answers + errors);
  const message = got('answered')[answers];
  assert.equal(message?.kept, 'kept', JSON.stringify(got('caught').at(-1)?.error));
  return message.payload as Answer;
}
