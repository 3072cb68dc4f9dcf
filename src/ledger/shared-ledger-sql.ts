/**
 * What a ledger that several processes share does otherwise than the embedded one: a process holds a lease, and the rate
 * of an account counts over all of them. This is SQL of PostgreSQL alone, by the clock of its server.
 */
import { insert, type OperationContext, type Operations, type Sql } from '../store/sql';
import {
  type ClaimAnswer,
  type ClaimRequest,
  claim as claimAlone,
  END,
  endState,
  LEDGER_OPERATIONS,
  markAbandoned,
  OPEN_TO,
  OWN_KEYS,
  type OwnKeyRow,
  readBeforeClaim,
  registerOwner,
  restoreClaim,
  type SettleRequest,
  settle as settleAlone,
  writeAnswers,
  writeClaim,
} from './ledger-sql';
import { newest } from './queries-sql';

/** The server's clock in milliseconds; it goes on within a transaction. */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)';
/** A turn may be used a little late, and then no second may have one too many. */
const LATE_MS = 50;

async function begin(
  sql: Sql,
  { owner, claims, leaseMs }: { owner: string; claims: readonly ClaimRequest[]; leaseMs: number },
  at: OperationContext,
): Promise<{ uncertain: number; newest: number | null }> {
  const { uncertain } = await renew(sql, { owner, leaseMs });
  for (const each of claims) await restoreClaim(sql, each, at);
  return { uncertain, newest: await newest(sql) };
}

/**
 * A sign of life. What processes without one had under way is uncertain from now on.
 * @returns how many calls became uncertain
 */
async function renew(
  sql: Sql,
  { owner, leaseMs }: { owner: string; leaseMs: number },
): Promise<{ uncertain: number }> {
  const [clock] = await sql.all<{ now: number }>(`SELECT CAST(${NOW} AS BIGINT) AS now`);
  const now = clock?.now ?? 0;
  await registerOwner(sql, owner, now);
  await sql.run('DELETE FROM processes WHERE renewed_at < ?', now - leaseMs);
  return { uncertain: await markAbandoned(sql) };
}

/** This process ends: what it still has under way nobody will settle. */
async function leave(sql: Sql, { owner }: { owner: string }): Promise<void> {
  await sql.run('DELETE FROM processes WHERE owner = ?', owner);
  await markAbandoned(sql);
}

async function claim(sql: Sql, request: ClaimRequest, at: OperationContext): Promise<ClaimAnswer> {
  // One that stood still for so long that its lease was over is alive again. The row stays until the claim is written.
  const [owner, before] = await Promise.all([
    sql.get('SELECT owner FROM processes WHERE owner = ? FOR KEY SHARE', request.owner),
    readBeforeClaim(sql, request, at),
  ]);
  if (owner) return writeClaim(sql, request, before, at);
  const [clock] = await sql.all<{ now: number }>(`SELECT CAST(${NOW} AS BIGINT) AS now`);
  await registerOwner(sql, request.owner, clock?.now ?? 0);
  return claimAlone(sql, request, at);
}

/** As the embedded one's, in two round trips: what decides is read together with the BEGIN. */
async function settle(sql: Sql, request: SettleRequest, at: OperationContext): Promise<boolean> {
  const { id, values, answers } = request;
  const state = endState(request, at);
  const [isOpen, keys] = await Promise.all([
    sql.get(`SELECT id FROM entries WHERE ${OPEN_TO[state]} FOR UPDATE`, id),
    answers.length > 0 ? sql.all<OwnKeyRow>(OWN_KEYS, id) : [],
  ]);
  if (!isOpen) return settleAlone(sql, request, at);
  sql.runLater(END[state], ...values, id);
  if (state === 'settled') writeAnswers(sql, request, keys, at);
  return true;
}

/**
 * Takes the next turn of an account: a rate as one timestamp (GCRA without a burst).
 * @param perSecond turns
 * @returns milliseconds until it
 */
async function turn(
  sql: Sql,
  { account, perSecond }: { account: string; perSecond: number },
): Promise<number> {
  const [row] = await Promise.all([
    sql.get<{ wait: number }>(
      `SELECT CAST(GREATEST(next_at - ${NOW}, 0) AS DOUBLE PRECISION) AS wait FROM rates WHERE account = ? FOR UPDATE`,
      account,
    ),
    // A turn that is lost with the server is one that nobody takes again.
    sql.get("SELECT set_config('synchronous_commit', 'off', true)"),
  ]);
  if (!row) {
    await insert(sql, 'rates', { account, next_at: 0 }, 'ON CONFLICT DO NOTHING');
    return turn(sql, { account, perSecond });
  }
  sql.runLater(
    `UPDATE rates SET next_at = GREATEST(next_at, ${NOW}) + CAST(? AS DOUBLE PRECISION) WHERE account = ?`,
    (1000 + LATE_MS) / perSecond,
    account,
  );
  return row.wait;
}

export const SHARED_LEDGER_OPERATIONS = {
  ...LEDGER_OPERATIONS,
  'ledger.begin': begin,
  'ledger.claim': claim,
  'ledger.settle': settle,
  'ledger.renew': renew,
  'ledger.leave': leave,
  'ledger.turn': turn,
} satisfies Operations;
