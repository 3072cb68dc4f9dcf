/** One call over an account's transport. Each step has its rule in the file that it is imported from. */
import { VerifyError } from '../contract/errors';
import type { Credentials } from '../contract/settings';
import type { Call, CallContext, HttpAnswer, QueueSlot, Transport } from '../contract/transport';
import { Circuit } from './circuit';
import { type LimitOptions, Limits } from './limits';
import { describeFailure, pauseBeforeRetry, shouldRetry } from './retry';
import { type Corrections, type SignedWith, Signing } from './signing';
import { Wire, type WireOptions } from './wire';

export interface TransportOptions extends Omit<WireOptions, 'connections'>, LimitOptions {
  /** The first pair of keys, and the next one where there is one. */
  pairs: readonly [Credentials, ...Credentials[]];
  /** Called once, when the provider has refused the first pair and accepted the next one, which signs from then on. */
  onRotated(): void;
  /**
   * Takes the account's next turn over all processes that share its ledger: milliseconds until the request may start. Where it
   * rejects, only this process counts; undefined where no other process shares the ledger.
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

const NO_CORRECTIONS: Corrections = {};

/** What came of one request. */
type Outcome<Value> =
  | { value: Value }
  | { error: VerifyError; answer: HttpAnswer | undefined; signedWith: SignedWith };

class AccountTransport implements Transport {
  readonly #wire: Wire;
  readonly #circuit: Circuit | undefined;
  readonly #limits: Limits;
  readonly #sharedTurn: TransportOptions['sharedTurn'];
  readonly #signing: Signing;

  constructor(options: TransportOptions) {
    this.#wire = new Wire({ ...options, connections: options.maxConcurrent });
    if (options.circuit) this.#circuit = new Circuit(() => performance.now(), options.onCircuit);
    this.#limits = new Limits(options, () => performance.now());
    this.#sharedTurn = options.sharedTurn;
    this.#signing = new Signing(options.pairs, options.onRotated);
  }

  takeSlot(): QueueSlot {
    // Before the call is written down: what is refused at once leaves no entry.
    this.#circuit?.refuse();
    return this.#limits.takeSlot();
  }

  async send<Value>(call: Call<Value>, context: CallContext): Promise<Value> {
    let corrections = NO_CORRECTIONS;
    for (let attempt = 1; ; attempt++) {
      const probe = await this.#turn(call, context, attempt === 1);
      const outcome = await this.#request(call, context, corrections, probe);
      if ('value' in outcome) return outcome.value;

      const { error, answer, signedWith } = outcome;
      const corrected = this.#signing.correct(signedWith, error, answer);
      if (corrected) {
        corrections = corrected;
        continue;
      }
      if (!shouldRetry(error, call, attempt)) throw error;
      await context.wait(pauseBeforeRetry(error, attempt, context.random())).catch((cancelled) => {
        // A call that may cost is repeated only where it was not processed; this one is not repeated any more.
        if (call.claim && cancelled instanceof VerifyError) cancelled.details.charged = false;
        throw cancelled;
      });
    }
  }

  /**
   * Waits until a request may start, and counts it as sent: the provider is not known to be down, this account may send one
   * more, and so may all processes that share its ledger. docs/contract.md, "Account nodes" and "Ledger".
   * @param call that it belongs to
   * @param context of the call
   * @param isFirst whether it is the call's first request, before which a call that may cost is claimed
   * @returns what `Circuit.enter` gave for it
   * @throws VerifyError OVERLOADED or CANCELLED, and what the claim rejects with; then nothing may be sent
   */
  async #turn<Value>(call: Call<Value>, context: CallContext, isFirst: boolean): Promise<number> {
    this.#circuit?.refuse();
    const turn = this.#limits.turn(call.slot, context.closing);
    if (turn) await turn;
    let probe = 0;
    try {
      // The circuit may have opened while this call waited.
      probe = this.#circuit?.enter() ?? 0;
      if (this.#sharedTurn) await waitForSharedTurn(this.#sharedTurn, context);
      if (isFirst && call.claim) await call.claim();
    } catch (reason) {
      this.#circuit?.cancelled(probe);
      this.#limits.ended(call.slot, false);
      throw reason;
    }
    this.#limits.sent();
    return probe;
  }

  /** Signs and sends one request, and reads its answer. */
  async #request<Value>(
    call: Call<Value>,
    context: CallContext,
    corrections: Corrections,
    probe: number,
  ): Promise<Outcome<Value>> {
    const signedWith = this.#signing.signWith(corrections);
    let answer: HttpAnswer | undefined;
    try {
      context.attempted();
      const request = await call.build(Date.now() + signedWith.offset, signedWith.pair);
      answer = await this.#wire.send(request, context.signal);
      const value = call.read(answer, signedWith.pair, request.sealed);
      this.#circuit?.answered();
      this.#signing.accepted(signedWith);
      return { value };
    } catch (error) {
      if (!(error instanceof VerifyError)) {
        this.#circuit?.cancelled(probe);
        throw error;
      }
      describeFailure(error, call, answer);
      this.#circuit?.ended(probe, error, answer !== undefined);
      // An error in the provider's own form shows that it let the signature in.
      if (error.details.envelope && error.code !== 'AUTH') this.#signing.accepted(signedWith);
      return { error, answer, signedWith };
    } finally {
      this.#limits.ended(call.slot);
    }
  }

  async close(): Promise<void> {
    this.#limits.close();
    await this.#wire.close();
  }
}

/** Where the ledger is away, calls that cost nothing go on; the others are refused by their claim. */
async function waitForSharedTurn(sharedTurn: () => Promise<number>, context: CallContext): Promise<void> {
  const milliseconds = await sharedTurn().catch(() => 0);
  if (milliseconds === 0) return;
  await context.wait(milliseconds).catch((cancelled) => {
    if (cancelled instanceof VerifyError) cancelled.details.charged = false;
    throw cancelled;
  });
}
