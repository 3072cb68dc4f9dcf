/** How an entry of the ledger begins and ends, and what is asked of a ledger: docs/contract.md, "Ledger". */

import { randomInt } from 'node:crypto';
import { isoTimes } from '../contract/iso-time';
import type { PaidKey } from '../contract/payment';
import { secondOf } from './calendar';
import { CLAIMED, type ColumnValues, ENDED, FIELDS, type Field, type Optional } from './columns';

/** One call that may cost, as the ledger keeps it. No person who is verified, photo, address, token or key is in it. */
export type Entry = ColumnValues;

/**
 * `claimed`: sent, or about to be. `uncertain`: nobody knows whether the provider processed it. `released`: it was
 * uncertain, and an operator has set its keys free.
 */
export type EntryState = 'claimed' | 'settled' | 'uncertain' | 'released';

/** A call that is about to be sent. */
export interface Call extends Pick<Entry, 'account' | 'node' | 'operation' | 'price'>, Optional<'claim'> {
  /** Calls that cost, of the account, by the calendar of Asia/Shanghai; 0 for no limit. */
  maxPerDay: number;
  maxPerMonth: number;
  /** truth-create has one a photo. */
  keys: readonly PaidKey[];
  /** An answer that is older is not used again; null for no limit. */
  maxAgeMs: number | null;
  /** Milliseconds for which a shared database that is away is waited for. */
  waitMs: number;
}

/** What the ledger knows of a key. */
export type KeyState =
  /** `at`: ISO 8601, when the call that was answered had been claimed. */
  | { state: 'answered'; entry: string; at: string; answer: unknown }
  | { state: 'under-way'; entry: string }
  | { state: 'uncertain'; entry: string }
  /** It was answered, and what was asked then was something else. */
  | { state: 'other-content'; entry: string };

/** By key, those that an earlier call has. */
export type KeyStates = ReadonlyMap<string, KeyState>;

/** A call is claimed with all of its keys, or not at all. `at`: ISO 8601. */
export type Claim = { state: 'claimed'; id: string; at: string } | { state: 'known'; keys: KeyStates };

/** How a call ended. */
export interface Settlement extends Optional<'end'> {
  /**
   * `not-processed`: it was never sent, or the provider said that it did not process it: its keys are free, and it costs
   * nothing. `unknown`: its keys are uncertain until an operator releases them.
   */
  resolution: 'answered' | 'not-processed' | 'unknown';
  /**
   * By key, what a later message with the same key gets, as JSON can hold it; a key of the call that has no answer is
   * free again.
   */
  answers: ReadonlyMap<string, unknown>;
  /**
   * Whether its keys stay bound to the content that they were claimed with: a call with other content under them is
   * refused. Otherwise that is a new call. The same content gets `answers` in either case.
   */
  keepsKeys: boolean;
}

/** Which entries; what is left out does not matter. */
export interface Query {
  id?: string;
  /** Or a label, of `account`, which has to be given with it. */
  key?: string;
  /** Unix milliseconds; `to` is exclusive. */
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

const isoTime = isoTimes();
const NOTHING_KNOWN = Object.fromEntries(FIELDS.map((field) => [field, null]));

/** Of a call that was claimed and then not sent. */
export const NOT_SENT: Settlement = {
  resolution: 'not-processed',
  error: 'CANCELLED',
  charged: false,
  answers: new Map(),
  keepsKeys: false,
};

/** Hexadecimal digits behind the milliseconds, of which the first is not drawn: room to count on. */
const RANDOM_DIGITS = 9;
const RANDOM = 2 ** 32;

let latest = { time: Number.NaN, prefix: '', tail: 0 };

/**
 * The id of an entry is the millisecond of its claim in Shanghai and then random, so that ids sort as time does.
 * @param now Unix milliseconds
 * @returns such as `20261125-213201-0479f86d0818`; within one millisecond each is greater than the one before
 */
export function newId(now: number): string {
  if (latest.time === now) latest.tail++;
  else latest = { time: now, prefix: idFloor(now), tail: randomInt(RANDOM) };
  return latest.prefix + latest.tail.toString(16).padStart(RANDOM_DIGITS, '0');
}

/**
 * @param time Unix milliseconds
 * @returns what no id of that time or later is less than, and every earlier one is
 */
export function idFloor(time: number): string {
  const second = secondOf(time).replace(/[-:]/g, '').replace('T', '-');
  const milliseconds = ((time % 1000) + 1000) % 1000;
  return `${second}-${String(Math.floor(milliseconds)).padStart(3, '0')}`;
}

/**
 * @param id of `newId`
 * @param now Unix milliseconds
 * @returns the entry of a call that is about to be sent
 */
export function createEntry(id: string, call: Call, now: number): Entry {
  return Object.assign(withColumns(NOTHING_KNOWN, CLAIMED, call), { id, at: isoTime(now), state: 'claimed' });
}

/** @returns the entry as it is after that */
export function settleEntry(entry: Entry, settlement: Settlement): Entry {
  const { resolution } = settlement;
  const charged = resolution === 'not-processed' ? false : (settlement.charged ?? null);
  const price = charged === false ? 0 : entry.price;
  const state = resolution === 'unknown' ? 'uncertain' : 'settled';
  return Object.assign(withColumns(entry, ENDED, settlement), { charged, price, state });
}

/** @returns a copy with the values of these columns: whatever else a call or its end may have stays out of the ledger */
function withColumns(entry: object, fields: readonly Field[], given: object): Entry {
  const copy: Record<string, unknown> = { ...entry };
  const values = given as Record<string, unknown>;
  for (const field of fields) if (values[field] !== undefined) copy[field] = values[field];
  return copy as Entry;
}
