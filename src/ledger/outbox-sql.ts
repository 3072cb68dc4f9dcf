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
  return rows.map(({ id, sealed }) => ({
    ...(sealOf(at).openJson(PURPOSE, sealed, id) as { operation: string; parameters: unknown }),
    id,
    location,
  }));
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
