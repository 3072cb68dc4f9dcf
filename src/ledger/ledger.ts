/**
 * Every call that may cost, written down before it is sent and after it has ended: docs/contract.md, "Ledger". All of it
 * is in the database (ledger-sql.ts); here is what this process has under way.
 */

import { randomUUID } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';
import type { DiscardedAnswer } from '../contract/account';
import { onAbort } from '../contract/cancel';
import { cancelled } from '../contract/errors';
import type { PaidKey } from '../contract/payment';
import { unlessCancelled } from '../contract/wait';
import type { RoomDatabase, StoreState } from '../store/database';
import { type BudgetWarning, nearlySpent, type Spent } from './budget';
import { dayOf, monthOf, type Period } from './calendar';
import { CLAIMED, ENDED, valuesOf } from './columns';
import {
  type Call,
  type Claim,
  createEntry,
  type Entry,
  type KeyState,
  type KeyStates,
  NOT_SENT,
  newId,
  type Query,
  type Settlement,
  type Sum,
  settleEntry,
} from './entry';
import type { ClaimAnswer, ClaimRequest, LookRequest, SettleRequest } from './ledger-sql';
import { entriesOf, findEntries, sumsOf } from './queries';

const DAY_MS = 86_400_000;
/** docs/contract.md, "Ledger": each entry when it is settled, for metrics and traces. */
const SETTLED = channel('cn-verify:call');
/** How often a call of another process is looked at that somebody waits for. */
const LOOK_AGAIN_MS = 250;
/** While the database is in such a state, what is settled stays in memory until it can be written. */
const AWAY: ReadonlySet<StoreState> = new Set([
  'unwritable',
  'held-elsewhere',
  'newer-version',
  'no-sqlite',
  'closed',
]);

/**
 * What an operator is warned of once, when the ledger is opened. `uncertain`: so many calls were under way when a process
 * ended; `from-the-future`: the newest call was claimed more than a day after now.
 */
export type LedgerNotice = 'uncertain' | 'from-the-future';

export interface LedgerOptions {
  database: RoomDatabase;
  /**
   * Milliseconds without a sign of life after which this process counts as ended, where it shares the database with
   * others; null where the database is its own.
   */
  leaseMs?: number | null;
  /** Unix milliseconds. */
  now(): number;
  notify(notice: LedgerNotice, count: number): void;
  onBudget(warning: BudgetWarning): void;
}

/** A call of this process, from before its claim until its end is on disk. */
class PendingCall {
  readonly claim: ClaimRequest;
  entry: Entry;
  /** Whether its claim is in the database. One that is still on its way there is written by its own operation alone. */
  isClaimed = false;
  /** null while it is under way. */
  settlement: Settlement | null = null;
  /** Called once it has ended. */
  readonly waiters: (() => void)[] = [];
  /** Called when its settlement is on disk, or stays in memory because the database is away. */
  onSettled = () => {};

  constructor(claim: ClaimRequest, entry: Entry) {
    this.claim = claim;
    this.entry = entry;
  }

  /** @returns null where the database knows better */
  stateOf({ key, content }: PaidKey): KeyState | null {
    const { id, at } = this.entry;
    if (!this.settlement) return { state: 'under-way', entry: id };
    const { resolution, answers, keepsKeys } = this.settlement;
    if (resolution === 'unknown') return { state: 'uncertain', entry: id };
    if (!answers.has(key)) return null;
    const isSame = this.claim.keys.some((each) => each.key === key && each.content === content);
    if (isSame) return { state: 'answered', entry: id, at, answer: structuredClone(answers.get(key)) };
    return keepsKeys ? { state: 'other-content', entry: id } : null;
  }
}

/** A `Map` keeps what it had until the next full collection (src/contract/cancel.ts), so it holds boxes, which are emptied. */
interface Box {
  call: PendingCall | null;
}

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #database: RoomDatabase;
  readonly #leaseMs: number | null;
  /** Tells the claims of this process from those of others. */
  readonly #owner = randomUUID();
  /** By id. */
  readonly #pending = new Map<string, Box>();
  /** By account and key. */
  readonly #byKey = new Map<string, Box>();
  readonly #listeners = new Set<(entry: Entry) => void>();
  /** Budgets, by account and day or month, of which their owner was warned. */
  readonly #warned = new Set<string>();
  readonly #forgetters: (() => void)[];
  #isClosed = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#database = options.database;
    this.#leaseMs = options.leaseMs ?? null;
    const renewing = this.#leaseMs && setInterval(() => void this.#renew(), this.#leaseMs / 3).unref();
    const daily = setInterval(() => void this.#forgetOld(), DAY_MS).unref();
    this.#forgetters = [
      () => clearInterval(daily),
      () => renewing && clearInterval(renewing),
      this.#database.onReplaced(() => void this.#begin()),
      this.#database.subscribe((state) => {
        if (AWAY.has(state)) for (const { call } of this.#pending.values()) call?.onSettled();
      }),
    ];
    void this.#begin();
  }

  /**
   * @param account whose keys these are
   * @param keys with what is asked under them
   * @param maxAgeMs an answer that is older is not used again; null for no limit
   * @param waitMs how long a shared database that is away is waited for
   * @returns by key, those that an earlier call has
   * @throws VerifyError CONFIG, NETWORK or CANCELLED, `charged` false
   */
  async look(
    account: string,
    keys: readonly PaidKey[],
    maxAgeMs: number | null,
    waitMs: number,
    cancel: AbortSignal,
  ): Promise<KeyStates> {
    this.#checkOpen(cancel);
    const states = this.#statesHere(account, keys);
    const others = keys.filter(({ key }) => !states.has(key));
    if (others.length === 0) return states;
    const request: LookRequest = { account, keys: others, since: this.#since(maxAgeMs) };
    const found = this.#database.call<LookRequest, Record<string, KeyState>>('ledger.look', request, {
      waitMs,
    });
    for (const [key, state] of Object.entries(await unlessCancelled(found, cancel))) states.set(key, state);
    return states;
  }

  /**
   * Writes a call down; it is on disk when this resolves, and only then may the call be sent.
   * @throws VerifyError, `charged` false: BUDGET with `retryAfter`; CONFIG where it cannot be written; CANCELLED
   */
  async claim(call: Call, cancel: AbortSignal): Promise<Claim> {
    this.#checkOpen(cancel);
    const { account, keys, maxPerDay, maxPerMonth } = call;
    const here = this.#statesHere(account, keys);
    if (here.size > 0) return { state: 'known', keys: here };
    const now = this.#options.now();
    const entry = createEntry(newId(now), call, now);
    const { id, at } = entry;
    const claim: ClaimRequest = {
      id,
      account,
      at: now,
      values: valuesOf(entry, CLAIMED),
      owner: this.#owner,
      keys,
      maxPerDay,
      maxPerMonth,
      since: this.#since(call.maxAgeMs),
    };
    const pending = new PendingCall(claim, entry);
    const box = { call: pending };
    this.#pending.set(id, box);
    const answered = this.#database.call<ClaimRequest, ClaimAnswer>('ledger.claim', claim, {
      waitMs: call.waitMs,
      // A disk that did not answer has written it after all.
      late: ({ state }) => {
        if (state !== 'claimed') return;
        this.#pending.set(id, { call: pending });
        void this.settle(id, NOT_SENT);
      },
    });
    let answer: ClaimAnswer;
    try {
      answer = await unlessCancelled(answered, cancel);
    } catch (error) {
      if (!cancel.aborted) this.#drop(pending);
      else
        answered.then(
          ({ state }) => (state === 'claimed' ? this.settle(id, NOT_SENT) : this.#drop(pending)),
          () => this.#drop(pending),
        );
      throw error;
    }
    if (answer.state === 'known') {
      this.#drop(pending);
      return { state: 'known', keys: new Map(Object.entries(answer.keys)) };
    }
    pending.isClaimed = true;
    for (const { key } of keys) this.#byKey.set(keyName(account, key), box);
    if (maxPerDay > 0 || maxPerMonth > 0) this.#warn(call, answer.spent, now);
    return { state: 'claimed', id, at };
  }

  /**
   * @param id of a claim of this process, which is settled once
   * @returns once that is on disk, or as soon as it is known that it stays in memory until it can be written; never rejects
   */
  settle(id: string, settlement: Settlement): Promise<void> {
    const pending = this.#pending.get(id)?.call;
    if (!pending || pending.settlement) return Promise.resolve();
    // The flow may change what it gets before this is written, and while others who have the key still wait.
    const { answers } = settlement;
    // A clone takes some four microseconds, and most calls have no key.
    pending.settlement = { ...settlement, answers: answers.size > 0 ? structuredClone(answers) : answers };
    pending.entry = settleEntry(pending.entry, settlement);
    return new Promise((resolve) => {
      pending.onSettled = resolve;
      this.#write(pending).then(resolve, resolve);
      for (const waiter of pending.waiters) waiter();
      SETTLED.publish(pending.entry);
      for (const listener of this.#listeners) listener(pending.entry);
      if (AWAY.has(this.#database.state()) || this.#isClosed) resolve();
    });
  }

  /** Resolves when a call may not be under way any more, or `cancel` says so; `look` tells what became of it. */
  async whenOver(id: string, cancel: AbortSignal): Promise<void> {
    const pending = this.#pending.get(id)?.call;
    if (cancel.aborted || this.#isClosed) return;
    const waiters = pending && !pending.settlement ? pending.waiters : null;
    await new Promise<void>((resolve) => {
      const end = () => {
        forget();
        clearTimeout(timer);
        resolve();
      };
      const timer = waiters ? undefined : setTimeout(end, LOOK_AGAIN_MS);
      const forget = onAbort(cancel, end);
      waiters?.push(end);
    });
  }

  /**
   * What these keys of answered calls stand for is asked and paid for again, though an answer is kept for it.
   * @param answers by their keys or aliases
   */
  async discard(account: string, answers: readonly DiscardedAnswer[]): Promise<void> {
    await this.#database.call('ledger.discard', { account, answers }, { whenAway: 'keep' }).catch(() => {});
  }

  /**
   * Sets the keys of uncertain calls free: they may be paid for once more.
   * @returns the ids of those that were uncertain
   * @throws VerifyError CONFIG
   */
  release(ids: readonly string[]): Promise<string[]> {
    return this.#database.call('ledger.release', { ids });
  }

  /** @returns the calls that are uncertain and can be released, newest first and at most `limit`, and how many there are */
  uncertain(limit: number): Promise<{ entries: Entry[]; count: number }> {
    return this.#database.call('ledger.uncertain', { limit });
  }

  /** @returns all of the query, oldest first, as they are read */
  entries(query: Query): AsyncIterable<Entry> {
    return entriesOf(this.#database, query);
  }

  /** @returns newest first, at most `limit` */
  find(query: Query, limit: number): Promise<Entry[]> {
    return findEntries(this.#database, query, limit);
  }

  /** @returns by period, account and operation; `id` and `key` of the query do not matter, days count whole */
  sums(by: Period, query: Query): Promise<Sum[]> {
    return sumsOf(this.#database, by, query);
  }

  /** @returns what counts for the account's budgets, today and this month */
  spent(account: string): Promise<Spent> {
    return this.#database.call('ledger.spent', { account, at: this.#options.now() });
  }

  /**
   * @param listener called with each entry that this process settles; it must not throw
   * @returns takes it away again
   */
  subscribe(listener: (entry: Entry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Takes the next turn of an account, over all processes that share the ledger.
   * @param account whose requests may start `perSecond` times in a second
   * @returns milliseconds until this one may
   * @throws VerifyError NETWORK at once where the database is away
   */
  turn(account: string, perSecond: number): Promise<number> {
    return this.#database.call('ledger.turn', { account, perSecond }, { waitMs: 0 });
  }

  /**
   * Where the ledger is shared, the last word of this process, after `close`.
   * @param milliseconds for which calls that are under way may still end
   */
  async leave(milliseconds: number): Promise<void> {
    for (const until = performance.now() + milliseconds; this.#pending.size > 0; await pause(20))
      if (performance.now() > until || AWAY.has(this.#database.state())) return;
    await this.#database.call('ledger.leave', { owner: this.#owner }, { waitMs: 0 }).catch(() => {});
  }

  /** Nothing is claimed any more, and nobody waits any more; what has ended is written by the database. */
  close(): void {
    this.#isClosed = true;
    for (const forget of this.#forgetters) forget();
    for (const { call } of this.#pending.values())
      for (const end of call ? [...call.waiters, call.onSettled] : []) end();
  }

  /** What another process had under way becomes uncertain; what is under way here is written again where it is lost. */
  async #begin(): Promise<void> {
    const claims = [...this.#pending.values()]
      .flatMap(({ call }) => call ?? [])
      .filter(({ isClaimed, settlement }) => isClaimed || settlement)
      .map(({ claim }) => claim);
    try {
      const { uncertain, newest } = await this.#database.call<
        object,
        { uncertain: number; newest: number | null }
      >('ledger.begin', { owner: this.#owner, claims, leaseMs: this.#leaseMs }, { whenAway: 'keep' });
      if (uncertain > 0) this.#options.notify('uncertain', uncertain);
      if (newest !== null && newest > this.#options.now() + DAY_MS)
        this.#options.notify('from-the-future', 1);
      await this.#forgetOld();
    } catch {
      // The database says itself what is wrong with it.
    }
  }

  /** A sign of life. */
  async #renew(): Promise<void> {
    try {
      const { uncertain } = await this.#database.call<object, { uncertain: number }>('ledger.renew', {
        owner: this.#owner,
        leaseMs: this.#leaseMs,
      });
      if (uncertain > 0) this.#options.notify('uncertain', uncertain);
    } catch {
      // The database says itself that it is away.
    }
  }

  async #forgetOld(): Promise<void> {
    try {
      await this.#database.callUntilDone('ledger.forget', null);
    } catch {
      // It is tried again tomorrow.
    }
  }

  async #write(pending: PendingCall): Promise<void> {
    const { claim, entry } = pending;
    const { answers, resolution, keepsKeys } = pending.settlement!;
    const request: SettleRequest = {
      // A shared database may have been set back meanwhile, while this waited for it.
      claim: this.#leaseMs === null ? null : claim,
      id: claim.id,
      account: claim.account,
      at: claim.at,
      state: entry.state as SettleRequest['state'],
      charged: entry.charged,
      values: valuesOf(entry, ENDED),
      answers: claim.keys.map(({ key }) =>
        resolution === 'answered' && answers.has(key) ? [answers.get(key)] : null,
      ),
      keepsKeys,
    };
    const keep = { whenAway: 'keep' } as const;
    const isKnown = await this.#database.call<SettleRequest, boolean>('ledger.settle', request, keep);
    if (!isKnown) await this.#database.call('ledger.settle', { ...request, claim }, keep);
    this.#drop(pending);
  }

  #drop(pending: PendingCall): void {
    const { id, account, keys } = pending.claim;
    for (const { key } of keys) {
      const name = keyName(account, key);
      if (this.#byKey.get(name)?.call === pending) this.#byKey.delete(name);
    }
    const box = this.#pending.get(id);
    if (box) box.call = null;
    this.#pending.delete(id);
    for (const waiter of pending.waiters) waiter();
  }

  #statesHere(account: string, keys: readonly PaidKey[]): Map<string, KeyState> {
    const states = new Map<string, KeyState>();
    for (const each of keys) {
      const state = this.#byKey.get(keyName(account, each.key))?.call?.stateOf(each);
      if (state) states.set(each.key, state);
    }
    return states;
  }

  #since(maxAgeMs: number | null): number | null {
    return maxAgeMs === null ? null : this.#options.now() - maxAgeMs;
  }

  #checkOpen(cancel: AbortSignal): void {
    if (this.#isClosed || cancel.aborted) throw cancelled();
  }

  #warn(call: Call, spent: Spent, now: number): void {
    for (const warning of nearlySpent(call, spent)) {
      const period = warning.period === 'day' ? dayOf(now) : monthOf(now);
      const name = `${period}\n${warning.account}`;
      if (this.#warned.has(name)) continue;
      this.#warned.add(name);
      this.#options.onBudget(warning);
    }
  }
}

/** No account's id has a line break. */
function keyName(account: string, key: string): string {
  return `${account}\n${key}`;
}
