/** What one message pays for, over the ledger of its account: CONTRACT, "Ledger". */
import type { Earlier, Payment, Payments } from '../action';
import type { Cancel } from '../cancel';
import { mayHaveBeenProcessed, VerifyError } from '../errors';
import type { Call, Known, KnownKeys, Ledger, Patience, Settlement } from '../ledger/ledger';
import { uncertainKey } from '../ledger/uncertain';
import type { Answer } from '../result';

/** Under which an account pays. */
export interface Terms {
  /** null: nothing is written down. */
  ledger: Ledger | null;
  account: string;
  /** Yuan for one charged call, 0 where that is not known. */
  price: number;
  maxPerDay: number;
  maxPerMonth: number;
  maxPerSecond: number;
  /** Milliseconds for which a ledger that cannot be reached is waited for. */
  timeoutMs: number;
}

/** What a message asks for. */
export interface Asked {
  node: string;
  operation: string;
  key: string | null;
  /** Milliseconds for which an answer is used again where there is no key; 0: never. */
  reuseMs: number;
  /** Told of each call before it is sent. */
  paying?: ((ledger: string) => void) | undefined;
}

/** Whose calls may cost, and so have keys. */
export const PAID_OPERATIONS = ['truth-create', 'face-compare', 'westdex-three'] as const;

/**
 * @param operation that is paid for
 * @param key of a message
 * @param part of the message, where it takes several calls: 0, 1, …
 * @returns what the ledger keeps a digest of
 */
export function messageKey(operation: string, key: string, part: number): string {
  return `${operation} key ${key} ${part}`;
}

/** Nothing is paid for: what costs nothing is sent as it is. */
export const FREE: Terms = {
  ...{ ledger: null, account: '', price: 0, maxPerDay: 0, maxPerMonth: 0, maxPerSecond: 0, timeoutMs: 0 },
};

export class MessagePayments implements Payments {
  readonly key: string | null;
  readonly reuses: boolean;
  readonly #terms: Terms;
  readonly #asked: Asked;
  readonly #patience: Patience;

  /**
   * @param terms of the account
   * @param asked by the message
   * @param cancel ends the waiting for a ledger, or for another message with the same key
   */
  constructor(terms: Terms, asked: Asked, cancel: Cancel) {
    this.#terms = terms;
    this.#asked = asked;
    this.#patience = { timeoutMs: terms.timeoutMs, cancel };
    this.key = asked.key;
    this.reuses = asked.reuseMs > 0;
    if ((this.key !== null || this.reuses) && !terms.ledger) throw new VerifyError('CONFIG', 'ledger-off');
  }

  keyOf(part: number): string | null {
    return this.key === null ? null : messageKey(this.#asked.operation, this.key, part);
  }

  async look<Answered>(keys: readonly string[]): Promise<ReadonlyMap<string, Earlier<Answered>>> {
    const { ledger } = this.#terms;
    if (!ledger) return new Map();
    const digests = await this.#digests(ledger, keys);
    for (;;) {
      const known = await ledger.look([...digests.keys()], this.#maxAgeMs(), this.#patience);
      if (!(await this.#waited(ledger, known))) return answered(known, digests);
    }
  }

  async pay<Value, Answered>(
    payment: Payment<Value, Answered>,
  ): Promise<{ value: Value; ledger: string | null } | { known: ReadonlyMap<string, Earlier<Answered>> }> {
    const { ledger } = this.#terms;
    if (!ledger) return { value: await payment.send(), ledger: null };
    const digests = await this.#digests(ledger, payment.keys);
    for (;;) {
      const claim = await ledger.claim(this.#call([...digests.keys()]), this.#patience);
      if (claim.state === 'claimed') return this.#send(ledger, claim.id, payment, digests);
      if (!(await this.#waited(ledger, claim.known))) return { known: answered(claim.known, digests) };
    }
  }

  async payOnce<Data>(
    same: () => string,
    send: () => Promise<Answer<Data>>,
    orderNo: (data: Data) => string | null,
  ): Promise<Answer<Data>> {
    const key = this.keyOf(0) ?? (this.reuses ? `${this.#asked.operation} same ${same()}` : null);
    const paid = await this.pay<Answer<Data>, Answer<Data>>({
      keys: key === null ? [] : [key],
      send,
      ended: (answer) => ({ ...answer, orderNo: orderNo(answer.data) }),
      // `raw` is for whoever asked for it when it was sent.
      answers: ({ raw, ...answer }) => new Map(key === null ? [] : [[key, answer]]),
    });
    if ('value' in paid) return { ...paid.value, ledger: paid.ledger };
    const { answer, at, ledger } = paid.known.get(key!)!;
    return { ...answer, charged: false, ledger: null, reused: { at, ledger } };
  }

  async #send<Value, Answered>(
    ledger: Ledger,
    id: string,
    { send, ended, answers }: Payment<Value, Answered>,
    digests: ReadonlyMap<string, string>,
  ): Promise<{ value: Value; ledger: string }> {
    const started = performance.now();
    const settle = (how: Omit<Settlement, 'durationMs'>) =>
      ledger.settle(id, { ...how, durationMs: Math.round(performance.now() - started) });
    let value: Value;
    this.#asked.paying?.(id);
    try {
      value = await send();
    } catch (reason) {
      await settle(failure(reason, digests.size > 0));
      if (reason instanceof VerifyError) reason.details.ledger = id;
      throw reason;
    }
    const byKey = answers(value);
    const kept = new Map(
      [...digests].flatMap(([digest, key]) => (byKey.has(key) ? [[digest, byKey.get(key)]] : [])),
    );
    const { outcome, reason, code, requestId, orderNo, charged } = ended(value);
    await settle({
      outcome,
      reason,
      code,
      requestId,
      orderNo,
      charged,
      error: null,
      fate: 'answered',
      answers: kept,
    });
    return { value, ledger: id };
  }

  /** @returns keys by digest */
  async #digests(ledger: Ledger, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { account } = this.#terms;
    const digests = new Map<string, string>();
    for (const key of keys) digests.set(await ledger.digest(account, key), key);
    return digests;
  }

  /** A key holds as long as the ledger remembers; what was only the same holds for `reuse`. */
  #maxAgeMs(): number | null {
    return this.key === null ? this.#asked.reuseMs : null;
  }

  #call(keys: readonly string[]): Call {
    const { account, price, maxPerDay, maxPerMonth, maxPerSecond } = this.#terms;
    const { node, operation } = this.#asked;
    const maxAgeMs = keys.length > 0 ? this.#maxAgeMs() : null;
    return { account, node, operation, price, maxPerDay, maxPerMonth, maxPerSecond, keys, maxAgeMs };
  }

  /**
   * @returns whether anything was under way, so that it has to be looked at again
   * @throws VerifyError UNCERTAIN, CANCELLED
   */
  async #waited(ledger: Ledger, known: KnownKeys): Promise<boolean> {
    const all = [...known.values()];
    const uncertain = all.find(({ state }) => state === 'uncertain');
    if (uncertain) throw uncertainKey(uncertain.entry);
    const { cancel } = this.#patience;
    const underWay = all.filter(({ state }) => state === 'under-way');
    for (const { entry } of underWay) await ledger.whenOver(entry, cancel);
    if (cancel.cancelled && underWay.length > 0)
      throw new VerifyError('CANCELLED', 'cancelled', {}, { charged: false });
    return underWay.length > 0;
  }
}

function answered<Answered>(
  known: KnownKeys,
  digests: ReadonlyMap<string, string>,
): ReadonlyMap<string, Earlier<Answered>> {
  const isAnswered = (each: Known): each is Extract<Known, { state: 'answered' }> =>
    each.state === 'answered';
  const earlier = new Map<string, Earlier<Answered>>();
  for (const [digest, each] of known) {
    // What was stored is what `answers` of the same operation gave: the key names it.
    if (isAnswered(each))
      earlier.set(digests.get(digest)!, { answer: each.answer as Answered, at: each.at, ledger: each.entry });
  }
  return earlier;
}

/** What a flow could pay for twice if its key were free is uncertain; without a key, what was answered is settled. */
function failure(reason: unknown, hasKeys: boolean): Omit<Settlement, 'durationMs'> {
  const error = reason instanceof VerifyError ? reason : new VerifyError('PROTOCOL', 'internal');
  const { charged = null, envelope, providerCode = null, requestId = null, orderNo = null } = error.details;
  const isProcessed = mayHaveBeenProcessed(error);
  return {
    ...{ outcome: null, reason: error.problem, code: providerCode, error: error.code, requestId, orderNo },
    charged: isProcessed ? charged : false,
    fate: !isProcessed ? 'not-taken' : envelope && !hasKeys ? 'answered' : 'unknown',
    answers: new Map(),
  };
}
