/**
 * What the database of a process keeps for the ledger that it shares with others: calls that could not be delivered yet,
 * and how far the shared ledger had come when this process last saw it.
 */
import {
  insert,
  type OperationContext,
  type Operations,
  readMeta,
  type Sql,
  sealOf,
  writeMeta,
} from '../store/sql';
import { CLAIMED, ENDED, valuesOf } from './columns';
import type { Entry } from './entry';
import type { ClaimRequest, SettleRequest } from './ledger-sql';

const PURPOSE = 'ledger outbox';
/** Of one that was away for days there may be many. */
const MOST = 10_000;

export interface OutboxCall {
  id: string;
  /** Digest of where the shared ledger is. */
  location: string;
  operation: string;
  parameters: unknown;
}

/** A call that was kept before entries were sent as the values of their columns. */
type EarlierClaim = Omit<ClaimRequest, 'id' | 'account' | 'at' | 'values'> & { entry: Entry };
type EarlierSettle = Pick<SettleRequest, 'answers' | 'keepsKeys'> & {
  claim: EarlierClaim | null;
  entry: Entry & Pick<SettleRequest, 'state'>;
};
type EarlierDiscard = { account: string; keys: readonly string[] };

async function put(
  sql: Sql,
  { id, location, operation, parameters }: OutboxCall,
  at: OperationContext,
): Promise<void> {
  const sealed = sealOf(at).sealJson(PURPOSE, { operation, parameters }, id);
  await insert(sql, 'outbox', { id, location, put_at: at.now, sealed }, 'ON CONFLICT (id) DO NOTHING');
}

async function remove(sql: Sql, { id }: { id: string }): Promise<void> {
  await sql.run('DELETE FROM outbox WHERE id = ?', id);
}

async function list(
  sql: Sql,
  { location }: { location: string },
  at: OperationContext,
): Promise<OutboxCall[]> {
  const rows = await sql.all<{ id: string; sealed: Uint8Array }>(
    `SELECT id, sealed FROM outbox WHERE location = ? ORDER BY put_at, id LIMIT ${MOST}`,
    location,
  );
  return rows.map(({ id, sealed }) => {
    const { operation, parameters } = sealOf(at).openJson(PURPOSE, sealed, id) as OutboxCall;
    return { operation, parameters: asOfNow(operation, parameters as object), id, location };
  });
}

/** @returns the parameters as the operation reads them, whichever version kept the call */
function asOfNow(operation: string, parameters: object): unknown {
  const { claim, entry, answers, keepsKeys } = parameters as EarlierSettle;
  if (operation === 'ledger.settle' && typeof entry === 'object') {
    const { id, account, at, state, charged } = entry;
    const request: SettleRequest = {
      claim: claim && claimOf(claim),
      id,
      account,
      at: Date.parse(at),
      state,
      charged,
      values: valuesOf(entry, ENDED),
      answers,
      keepsKeys,
    };
    return request;
  }
  if (operation === 'ledger.discard' && 'keys' in parameters) {
    const { account, keys } = parameters as EarlierDiscard;
    return { account, answers: keys.map((key) => ({ key, holds: null })) };
  }
  return parameters;
}

function claimOf({ entry, ...rest }: EarlierClaim): ClaimRequest {
  const { id, account, at } = entry;
  return { ...rest, id, account, at: Date.parse(at), values: valuesOf(entry, CLAIMED) };
}

/** @returns what was remembered of a location, as it was given */
function recall(sql: Sql, { location }: { location: string }): Promise<string | null> {
  return readMeta(sql, `shared ${location}`);
}

async function remember(sql: Sql, { location, text }: { location: string; text: string }): Promise<void> {
  await writeMeta(sql, `shared ${location}`, text);
}

export const OUTBOX_OPERATIONS = {
  'outbox.put': put,
  'outbox.remove': remove,
  'outbox.list': list,
  'outbox.recall': recall,
  'outbox.remember': remember,
} satisfies Operations;
