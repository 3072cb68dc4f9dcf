/** What stands between an action's client and the transport where a call may cost: docs/contract.md, "Ledger". */
import type { Answer, Outcome } from './result';
import type { ClaimCall } from './transport';

/** A key under which at most one call is paid for, and what that call asks: any texts, of which the ledger keeps digests. */
export interface PaidKey {
  key: string;
  /** The same key with other content is refused. */
  content: string;
  /** Another key for the same answer, where a photo is known under two names. */
  alias?: string;
  /** A name under which its calls are found, whatever becomes of them; several keys may have the same. */
  label?: string;
}

/** How a paid call ended well, as the ledger keeps it: docs/contract.md, "Ledger". */
export interface PaidResult {
  outcome: Outcome;
  reason: string | null;
  code: string;
  requestId: string | null;
  orderNo: string | null;
  charged: boolean | null;
  /** The photo was to blame that there is no verdict: another photo under the same key is a new call. */
  isForPhoto?: boolean;
}

/** What was paid for before. */
export interface Earlier<Answered> {
  answer: Answered;
  /** ISO 8601, when it was claimed. */
  at: string;
  /** Id of its entry. */
  ledger: string;
}

/** One call that may cost. */
export interface Payment<Value, Answered> {
  /** What it is paid for only once. */
  keys: readonly PaidKey[];
  /** @param claim to be called when its turn to be sent has come */
  send(claim: ClaimCall): Promise<Value>;
  result(value: Value): PaidResult;
  /** What a later message with these keys gets: plain JSON. */
  answers(value: Value): ReadonlyMap<string, Answered>;
}

/** A message's only call that may cost. `Found`: what the provider said, as JSON can hold it. */
export interface SingleCall<Found extends { raw: unknown }, Data> {
  /** @returns a text that identifies what is asked; computed only where there is a key, or `reuse` */
  content(): string;
  /** @param claim to be called when its turn to be sent has come */
  send(claim: ClaimCall): Promise<Found>;
  /**
   * Judges by the rules of the message's own node.
   * @param found now, or by an earlier call, whose node may have had other rules; then `raw` is not kept
   */
  judge(found: Omit<Found, 'raw'>): Answer<Data> | Promise<Answer<Data>>;
  orderNo(found: Found): string | null;
  /** Whether the photo was to blame that there is no verdict. */
  isForPhoto(found: Found): boolean;
  /** Whether another call may ask the same with another outcome: the photo is an address that could not be fetched, say. */
  mayChange: boolean;
}

/** What stands between an action's client and the transport: docs/architecture.md, "The house". */
export interface Payments {
  /** The message's own `key`, or null. */
  key: string | null;
  /**
   * @param part of the message, where it takes several calls: 0, 1, …
   * @param content what the whole message asks: other content under the same key is refused
   * @returns what that part is paid for only once, where the message has a key
   */
  keyOf(part: number, content: string): PaidKey | null;
  /** Whether what was sent before is not to be paid for again: `reuse`. */
  reuses: boolean;
  /**
   * @returns by key, what was paid for before; what is under way is waited for
   * @throws VerifyError UNCERTAIN, INPUT `key-used`, or what the ledger throws, `charged` false
   */
  look<Answered>(keys: readonly PaidKey[]): Promise<ReadonlyMap<string, Earlier<Answered>>>;
  /**
   * Writes a call down, sends it, and writes down how it ended.
   * @returns what was sent for, with the id of its entry; or what was paid for before, by key, and then nothing was sent
   * @throws VerifyError what `send` threw, with its entry; UNCERTAIN, BUDGET, INPUT `key-used`, or what the ledger throws,
   *   `charged` false
   */
  pay<Value, Answered>(
    payment: Payment<Value, Answered>,
  ): Promise<{ value: Value; ledger: string | null } | { known: ReadonlyMap<string, Earlier<Answered>> }>;
  /** For an action that is one call: the message's key, or what is sent, is paid for only once. */
  payOnce<Found extends { raw: unknown }, Data>(single: SingleCall<Found, Data>): Promise<Answer<Data>>;
}
