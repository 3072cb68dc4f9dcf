/** How an entry begins and ends. */
import { newId } from './id';
import type { Call, Entry, Settlement } from './ledger';

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

/**
 * @param now Unix milliseconds
 * @returns the entry of a call that is about to be sent
 */
export function begun({ account, node, operation, price }: Call, now: number): Entry {
  return {
    id: newId(now),
    at: new Date(now).toISOString(),
    account,
    node,
    operation,
    state: 'claimed',
    outcome: null,
    reason: null,
    code: null,
    error: null,
    requestId: null,
    orderNo: null,
    charged: null,
    price,
    durationMs: null,
  };
}

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
