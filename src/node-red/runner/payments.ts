/** What one message pays for, over the ledger of its account: docs/contract.md, "Ledger". */

import { mayHaveBeenProcessed, VerifyError, verifyErrorOf } from '../../contract/errors';
import type { Earlier, PaidKey, Payment, Payments, SingleCall } from '../../contract/payment';
import type { Answer, Environment } from '../../contract/result';
import type { Call, KeyStates, Settlement } from '../../ledger/entry';
import type { Ledger } from '../../ledger/ledger';
import { type Consent, NO_CONSENT } from './choices';

/** Under which an account pays. */
export interface Terms {
  /** null: nothing is written down. */
  ledger: Ledger | null;
  account: string;
  /** Where its calls go, as `destinationOf` says it: what was answered elsewhere is no answer here. */
  destination: string;
  /** Yuan for one charged call, 0 where that is not known. */
  price: number;
  maxPerDay: number;
  maxPerMonth: number;
  /** Milliseconds for which a shared ledger that is away is waited for. */
  timeoutMs: number;
}

/** What a message asks for. */
interface PaymentRequest {
  node: string;
  operation: string;
  key: string | null;
  /** Milliseconds for which an answer is used again where there is no key; 0: never. */
  reuseMs: number;
  /** Where it is about a person. */
  consent?: Consent;
  /** Called with each entry before its call is sent. */
  paying?: ((ledger: string | null) => void) | undefined;
}

/**
 * @param operation that is paid for
 * @param key of a message
 * @param part of the message, where it takes several calls: 0, 1, …
 * @returns what the ledger keeps a digest of
 */
export function messageKey(operation: string, key: string, part: number): string {
  return `${operation} key ${key} ${part}`;
}

/**
 * @param environment of an account
 * @param baseUrl of its own, where it is `custom`
 * @returns one line, which tells apart where calls go
 */
export function destinationOf(environment: Environment, baseUrl: string): string {
  if (environment !== 'custom') return environment;
  const { origin, pathname } = new URL(baseUrl);
  return `${environment} ${origin}${pathname.replace(/\/+$/, '')}`;
}

/**
 * @param destination of `destinationOf`
 * @param key of what is paid for
 * @returns the key that the ledger has of it
 */
export function keyAt(destination: string, key: string): string {
  return `${destination}\n${key}`;
}

/** Nothing is paid for: what costs nothing is sent as it is. */
export const FREE: Terms = {
  ledger: null,
  account: '',
  destination: '',
  price: 0,
  maxPerDay: 0,
  maxPerMonth: 0,
  timeoutMs: 0,
};

/** Ends a call that is not sent, because an earlier one has a key of it; nobody else sees it. */
class KeysKnown extends Error {
  constructor(readonly states: KeyStates) {
    super('A key of the call is known');
  }
}

export class MessagePayments implements Payments {
  readonly key: string | null;
  readonly reuses: boolean;
  readonly #terms: Terms;
  readonly #request: PaymentRequest;
  readonly #cancel: AbortSignal;

  /**
   * @param terms of the account
   * @param request of the message
   * @param cancel ends the waiting for a ledger, or for another message with the same key
   */
  constructor(terms: Terms, request: PaymentRequest, cancel: AbortSignal) {
    this.#terms = terms;
    this.#request = request;
    this.#cancel = cancel;
    this.key = request.key;
    this.reuses = request.reuseMs > 0;
    if ((this.key !== null || this.reuses) && !terms.ledger) throw new VerifyError('CONFIG', 'ledger-off');
  }

  keyOf(part: number, content: string): PaidKey | null {
    return this.key === null ? null : { key: messageKey(this.#request.operation, this.key, part), content };
  }

  async look<Answered>(keys: readonly PaidKey[]): Promise<ReadonlyMap<string, Earlier<Answered>>> {
    const { ledger, account, timeoutMs } = this.#terms;
    if (!ledger || keys.length === 0) return new Map();
    for (;;) {
      const placed = this.#placed(keys);
      const states = await ledger.look(account, placed, this.#maxAgeMs(), timeoutMs, this.#cancel);
      if (!(await this.#waited(ledger, states))) return this.#answersIn(keys, states);
    }
  }

  async pay<Value, Answered>(
    payment: Payment<Value, Answered>,
  ): Promise<{ value: Value; ledger: string | null } | { known: ReadonlyMap<string, Earlier<Answered>> }> {
    const { ledger } = this.#terms;
    if (!ledger) {
      const claim = () => {
        this.#request.paying?.(null);
        return undefined;
      };
      return { value: await payment.send(claim), ledger: null };
    }
    for (;;) {
      // A stored answer needs no slot.
      const known = await this.look<Answered>(payment.keys);
      if (known.size > 0) return { known };
      try {
        return await this.#send(ledger, payment);
      } catch (reason) {
        if (!(reason instanceof KeysKnown)) throw reason;
        await this.#waited(ledger, reason.states);
      }
    }
  }

  async payOnce<Found extends { raw: unknown }, Data>(
    single: SingleCall<Found, Data>,
  ): Promise<Answer<Data>> {
    const key = this.#singleKey(single.content);
    const isReused = key !== null && this.key === null;
    const paid = await this.pay<{ found: Found; answer: Answer<Data> }, Omit<Found, 'raw'>>({
      keys: key === null ? [] : [key],
      send: async (claim) => {
        const found = await single.send(claim);
        return { found, answer: await single.judge(found) };
      },
      result: ({ found, answer }) => ({
        ...answer,
        orderNo: single.orderNo(found),
        isForPhoto: single.isForPhoto(found),
      }),
      answers: ({ found }) => {
        // The photo may be reachable the next time.
        const isOutdated = isReused && single.mayChange && single.isForPhoto(found);
        if (key === null || isOutdated) return new Map();
        // `raw` is only for the message that paid for the call.
        const { raw: _raw, ...kept } = found;
        return new Map([[key.key, kept]]);
      },
    });
    if ('value' in paid) return { ...paid.value.answer, raw: paid.value.found.raw, ledger: paid.ledger };
    const { answer, at, ledger } = paid.known.get(key!.key)!;
    return { ...(await single.judge(answer)), charged: false, ledger: null, reused: { at, ledger } };
  }

  #singleKey(content: () => string): PaidKey | null {
    if (this.key !== null) return this.keyOf(0, content());
    if (!this.reuses) return null;
    const text = content();
    return { key: `${this.#request.operation} same ${text}`, content: text };
  }

  async #send<Value, Answered>(
    ledger: Ledger,
    { keys, send, result, answers }: Payment<Value, Answered>,
  ): Promise<{ value: Value; ledger: string | null }> {
    let id: string | null = null;
    let started = performance.now();
    const settle = async (how: Omit<Settlement, 'durationMs'>) => {
      if (id !== null)
        await ledger.settle(id, { ...how, durationMs: Math.round(performance.now() - started) });
    };
    let value: Value;
    try {
      value = await send(async () => {
        const claim = await ledger.claim(this.#call(keys), this.#cancel);
        if (claim.state === 'known') throw new KeysKnown(claim.keys);
        id = claim.id;
        started = performance.now();
        this.#request.paying?.(id);
      });
    } catch (reason) {
      if (reason instanceof KeysKnown) throw reason;
      const settlement = failure(reason, keys.length > 0);
      await settle(settlement);
      if (reason instanceof VerifyError) {
        if (id !== null) reason.details.ledger = id;
        // Without an entry, nothing was sent.
        if (id === null || settlement.resolution === 'not-processed') reason.details.charged = false;
      }
      throw reason;
    }
    const { outcome, reason, code, requestId, orderNo, charged, isForPhoto = false } = result(value);
    await settle({
      outcome,
      reason,
      code,
      requestId,
      orderNo,
      charged,
      error: null,
      resolution: 'answered',
      answers: new Map([...answers(value)].map(([key, answer]) => [this.#keyAt(key), answer])),
      // Nothing was bought, or another photo may have a verdict: the message may come again, corrected, under its key.
      keepsKeys: charged !== false && !isForPhoto,
    });
    return { value, ledger: id };
  }

  /** A key holds as long as its entry is kept; what is only the same is used again for `reuse`. */
  #maxAgeMs(): number | null {
    return this.key === null ? this.#request.reuseMs : null;
  }

  #call(keys: readonly PaidKey[]): Call {
    const { account, price, maxPerDay, maxPerMonth, timeoutMs: waitMs } = this.#terms;
    const { node, operation, consent = NO_CONSENT } = this.#request;
    const maxAgeMs = keys.length > 0 ? this.#maxAgeMs() : null;
    return {
      account,
      node,
      operation,
      ...consent,
      price,
      maxPerDay,
      maxPerMonth,
      keys: this.#placed(keys),
      maxAgeMs,
      waitMs,
    };
  }

  #keyAt(key: string): string {
    return keyAt(this.#terms.destination, key);
  }

  /** Somebody who asks the ledger for a message's key need not know where the account's calls went at that time. */
  #placed(keys: readonly PaidKey[]): PaidKey[] {
    return keys.map(({ key, content, alias }) => ({
      key: this.#keyAt(key),
      content,
      ...(alias !== undefined && { alias: this.#keyAt(alias) }),
      ...(this.key !== null && { label: key }),
    }));
  }

  #answersIn<Answered>(keys: readonly PaidKey[], states: KeyStates): ReadonlyMap<string, Earlier<Answered>> {
    const earlier = new Map<string, Earlier<Answered>>();
    for (const { key } of keys) {
      const state = states.get(this.#keyAt(key));
      if (state?.state !== 'answered') continue;
      // What was stored is what `answers` of the same operation gave: the key names it.
      earlier.set(key, { answer: state.answer as Answered, at: state.at, ledger: state.entry });
    }
    return earlier;
  }

  /**
   * @returns whether any of them was under way, so that they have to be looked at again
   * @throws VerifyError UNCERTAIN, INPUT `key-used`, CANCELLED
   */
  async #waited(ledger: Ledger, states: KeyStates): Promise<boolean> {
    let isWaiting = false;
    for (const { state, entry } of states.values()) {
      const details = { charged: false, ledger: entry };
      if (state === 'uncertain')
        throw new VerifyError('UNCERTAIN', 'key-uncertain', { ledger: entry }, details);
      if (state === 'other-content') throw new VerifyError('INPUT', 'key-used', { ledger: entry }, details);
      if (state === 'under-way') isWaiting = true;
    }
    for (const { state, entry } of states.values())
      if (state === 'under-way') await ledger.whenOver(entry, this.#cancel);
    if (isWaiting && this.#cancel.aborted)
      throw new VerifyError('CANCELLED', 'cancelled', {}, { charged: false });
    return isWaiting;
  }
}

/** A call that could be paid for twice if its key were free is uncertain; without a key, what was answered is settled. */
function failure(reason: unknown, hasKeys: boolean): Omit<Settlement, 'durationMs'> {
  const error = verifyErrorOf(reason);
  const { charged = null, envelope, providerCode = null, requestId = null, orderNo = null } = error.details;
  const isProcessed = mayHaveBeenProcessed(error);
  return {
    outcome: null,
    reason: error.problem,
    code: providerCode,
    error: error.code,
    requestId,
    orderNo,
    charged: isProcessed ? charged : false,
    resolution: !isProcessed ? 'not-processed' : envelope && !hasKeys ? 'answered' : 'unknown',
    answers: new Map(),
    keepsKeys: false,
  };
}
