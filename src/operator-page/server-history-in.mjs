import { reply } from './server-request.mjs';

/** @returns one message or null for each output: 1 the query of the ledger, 2 the refusal of what is no month */
export default function (msg) {
  const [, year, month] = /^(\d{4})-(\d{2})$/.exec(msg.req.query.month ?? '') ?? [];
  if (!year || month < 1 || month > 12) return [null, reply(msg, 400, { refused: true })];
  const next =
    month === '12' ? `${Number(year) + 1}-01` : `${year}-${String(Number(month) + 1).padStart(2, '0')}`;
  return [{ ...msg, payload: { sum: 'day', from: `${year}-${month}-01`, to: `${next}-01T00:00` } }, null];
}
