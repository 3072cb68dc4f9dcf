/** One call over an account's transport. Each step has its rule in the file that it is imported from. */
import { VerifyError } from '../contract/errors';
import type { Credentials } from '../contract/settings';
import type { Call, CallContext, HttpAnswer, QueueSlot, Transport } from '../contract/transport';
import { Circuit } from './circuit';
import { describeFailure } from './failure';
import type { LimitOptions } from './limits';
import { pauseBeforeRetry, shouldRetry } from './retry';
import { type Corrections, type Signature, Signing } from './signing';
import { type SharedTurn, Turns } from './turn';
import { Wire, type WireOptions } from './wire';

export interface TransportOptions extends Omit<WireOptions, 'connections'>, LimitOptions {
  /** The first pair of keys, and the next one where there is one. */
  pairs: readonly [Credentials, ...Credentials[]];
  /** Called once, when the provider has refused the first pair and accepted the next one, which signs from then on. */
  onRotated(): void;
  /** Where it rejects, only this process counts. */
  sharedTurn?: SharedTurn | undefined;
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
  | { error: VerifyError; answer: HttpAnswer | undefined; signature: Signature };

class AccountTransport implements Transport {
  readonly #wire: Wire;
  readonly #circuit: Circuit | undefined;
  readonly #turns: Turns;
  readonly #signing: Signing;

  constructor(options: TransportOptions) {
    this.#wire = new Wire({ ...options, connections: options.maxConcurrent });
    if (options.circuit) this.#circuit = new Circuit(() => performance.now(), options.onCircuit);
    this.#turns = new Turns(options, this.#circuit, options.sharedTurn);
    this.#signing = new Signing(options.pairs, options.onRotated);
  }

  takeSlot(): QueueSlot {
    return this.#turns.takeSlot();
  }

  async send<Value>(call: Call<Value>, context: CallContext): Promise<Value> {
    let corrections = NO_CORRECTIONS;
    for (let attempt = 1; ; attempt++) {
      const trial = await this.#turns.take(call, context, attempt === 1);
      const outcome = await this.#request(call, context, corrections, trial);
      if ('value' in outcome) return outcome.value;

      const { error, answer, signature } = outcome;
      const corrected = this.#signing.correct(signature, error, answer);
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

  /** Signs and sends one request, and reads its answer. */
  async #request<Value>(
    call: Call<Value>,
    context: CallContext,
    corrections: Corrections,
    trial: number,
  ): Promise<Outcome<Value>> {
    const signature = this.#signing.signature(corrections);
    let answer: HttpAnswer | undefined;
    try {
      context.attempted();
      const request = await call.build(this.#signing.now(signature), signature.pair);
      answer = await this.#wire.send(request, context.signal);
      const value = call.read(answer, signature.pair);
      this.#circuit?.answered();
      this.#signing.accepted(signature);
      return { value };
    } catch (error) {
      if (!(error instanceof VerifyError)) {
        this.#circuit?.cancelled(trial);
        throw error;
      }
      describeFailure(error, call, answer);
      this.#circuit?.ended(trial, error, answer !== undefined);
      // An error in the provider's own form shows that it let the signature in.
      if (error.details.envelope && error.code !== 'AUTH') this.#signing.accepted(signature);
      return { error, answer, signature };
    } finally {
      this.#turns.ended(call.slot);
    }
  }

  async close(): Promise<void> {
    this.#turns.close();
    await this.#wire.close();
  }
}
