/**
 * When a request may start: the provider is not known to be down, this account may send one more, and so may all processes
 * that share its ledger; a call that may cost is then written down. docs/contract.md, "Account nodes" and "Ledger".
 */
import { VerifyError } from '../contract/errors';
import type { Call, CallContext, QueueSlot } from '../contract/transport';
import type { Circuit } from './circuit';
import { type LimitOptions, Limits } from './limits';

/** Takes the account's next turn over all processes that share its ledger: milliseconds until the request may start. */
export type SharedTurn = () => Promise<number>;

export class Turns {
  readonly #limits: Limits;
  readonly #circuit: Circuit | undefined;
  readonly #sharedTurn: SharedTurn | undefined;

  /**
   * @param limits of the account in this process
   * @param circuit refuses while the provider is down; undefined where the account does without
   * @param sharedTurn undefined where no other process shares the account's ledger
   */
  constructor(limits: LimitOptions, circuit: Circuit | undefined, sharedTurn: SharedTurn | undefined) {
    this.#limits = new Limits(limits, () => performance.now());
    this.#circuit = circuit;
    this.#sharedTurn = sharedTurn;
  }

  /** @throws VerifyError OVERLOADED, before the call is written down: what is refused at once leaves no entry */
  takeSlot(): QueueSlot {
    this.#circuit?.refuse();
    return this.#limits.takeSlot();
  }

  /**
   * Waits until a request may start, and counts it as sent. Call `ended` with its slot once it has ended.
   * @param call that it belongs to
   * @param context of the call
   * @param isFirst whether it is the call's first request, before which a call that may cost is claimed
   * @returns what `Circuit.enter` gave for it
   * @throws VerifyError OVERLOADED or CANCELLED, and what the claim rejects with; then nothing may be sent
   */
  async take<Value>(call: Call<Value>, context: CallContext, isFirst: boolean): Promise<number> {
    this.#circuit?.refuse();
    const turn = this.#limits.turn(call.slot, context.closing);
    if (turn) await turn;
    let trial = 0;
    try {
      // The circuit may have opened while this call waited.
      trial = this.#circuit?.enter() ?? 0;
      if (this.#sharedTurn) await waitForSharedTurn(this.#sharedTurn, context);
      if (isFirst && call.claim) await call.claim();
    } catch (reason) {
      this.#circuit?.cancelled(trial);
      this.#limits.ended(call.slot, false);
      throw reason;
    }
    this.#limits.sent();
    return trial;
  }

  /** @param slot of the call, undefined for a poll */
  ended(slot: QueueSlot | undefined): void {
    this.#limits.ended(slot);
  }

  /** Nobody gets a turn any more. */
  close(): void {
    this.#limits.close();
  }
}

/** Where the ledger is away, calls that cost nothing go on; the others are refused by their claim. */
async function waitForSharedTurn(sharedTurn: SharedTurn, context: CallContext): Promise<void> {
  const milliseconds = await sharedTurn().catch(() => 0);
  if (milliseconds === 0) return;
  await context.wait(milliseconds).catch((cancelled) => {
    if (cancelled instanceof VerifyError) cancelled.details.charged = false;
    throw cancelled;
  });
}
