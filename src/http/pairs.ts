/** Which pair of keys signs: docs/contract.md, "Account nodes", on rotation. */
import type { Credentials } from '../contract/settings';

export class Pairs {
  readonly #pairs: readonly Credentials[];
  readonly #onRotated: () => void;
  #inUse: Credentials;

  /**
   * @param pairs the first one, and the next one where there is one
   * @param onRotated called once, when the next pair takes the place of the first
   */
  constructor(pairs: readonly [Credentials, ...Credentials[]], onRotated: () => void) {
    this.#pairs = pairs;
    this.#onRotated = onRotated;
    this.#inUse = pairs[0];
  }

  /** The pair that a new call is signed with. */
  get inUse(): Credentials {
    return this.#inUse;
  }

  /**
   * @param refused a pair that a provider did not accept
   * @returns the other one, if there is one
   */
  beside(refused: Credentials): Credentials | undefined {
    return this.#pairs.find((pair) => pair !== refused);
  }

  /**
   * A provider has accepted a signature. The first pair never signs new calls again: it only
   * signs polls of tasks that it created.
   * @param pair it was made with
   */
  accepted(pair: Credentials): void {
    if (pair === this.#inUse || pair === this.#pairs[0]) return;
    this.#inUse = pair;
    this.#onRotated();
  }
}
