import { KINDS } from './server-jobs.mjs';
import { reply } from './server-request.mjs';

/** Sums over all accounts by day and kind, newest first. Accounts and entries do not leave the server. */
export default function (msg) {
  if (msg.error) return reply(msg, 503, { refused: true });
  const days = new Map();
  for (const { period, operation, calls, charged, uncharged, unknown, uncertain, price } of msg.payload) {
    const kind = KINDS[operation];
    if (!kind) continue;
    const day = days.get(period + kind);
    days.set(period + kind, {
      period,
      kind,
      calls: calls + (day?.calls ?? 0),
      charged: charged + (day?.charged ?? 0),
      'not-charged': uncharged + (day?.['not-charged'] ?? 0),
      // What nobody knows to have been charged may have been.
      'perhaps-charged': unknown + uncertain + (day?.['perhaps-charged'] ?? 0),
      price: Math.round((price + (day?.price ?? 0)) * 1e4) / 1e4,
    });
  }
  const sums = [...days.values()].sort((a, b) => (a.period < b.period ? 1 : -1));
  return reply(msg, 200, sums);
}
