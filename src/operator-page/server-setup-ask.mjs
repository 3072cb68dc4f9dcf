import { dayOf } from './server-files.mjs';

const LATELY_MS = 7 * 24 * 3_600_000;

/** @returns a message or null for each output: to the ledger: where files may be kept, and what was spent lately */
export default function ({ isStart = false }) {
  const from = dayOf(Date.now() - LATELY_MS);
  return [[{ isStart, payload: { folder: true } }, { payload: { sum: 'day', from } }]];
}
