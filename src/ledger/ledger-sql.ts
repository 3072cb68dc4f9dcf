/**
 * What the ledger does in the database, one operation a transaction, for SQLite and PostgreSQL alike. Keys and contents
 * are kept as digests, answers are encrypted (src/store/seal.ts).
 */

import type { DiscardedAnswer } from '../contract/account';
import { VerifyError } from '../contract/errors';
import type { PaidKey } from '../contract/payment';
import { insert, type OperationContext, type Operations, type Sql, sealOf, type Value } from '../store/sql';
import { overBudget, type Spent } from './budget';
import { CLAIMED, ENDED, nameOf } from './columns';
import type { EntryState, KeyState } from './entry';
import { FORGET_OPERATIONS } from './forget-sql';
import { KEY, newest, OPEN, type PeriodRow, periodsOf, QUERY_OPERATIONS, spent, sumOf } from './queries-sql';

/** Purposes of the seal. */
const CONTENT = 'ledger content';
const ANSWER = 'ledger answer';

/** A call as it is claimed. The process that claims it makes its id, and so recognises its own claim. */
export interface ClaimRequest {
  id: string;
  account: string;
  /** Unix milliseconds. */
  at: number;
  /** Of the columns CLAIMED, as the database has them: with their names what is sent would be almost twice as long. */
  values: readonly Value[];
  /** The process that claims it. */
  owner: string;
  keys: readonly PaidKey[];
  maxPerDay: number;
  maxPerMonth: number;
  /** Unix milliseconds: answers of calls that were claimed before are not used; null: all are. */
  since: number | null;
}

export type ClaimAnswer =
  | { state: 'claimed'; spent: Spent }
  | { state: 'known'; keys: Readonly<Record<string, KeyState>> };

export interface SettleRequest {
  /** Where the database may not know the call: it is claimed first. */
  claim: ClaimRequest | null;
  id: string;
  account: string;
  /** When it was claimed, in Unix milliseconds. */
  at: number;
  state: 'settled' | 'uncertain';
  charged: boolean | null;
  /** Of the columns ENDED. */
  values: readonly Value[];
  /** For each key of the claim whether it has an answer, and which. */
  answers: readonly (readonly [answer: unknown] | null)[];
  keepsKeys: boolean;
}

export interface LookRequest {
  account: string;
  keys: readonly PaidKey[];
  since: number | null;
}

/** A key that a call has. */
interface KeyRow {
  entry: string;
  content: string;
  keeps: number;
  answer: Uint8Array | null;
  state: EntryState;
  at: number;
  is_alive: number;
}

export interface OwnKeyRow {
  digest: string;
  content: string;
  part: number;
}

/** A key that a call has and does not keep. */
interface OutdatedKey {
  digest: string;
  /** The call's id. */
  entry: string;
}

interface KeyDigests {
  key: string;
  digest: string;
  content: string;
  part: number;
  /** Digest of the label, or null. */
  label: string | null;
}

/** Ids sort as time: where there is a greater one, the clock is behind, and the entry is as new as the newest. */
const CLAIM = `INSERT INTO entries (owner, kept_from, ${CLAIMED.map(nameOf).join(', ')})
  VALUES (?, COALESCE((SELECT at FROM entries WHERE id > ? ORDER BY id DESC LIMIT 1), ?), ${CLAIMED.map(() => '?').join(', ')})`;
/** Of which calls a state may be the end: a late answer settles what was uncertain or released. */
export const OPEN_TO = {
  settled: "id = ? AND state <> 'settled'",
  uncertain: "id = ? AND state = 'claimed'",
};
export const END = { settled: endTo('settled'), uncertain: endTo('uncertain') };
/** A process that has ended is not in `processes` any more. */
const KEY_ROW = `SELECT k.entry, k.content, k.keeps, k.answer, e.state, e.at,
    (SELECT count(*) FROM processes p WHERE p.owner = e.owner) AS is_alive
  FROM keys k JOIN entries e ON e.id = k.entry WHERE k.digest = ? AND k.freed = ''`;
const EXISTS = 'SELECT id FROM entries WHERE id = ?';
const COUNT_CALL = `INSERT INTO spent (account, period, calls) VALUES (?, ?, 1), (?, ?, 1)
  ON CONFLICT (account, period) DO UPDATE SET calls = spent.calls + 1`;
/** Of the call that had it when it was read: by now it may be the live claim of another process. */
const FREE_KEY = "UPDATE keys SET freed = entry, answer = NULL WHERE digest = ? AND entry = ? AND freed = ''";
export const OWN_KEYS = "SELECT digest, content, part FROM keys WHERE entry = ? AND freed = ''";
const INSERT_KEY = 'INSERT INTO keys (digest, freed, entry, part, content, keeps) VALUES (?, ?, ?, ?, ?, 1)';
const IF_FREE = 'ON CONFLICT (digest, freed) DO NOTHING';
const NOTHING_SPENT: Spent = { day: 0, month: 0 };

/** What decides whether a call is claimed. */
interface BeforeClaim {
  digests: readonly KeyDigests[];
  states: Record<string, KeyState>;
  outdated: readonly OutdatedKey[];
  /** The claim is run a second time. */
  isThere: boolean;
  spent: Spent;
}

/**
 * Writes a call down before it is sent, unless another one has one of its keys.
 * @throws VerifyError BUDGET, or CONFIG
 */
export async function claim(sql: Sql, request: ClaimRequest, at: OperationContext): Promise<ClaimAnswer> {
  return writeClaim(sql, request, await readBeforeClaim(sql, request, at), at);
}

/**
 * Reads what `writeClaim` has to know, in one round trip.
 * @throws VerifyError CONFIG
 */
export async function readBeforeClaim(
  sql: Sql,
  request: ClaimRequest,
  at: OperationContext,
): Promise<BeforeClaim> {
  const { id, account, keys } = request;
  if (at.damage && (isLimited(request) || keys.length > 0)) {
    const isSetBack = at.damage === 'set-back';
    throw new VerifyError('CONFIG', isSetBack ? 'ledger-set-back' : 'ledger-damaged', {}, { charged: false });
  }
  const digests = digestsOf(account, keys, at);
  const [examined, existing, total] = await Promise.all([
    examine(sql, digests, request, at),
    sql.get(EXISTS, id),
    isLimited(request) ? spent(sql, request) : NOTHING_SPENT,
  ]);
  return { digests, ...examined, isThere: existing !== undefined, spent: total };
}

/**
 * What another process has inserted meanwhile fails the transaction, which is then run again.
 * @throws VerifyError BUDGET
 */
export async function writeClaim(
  sql: Sql,
  request: ClaimRequest,
  { digests, states, outdated, isThere, spent: before }: BeforeClaim,
  { now }: OperationContext,
): Promise<ClaimAnswer> {
  const { id, account, at: claimedAt, maxPerDay, maxPerMonth } = request;
  const mine = { state: 'claimed', spent: NOTHING_SPENT } as const;
  if (Object.values(states).some((each) => each.entry === id)) return mine;
  if (Object.keys(states).length > 0) return { state: 'known', keys: states };
  if (isThere) return mine;
  const refused = overBudget(request, before, now);
  if (refused) throw refused;
  for (const { digest, entry: holder } of outdated) sql.runLater(FREE_KEY, digest, holder);
  insertKeys(sql, id, digests, '');
  insertEntry(sql, request);
  const { day, month } = periodsOf(claimedAt);
  const periods = [account, day, account, month];
  if (!isLimited(request)) {
    sql.runLater(COUNT_CALL, ...periods);
    return mine;
  }
  const rows = await sql.all<PeriodRow>(`${COUNT_CALL} RETURNING period, calls`, ...periods);
  const total = sumOf(rows, claimedAt);
  // Only where another process has spent the rest meanwhile, which rolls this claim back.
  const isOver = (maxPerDay > 0 && total.day > maxPerDay) || (maxPerMonth > 0 && total.month > maxPerMonth);
  if (isOver) throw overBudget(request, total, now)!;
  return { state: 'claimed', spent: total };
}

function isLimited({ maxPerDay, maxPerMonth }: ClaimRequest): boolean {
  return maxPerDay > 0 || maxPerMonth > 0;
}

/**
 * Writes down how a call ended.
 * @returns false where the database does not know the call
 */
export async function settle(sql: Sql, request: SettleRequest, at: OperationContext): Promise<boolean> {
  const { claim, id, values, answers } = request;
  const state = endState(request, at);
  // To read first what it is would be another tenth of the thread's work for a message.
  if ((await sql.run(END[state], ...values, id)) > 0) {
    const keys = answers.length > 0 ? await sql.all<OwnKeyRow>(OWN_KEYS, id) : [];
    if (state === 'settled') writeAnswers(sql, request, keys, at);
    return true;
  }
  if (await sql.get(EXISTS, id)) return true;
  if (!claim) return false;
  await restoreClaim(sql, claim, at);
  return settle(sql, request, at);
}

/** @returns what nobody can encrypt is not kept, and its keys are not free either: an operator has to release them */
export function endState({ state, answers }: SettleRequest, at: OperationContext): SettleRequest['state'] {
  return answers.some((answer) => answer !== null) && !at.seal ? 'uncertain' : state;
}

/** @param keys that the call has, which is settled now */
export function writeAnswers(
  sql: Sql,
  { id, account, at: claimedAt, charged, answers, keepsKeys }: SettleRequest,
  keys: readonly OwnKeyRow[],
  at: OperationContext,
): void {
  if (charged === false)
    for (const period of Object.values(periodsOf(claimedAt)))
      sql.runLater('UPDATE spent SET calls = calls - 1 WHERE account = ? AND period = ?', account, period);
  for (const { digest, content, part } of keys) {
    const answer = answers[part];
    if (!answer) sql.runLater(FREE_KEY, digest, id);
    else
      sql.runLater(
        "UPDATE keys SET answer = ?, keeps = ? WHERE digest = ? AND entry = ? AND freed = ''",
        sealOf(at).sealJson(ANSWER, answer[0], boundTo(digest, content, id)),
        keepsKeys ? 1 : 0,
        digest,
        id,
      );
  }
}

/** @returns by key, those that an earlier call has */
async function look(
  sql: Sql,
  request: LookRequest,
  at: OperationContext,
): Promise<Readonly<Record<string, KeyState>>> {
  return (await examine(sql, digestsOf(request.account, request.keys, at), request, at)).states;
}

/**
 * Begins a ledger in a database that was opened: what another process had under way is uncertain from now on, and what
 * this process has under way is written down again where the database does not know it any more.
 * @returns how many calls became uncertain, and when the newest call was claimed, in Unix milliseconds
 */
async function begin(
  sql: Sql,
  { owner, claims }: { owner: string; claims: readonly ClaimRequest[] },
  at: OperationContext,
): Promise<{ uncertain: number; newest: number | null }> {
  // The database is this process's alone: all others have ended.
  await sql.run('DELETE FROM processes WHERE owner <> ?', owner);
  await registerOwner(sql, owner, at.now);
  const uncertain = await markAbandoned(sql);
  const before = await newest(sql);
  for (const each of claims) await restoreClaim(sql, each, at);
  return { uncertain, newest: before };
}

/** @returns how many calls of processes that have ended became uncertain */
export function markAbandoned(sql: Sql): Promise<number> {
  return sql.run(
    `UPDATE entries SET state = 'uncertain'
      WHERE ${OPEN} AND state = 'claimed' AND owner NOT IN (SELECT owner FROM processes)`,
  );
}

/** @param renewedAt milliseconds */
export async function registerOwner(sql: Sql, owner: string, renewedAt: number): Promise<void> {
  const again = 'ON CONFLICT (owner) DO UPDATE SET renewed_at = excluded.renewed_at';
  await insert(sql, 'processes', { owner, renewed_at: renewedAt }, again);
}

/**
 * Sets the keys of uncertain calls free: they may be paid for once more.
 * @returns the ids of those that were uncertain
 */
async function release(sql: Sql, { ids }: { ids: readonly string[] }): Promise<string[]> {
  const released: string[] = [];
  for (const id of ids) {
    const changed = await sql.run(
      "UPDATE entries SET state = 'released' WHERE id = ? AND state = 'uncertain'",
      id,
    );
    if (changed === 0) continue;
    await sql.run("UPDATE keys SET freed = entry, answer = NULL WHERE entry = ? AND freed = ''", id);
    released.push(id);
  }
  return released;
}

/** Answered calls give these keys back, with their aliases: what they stand for is asked and paid for again. */
async function discard(
  sql: Sql,
  { account, answers }: { account: string; answers: readonly DiscardedAnswer[] },
  at: OperationContext,
): Promise<void> {
  for (const { key, holds } of answers) {
    const digest = sealOf(at).digest(KEY, account, key);
    const found = await sql.get<{ entry: string; part: number; content: string; answer: Uint8Array }>(
      `SELECT k.entry, k.part, k.content, k.answer FROM keys k JOIN entries e ON e.id = k.entry
        WHERE k.digest = ? AND k.freed = '' AND e.state = 'settled' AND k.answer IS NOT NULL`,
      digest,
    );
    if (!found) continue;
    const { entry, part, content, answer } = found;
    const opened = sealOf(at).openJson(ANSWER, answer, boundTo(digest, content, entry));
    if (holds === null || JSON.stringify(opened).includes(JSON.stringify(holds)))
      await sql.run(
        "UPDATE keys SET freed = entry, answer = NULL WHERE entry = ? AND part = ? AND freed = ''",
        entry,
        part,
      );
  }
}

export const LEDGER_OPERATIONS = {
  ...QUERY_OPERATIONS,
  ...FORGET_OPERATIONS,
  'ledger.begin': begin,
  'ledger.claim': claim,
  'ledger.settle': settle,
  'ledger.look': look,
  'ledger.release': release,
  'ledger.discard': discard,
} satisfies Operations;

function digestsOf(account: string, keys: readonly PaidKey[], at: OperationContext): KeyDigests[] {
  const digests = new Map<string, KeyDigests>();
  for (const [part, { key, content, alias = key, label: labelled }] of keys.entries()) {
    const contentDigest = sealOf(at).digest(CONTENT, content);
    const label = labelled === undefined ? null : sealOf(at).digest(KEY, account, labelled);
    for (const name of new Set([key, alias])) {
      const digest = sealOf(at).digest(KEY, account, name);
      if (!digests.has(digest)) digests.set(digest, { key, digest, content: contentDigest, part, label });
    }
  }
  return [...digests.values()];
}

/** @returns by key, what an earlier call has; and the keys that one has and does not keep */
async function examine(
  sql: Sql,
  digests: readonly KeyDigests[],
  { since }: { since: number | null },
  at: OperationContext,
): Promise<{ states: Record<string, KeyState>; outdated: OutdatedKey[] }> {
  const states: Record<string, KeyState> = {};
  const outdated: OutdatedKey[] = [];
  const rows = await Promise.all(digests.map(({ digest }) => sql.get<KeyRow>(KEY_ROW, digest)));
  for (const [index, wanted] of digests.entries()) {
    const row = rows[index];
    if (!row) continue;
    const state = stateOf(row, wanted, since, at);
    if (state) states[wanted.key] ??= state;
    else outdated.push({ digest: wanted.digest, entry: row.entry });
  }
  return { states, outdated };
}

/** @returns null where the call does not keep the key */
function stateOf(
  { entry, content, keeps, answer, state, at: claimedAt, is_alive }: KeyRow,
  wanted: KeyDigests,
  since: number | null,
  at: OperationContext,
): KeyState | null {
  if (state === 'claimed' && is_alive > 0) return { state: 'under-way', entry };
  if (state !== 'settled' || !answer) return { state: 'uncertain', entry };
  if (since !== null && claimedAt < since) return null;
  if (content !== wanted.content) return keeps ? { state: 'other-content', entry } : null;
  try {
    const opened = sealOf(at).openJson(ANSWER, answer, boundTo(wanted.digest, content, entry));
    return { state: 'answered', entry, at: new Date(claimedAt).toISOString(), answer: opened };
  } catch {
    throw new VerifyError(
      'CONFIG',
      'ledger-answer-unreadable',
      { ledger: entry },
      { charged: false, ledger: entry },
    );
  }
}

/** An answer opens for its own row alone. */
function boundTo(digest: string, content: string, entry: string): string {
  return `${digest} ${content} ${entry}`;
}

/** Writes a claim down again that the database has lost. Keys that another call has by now are its own. */
export async function restoreClaim(sql: Sql, claim: ClaimRequest, at: OperationContext): Promise<void> {
  const { id, account, at: claimedAt } = claim;
  if (await sql.get(EXISTS, id)) return;
  insertEntry(sql, claim);
  const { day, month } = periodsOf(claimedAt);
  sql.runLater(COUNT_CALL, account, day, account, month);
  if (at.seal) insertKeys(sql, id, digestsOf(account, claim.keys, at), IF_FREE);
}

function insertEntry(sql: Sql, { id, at, values, owner }: ClaimRequest): void {
  sql.runLater(CLAIM, owner, id, at, ...values);
}

function endTo(state: SettleRequest['state']): string {
  const columns = ENDED.map((field) => `${nameOf(field)} = ?`).join(', ');
  return `UPDATE entries SET state = '${state}', ${columns} WHERE ${OPEN_TO[state]}`;
}

/** @param conflict what becomes of a key that is not free */
function insertKeys(
  sql: Sql,
  entry: string,
  digests: readonly KeyDigests[],
  conflict: '' | typeof IF_FREE,
): void {
  for (const { digest, label, part, content } of digests) {
    sql.runLater(`${INSERT_KEY} ${conflict}`, digest, '', entry, part, content);
    // Nobody has a label, so it is written as a key is that was freed.
    if (label !== null) sql.runLater(`${INSERT_KEY} ${IF_FREE}`, label, entry, entry, part, content);
  }
}
