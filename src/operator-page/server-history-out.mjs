import { reply } from './server-request.mjs';

/** Sums alone: neither account nor entry leaves the server. */
export default function (msg) {
  if (msg.error) return reply(msg, 503, { refused: true });
  const sums = msg.payload.map(
    ({ period, operation, calls, charged, uncharged, unknown, uncertain, price }) => ({
      period,
      operation,
      calls,
      charged,
      uncharged,
      unknown,
      uncertain,
      price,
    }),
  );
  return reply(msg, 200, sums);
}
