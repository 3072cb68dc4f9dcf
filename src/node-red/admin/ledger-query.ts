/** What somebody asks of a ledger in an address of the admin interface. */
import { readMoment } from '../../input/moment';
import { readText } from '../../input/text';
import type { Query } from '../../ledger/entry';

/** docs/contract.md, "What an input may look like", Text: an id of any kind. */
const LONGEST = 128;

/**
 * @param asked `from` and `to` as `readMoment` takes them, `account` (id of its node), `operation`; what is left out does
 *   not matter
 * @throws VerifyError INPUT
 */
export function readLedgerQuery(asked: Readonly<Record<string, unknown>>): Query {
  const query: Query = {};
  for (const edge of ['from', 'to'] as const) {
    const at = readMoment(asked[edge], edge, edge);
    if (at !== undefined) query[edge] = at;
  }
  for (const name of ['account', 'operation'] as const) {
    const text = readText(asked[name], name, LONGEST, new Set());
    if (text) query[name] = text;
  }
  return query;
}
