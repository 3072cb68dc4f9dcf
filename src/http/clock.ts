/** The provider's time, where its answers show that ours is off: CONTRACT, "Errors", on a refused signature. */
import type { HttpAnswer } from '../action';

const TOLERATED_MS = 30_000;

export class Clock {
  readonly #now: () => number;
  #offset = 0;

  /** @param now Unix time in milliseconds as this machine has it */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Unix time in milliseconds as the provider has it, as far as is known. */
  now(): number {
    return this.#now() + this.#offset;
  }

  /**
   * @param answer that refused a signature
   * @returns the offset in milliseconds its `Date` asks for, or null where it is within 30 s of ours, missing, or may
   *   come from a cache (`Age`)
   */
  offsetAskedBy(answer: HttpAnswer): number | null {
    const { date, age } = answer.headers;
    if (typeof date !== 'string' || age !== undefined) return null;
    const providerTime = Date.parse(date);
    if (Number.isNaN(providerTime) || Math.abs(providerTime - this.now()) <= TOLERATED_MS) return null;
    return providerTime - this.#now();
  }

  /**
   * Unix time in milliseconds under another offset.
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
