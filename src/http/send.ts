/** Sends a call as often as the contract allows: docs/contract.md, "Errors", from "Retries" on. */

import { ERRORS, mayHaveBeenProcessed, VerifyError } from '../contract/errors';
import type { Credentials } from '../contract/settings';
import type { Call, CallContext, ClaimCall, HttpAnswer, QueueSlot, Transport } from '../contract/transport';
import { Circuit } from './circuit';
import { Clock } from './clock';
import { type LimitOptions, Limits } from './limits';
import { Pairs } from './pairs';
import { retryAfterSeconds } from './retry-after';
import { Wire, type WireOptions } from './wire';

const ATTEMPTS = 3;
const FIRST_BACK_OFF_MS = 200;
/** Whoever asks to slow down and does not say for how long is not asked again at once: docs/providers/linkface.md, 1009. */
const FIRST_SLOW_DOWN_MS = 1_000;
const LONGEST_RETRY_AFTER_S = 60;

export interface TransportOptions extends Omit<WireOptions, 'connections'>, LimitOptions {
  /** The first pair of keys, and the next one where there is one. */
  pairs: readonly [Credentials, ...Credentials[]];
  /** Called once, when the provider has refused the first pair and accepted the next one, which signs from then on. */
  onRotated(): void;
  /**
   * Takes the account's next turn over all processes that share its ledger; where it rejects, only this process counts.
   * @returns milliseconds until the request may start
   */
  sharedTurn?: (() => Promise<number>) | undefined;
  /** Refuse at once while the provider is down. */
  circuit: boolean;
  /** Called once each time the circuit opens (true) or closes (false). */
  onCircuit(open: boolean): void;
}

/**
 * @param options of one account
 * @returns its way to the provider
 */
export function createTransport(options: TransportOptions): Transport {
  return new AccountTransport(options);
}

class AccountTransport implements Transport {
  readonly #wire: Wire;
  readonly #limits: Limits;
  readonly #clock = new Clock(Date.now);
  readonly #pairs: Pairs;
  readonly #circuit: Circuit | undefined;
  readonly #sharedTurn: (() => Promise<number>) | undefined;

  constructor(options: TransportOptions) {
    this.#wire = new Wire({ ...options, connections: options.maxConcurrent });
    const now = () => performance.now();
    this.#limits = new Limits(options, now);
    this.#pairs = new Pairs(options.pairs, options.onRotated);
    this.#sharedTurn = options.sharedTurn;
    if (options.circuit) this.#circuit = new Circuit(now, options.onCircuit);
  }

  takeSlot(): QueueSlot {
    // Before the call is written down, because a call that is refused at once leaves no entry.
    this.#circuit?.refuse();
    return this.#limits.takeSlot();
  }

  async send<Value>(call: Call<Value>, context: CallContext): Promise<Value> {
    let offset: number | null = null;
    let other: Credentials | undefined;
    for (let attempt = 1; ; attempt++) {
      const turn = this.#turn(call, context);
      if (turn) await turn;
      if (this.#sharedTurn) await this.#waitForSharedTurn(this.#sharedTurn, call.slot, context);
      if (attempt === 1 && call.claim) await this.#claim(call.claim, call.slot);
      this.#limits.sent();
      const used: number = offset ?? this.#clock.offset;
      const credentials: Credentials = other ?? this.#pairs.inUse;
      const trial = this.#circuit?.started() ?? 0;
      let answer: HttpAnswer | undefined;
      let error: VerifyError;
      try {
        context.attempted();
        const built = call.build(this.#clock.at(used), credentials);
        const request = built instanceof Promise ? await built : built;
        answer = await this.#wire.send(request, context.signal);
        const value = call.read(answer, credentials);
        this.#circuit?.answered();
        this.#accepted(offset, credentials);
        return value;
      } catch (caught) {
        if (!(caught instanceof VerifyError)) {
          this.#circuit?.cancelled(trial);
          throw caught;
        }
        error = this.#judge(caught, call, answer, trial);
      } finally {
        this.#limits.ended(call.slot);
      }

      if (error.details.envelope && error.code !== 'AUTH') this.#accepted(offset, credentials);
      if (error.code === 'AUTH' && answer) {
        const asked: number | null = offset === null ? this.#clock.offsetAskedBy(answer, used) : null;
        if (asked !== null) {
          offset = asked;
          continue;
        }
        // A request with a refused signature was not processed, so sending again cannot cost twice.
        if (!other) {
          other = this.#pairs.beside(credentials);
          if (other) continue;
        }
      }
      const { retryAfter = null } = error.details;
      if (!repeatable(error, call) || attempt >= ATTEMPTS || (retryAfter ?? 0) > LONGEST_RETRY_AFTER_S)
        throw error;
      const backOff = context.random() * FIRST_BACK_OFF_MS * 2 ** attempt;
      const mustSlowDown = error.code === 'RATE_LIMITED' && retryAfter === null;
      const pause = mustSlowDown
        ? backOff + FIRST_SLOW_DOWN_MS * 2 ** (attempt - 1)
        : Math.max(backOff, (retryAfter ?? 0) * 1000);
      await context.wait(pause).catch((cancelled) => {
        // A call that may cost is repeated only where it was not processed; this one is not repeated any more.
        if (call.claim && cancelled instanceof VerifyError) cancelled.details.charged = false;
        throw cancelled;
      });
    }
  }

  /** @throws what the claim rejects with: nothing is sent then, and others have the turn */
  async #claim(claim: ClaimCall, slot: QueueSlot | undefined): Promise<void> {
    try {
      await claim();
    } catch (reason) {
      this.#limits.ended(slot, false);
      throw reason;
    }
  }

  /** A ledger that is away holds up nobody who pays nothing: what costs is refused by its claim. */
  async #waitForSharedTurn(
    sharedTurn: () => Promise<number>,
    slot: QueueSlot | undefined,
    context: CallContext,
  ): Promise<void> {
    const milliseconds = await sharedTurn().catch(() => 0);
    if (milliseconds === 0) return;
    try {
      await context.wait(milliseconds);
    } catch (cancelled) {
      if (cancelled instanceof VerifyError) cancelled.details.charged = false;
      this.#limits.ended(slot, false);
      throw cancelled;
    }
  }

  async close(): Promise<void> {
    this.#limits.close();
    await this.#wire.close();
  }

  /** What a signature was made with is kept, once the provider let it in. */
  #accepted(offset: number | null, credentials: Credentials): void {
    if (offset !== null) this.#clock.keep(offset);
    this.#pairs.accepted(credentials);
  }

  /** Waits until one more request may start; nothing where it may start at once. */
  #turn<Value>(call: Call<Value>, context: CallContext): Promise<void> | undefined {
    this.#circuit?.refuse();
    return this.#limits.turn(call.slot, context.closing)?.then(() => {
      try {
        // The circuit may have opened while this call waited.
        this.#circuit?.refuse();
      } catch (refused) {
        this.#limits.ended(call.slot, false);
        throw refused;
      }
    });
  }

  /** Adds to an error what only the transport knows, and counts it in the circuit. */
  #judge<Value>(
    error: VerifyError,
    call: Call<Value>,
    answer: HttpAnswer | undefined,
    trial: number,
  ): VerifyError {
    const { details, code } = error;
    const { headers } = details;
    delete details.headers;
    if (headers) details.requestId ??= call.requestIdIn?.(headers) ?? null;
    if (answer) {
      details.httpStatus ??= answer.status;
      details.retryAfter ??= retryAfterSeconds(answer, Date.now());
      // A 503 in the provider's own form is an answer: by then it has processed the request.
      const isTurnedAway = answer.status === 503 && details.retryAfter !== null && !details.envelope;
      if (code === 'RATE_LIMITED' || isTurnedAway) details.refused = true;
    }
    details.charged ??= call.claim && !mayHaveBeenProcessed(error) ? false : null;
    details.retryable ??= ERRORS[code].retryable && (!call.claim || details.charged === false);

    // An answer that is too large or damaged cannot be read, but its status is known.
    const serverFailed = (details.httpStatus ?? 0) >= 500 && !details.envelope;
    if (code === 'NETWORK' || code === 'TIMEOUT' || serverFailed) this.#circuit?.failed(trial);
    else if (answer || code === 'PROTOCOL') this.#circuit?.answered();
    else this.#circuit?.cancelled(trial);
    return error;
  }
}

/** Whether the same request may go out again for the same message. */
function repeatable<Value>(error: VerifyError, call: Call<Value>): boolean {
  const { details, code } = error;
  if (call.once) return false;
  if (call.repeat && ERRORS[code].repeatedWhenFree) return true;
  if ((code === 'NETWORK' || code === 'TIMEOUT') && details.charged === false) return true;
  return details.refused === true && details.retryAfter != null;
}
