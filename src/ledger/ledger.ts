/**
 * Every call that may cost, written down before it is sent and after: CONTRACT, "Ledger". `file.ts` keeps it for one
 * Node-RED, `redis.ts` for many. No person, photo, address, token or key is in it: keys are digests, and the answers that
 * are kept for them are encrypted.
 */
import type { Cancel } from '../cancel';
import type { ErrorCode } from '../errors';

/**
 * `claimed`: sent, or about to be. `uncertain`: nobody knows what became of it. `released`: it was uncertain, and an
 * operator has set its keys free.
 */
export type EntryState = 'claimed' | 'settled' | 'uncertain' | 'released';

/** One call. */
export interface Entry {
  /** Begins with the second of the claim in Shanghai: `20261125-213201-…`. */
  id: string;
  /** ISO 8601, when it was claimed. */
  at: string;
  account: string;
  node: string;
  operation: string;
  state: EntryState;
  outcome: string | null;
  reason: string | null;
  /** The provider's own. */
  code: string | null;
  /** Of the error that the call ended in. */
  error: ErrorCode | null;
  requestId: string | null;
  orderNo: string | null;
  /** null: not known, or not yet. */
  charged: boolean | null;
  /** Yuan; 0 once it is known that it was not charged. */
  price: number;
  durationMs: number | null;
}

/** A call that is about to be sent. */
export interface Call {
  account: string;
  node: string;
  operation: string;
  /** Yuan for one charged call, 0 where that is not known. */
  price: number;
  /** Calls that cost, of the account, by the calendar of Asia/Shanghai; 0 for no limit. */
  maxPerDay: number;
  maxPerMonth: number;
  /** Calls of the account that may begin in any second, over all processes; 0 for no limit. Only a shared ledger holds it. */
  maxPerSecond: number;
  /** What it is paid for but once, as `digest` gives it; truth-create has one a photo. */
  keys: readonly string[];
  /** An older answer for a key does not count; null for one as old as the ledger remembers. */
  maxAgeMs: number | null;
}

/** What the ledger knows of a key. `at`: ISO 8601, when what was answered had been claimed. */
export type Known =
  | { state: 'answered'; entry: string; at: string; answer: unknown }
  | { state: 'under-way'; entry: string }
  | { state: 'uncertain'; entry: string };

/** By key, those that are known. */
export type KnownKeys = ReadonlyMap<string, Known>;

/** A call is claimed with all of its keys, or not at all. `at`: ISO 8601. */
export type Claim = { state: 'claimed'; id: string; at: string } | { state: 'taken'; known: KnownKeys };

/** How a call ended. */
export interface Settlement
  extends Pick<
    Entry,
    'outcome' | 'reason' | 'code' | 'error' | 'requestId' | 'orderNo' | 'charged' | 'durationMs'
  > {
  /**
   * `not-taken`: it was never sent, or the provider said that it did not take it: its keys are free, and it costs nothing.
   * `unknown`: its keys are uncertain until an operator releases them.
   */
  fate: 'answered' | 'not-taken' | 'unknown';
  /** What a later message with the same key gets, as JSON can hold it; a key of the call that has none is free again. */
  answers: ReadonlyMap<string, unknown>;
}

/** How long somebody waits for a ledger that cannot be reached. */
export interface Patience {
  timeoutMs: number;
  cancel: Cancel;
}

/** Which entries; what is left out does not matter. */
export interface Query {
  id?: string;
  /** As `digest` gives it. */
  key?: string;
  /** Unix milliseconds, inclusive, and exclusive. */
  from?: number;
  to?: number;
  account?: string;
  operation?: string;
}

/** What was spent in one day or month by one account and operation. */
export interface Sum {
  /** `2026-11-25` or `2026-11`, in Shanghai. */
  period: string;
  account: string;
  operation: string;
  /** All of them: the four that follow. */
  calls: number;
  charged: number;
  uncharged: number;
  /** Settled, and the provider does not say. */
  unknown: number;
  /** Claimed, uncertain or released. */
  uncertain: number;
  /** Yuan, of all but those that were not charged. */
  price: number;
}

export interface Ledger {
  /**
   * @param account the same key is another one for another account
   * @param key of a message, of any length
   * @returns 22 characters that tell nothing of it
   * @throws VerifyError CONFIG where the secret cannot be had
   */
  digest(account: string, key: string): Promise<string>;
  /**
   * @param keys as `digest` gives them
   * @param maxAgeMs an older answer is as none; null for one as old as the ledger remembers
   * @throws VerifyError CONFIG, NETWORK or CANCELLED, `charged` false
   */
  look(keys: readonly string[], maxAgeMs: number | null, patience: Patience): Promise<KnownKeys>;
  /**
   * Writes a call down; it is durable when this resolves, and only then may the call be sent.
   * @throws VerifyError, `charged` false: BUDGET with `retryAfter`; CONFIG where it cannot be written; NETWORK where the
   *   shared ledger did not answer for `timeoutMs`; CANCELLED
   */
  claim(call: Call, patience: Patience): Promise<Claim>;
  /**
   * @param id of a claim of this process, which is settled once
   * @returns once that is written, or as soon as it is known that it has to be tried again, until it is; never rejects
   */
  settle(id: string, settlement: Settlement): Promise<void>;
  /** Resolves when a call is no longer under way, or `cancel` says so; what became of it, `look` tells. */
  whenOver(id: string, cancel: Cancel): Promise<void>;
  /**
   * Sets the keys of an uncertain call free: it may be paid once more.
   * @returns false where there is no such uncertain call
   * @throws VerifyError as `look`
   */
  release(id: string): Promise<boolean>;
  /** @returns the calls that are uncertain and can be released, newest first */
  uncertain(): Promise<Entry[]>;
  /** @returns all of the query, more or less in the order in which they ended, as they are read */
  entries(query: Query): AsyncIterable<Entry>;
  /** @returns newest first, at most `limit` */
  find(query: Query, limit: number): Promise<Entry[]>;
  /** @returns by period, account and operation; `id` and `key` of the query do not matter, days count whole */
  sums(by: 'day' | 'month', query: Query): Promise<Sum[]>;
  /** @returns what counts for the account's budgets, today and this month */
  spent(account: string): Promise<{ day: number; month: number }>;
  /**
   * @param listener called with each entry that this process settles; it must not throw
   * @returns takes it away again
   */
  subscribe(listener: (entry: Entry) => void): () => void;
  /** Writes what is not written yet, and lets go of disk and network. Never rejects. */
  close(): Promise<void>;
}

/** A budget of which 80 % are used, told once a day or month. */
export interface BudgetWarning {
  account: string;
  period: 'day' | 'month';
  limit: number;
  spent: number;
}
