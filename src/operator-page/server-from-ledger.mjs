import { reply } from './server-request.mjs';

/** A job that this Node-RED has forgotten, as the ledger knows it: what became of the call, and nothing of the person. */
export default function (msg) {
  const [entry] = msg.error ? [] : msg.payload;
  if (!entry) return reply(msg, 404, { gone: true });
  const { state, outcome, reason, error, charged, requestId, orderNo } = entry;
  const at = Date.parse(entry.at);
  const common = { id: msg.req.query.id, kind: 'person', at, endedAt: at, running: false, stopped: false };
  const known = { requestId, orderNo, score: null, charged };
  if (state === 'settled' && outcome)
    return reply(msg, 200, {
      ...common,
      error: null,
      result: { outcome, reason, ...known, fromLedger: true },
    });
  const problem = state === 'settled' ? 'ended' : 'unknown-outcome';
  const uncertain = { problem, code: error ?? 'UNCERTAIN', values: {}, retryable: false, retryAfter: null };
  return reply(msg, 200, { ...common, result: null, error: { ...uncertain, ...known } });
}
