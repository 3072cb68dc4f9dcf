/** How an entry ends. */
import type { Entry, Settlement } from './ledger';

/** Of a call that was claimed and then not sent. */
export const NOT_SENT: Settlement = {
  fate: 'not-taken',
  outcome: null,
  reason: null,
  code: null,
  error: 'CANCELLED',
  requestId: null,
  orderNo: null,
  charged: false,
  durationMs: null,
  answers: new Map(),
};

/** @returns the entry as it is after that */
export function ended(entry: Entry, { fate, answers, ...end }: Settlement): Entry {
  const charged = fate === 'not-taken' ? false : end.charged;
  return {
    ...entry,
    ...end,
    charged,
    price: charged === false ? 0 : entry.price,
    state: fate === 'unknown' ? 'uncertain' : 'settled',
  };
}
