/** The provider's time, where its answers show that ours is off: docs/contract.md, "Errors", on a refused signature. */
import type { HttpAnswer } from '../contract/transport';

const TOLERATED_MS = 30_000;

export class Clock {
  readonly #now: () => number;
  #offset = 0;

  /** @param now Unix time in milliseconds as this machine has it */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds the provider is ahead of this machine, as far as is known. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * @param answer that refused a signature
   * @param used the offset it was signed with, which may not be the one known by now
   * @returns the offset in milliseconds its `Date` asks for, or null where it is within 30 s of the one used, missing,
   *   or may come from a cache (`Age`)
   */
  offsetAskedBy(answer: HttpAnswer, used: number): number | null {
    const { date, age } = answer.headers;
    if (typeof date !== 'string' || age !== undefined) return null;
    const asked = Date.parse(date) - this.#now();
    return Math.abs(asked - used) > TOLERATED_MS ? asked : null;
  }

  /**
   * Unix time in milliseconds under an offset.
   * @param offset in milliseconds
   */
  at(offset: number): number {
    return this.#now() + offset;
  }

  /**
   * Keeps an offset that a provider has accepted.
   * @param offset in milliseconds
   */
  keep(offset: number): void {
    this.#offset = offset;
  }
}
