/**
 * Which time and which pair of keys a request is signed with, and how a refused signature is corrected: once for a clock that
 * is off, once for a pair that was replaced. docs/contract.md, "Errors" (on a refused signature) and "Account nodes" (on rotation).
 */
import type { VerifyError } from '../contract/errors';
import type { Credentials } from '../contract/settings';
import type { HttpAnswer } from '../contract/transport';

const TOLERATED_MS = 30_000;

/** What one call uses instead of what its account uses. */
export interface Corrections {
  /** Milliseconds the provider is ahead of this machine. */
  readonly offset?: number;
  readonly pair?: Credentials;
}

/** What one request is signed with. */
export interface SignedWith {
  readonly corrections: Corrections;
  /** Milliseconds the provider is ahead of this machine. */
  readonly offset: number;
  readonly pair: Credentials;
}

export class Signing {
  readonly #pairs: readonly Credentials[];
  readonly #onRotated: () => void;
  /** Milliseconds the provider is ahead of this machine, as far as is known. */
  #offset = 0;
  /** The pair that a new call is signed with. */
  #inUse: Credentials;

  /**
   * @param pairs the account's first pair of keys, and the next one where there is one
   * @param onRotated called once, when the next pair takes the place of the first
   */
  constructor(pairs: readonly [Credentials, ...Credentials[]], onRotated: () => void) {
    this.#pairs = pairs;
    this.#onRotated = onRotated;
    this.#inUse = pairs[0];
  }

  /**
   * @param corrections of the call
   * @returns what its next request is signed with
   */
  signWith(corrections: Corrections): SignedWith {
    const { offset = this.#offset, pair = this.#inUse } = corrections;
    return { corrections, offset, pair };
  }

  /**
   * The provider let a signature in: the account signs so from now on. The first pair never signs new calls again: it only
   * signs polls of tasks that it created.
   */
  accepted({ corrections, pair }: SignedWith): void {
    if (corrections.offset !== undefined) this.#offset = corrections.offset;
    if (pair === this.#inUse || pair === this.#pairs[0]) return;
    this.#inUse = pair;
    this.#onRotated();
  }

  /**
   * A request with a refused signature was not processed, so sending it again cannot cost twice.
   * @param signedWith what the request was signed with
   * @param error it ended with
   * @param answer undefined where none came
   * @returns what to sign with instead, or null where a signature is not at fault or was corrected already
   */
  correct(
    { corrections, offset, pair }: SignedWith,
    error: VerifyError,
    answer: HttpAnswer | undefined,
  ): Corrections | null {
    if (error.code !== 'AUTH' || !answer) return null;
    if (corrections.offset === undefined) {
      const corrected = offsetAskedBy(answer, Date.now(), offset);
      if (corrected !== null) return { ...corrections, offset: corrected };
    }
    if (corrections.pair) return null;
    const other = this.#pairs.find((each) => each !== pair);
    return other ? { ...corrections, pair: other } : null;
  }
}

/**
 * The provider's time, where its answers show that ours is off: docs/contract.md, "Errors", on a refused signature.
 * @param answer that refused a signature
 * @param now Unix time in milliseconds as this machine has it
 * @param used the offset it was signed with, which may not be the one known by now
 * @returns the offset in milliseconds its `Date` asks for, or null where it is within 30 s of the one used, missing, or may
 *   come from a cache (`Age`)
 */
export function offsetAskedBy(
  { headers: { date, age } }: HttpAnswer,
  now: number,
  used: number,
): number | null {
  if (typeof date !== 'string' || age !== undefined) return null;
  const offset = Date.parse(date) - now;
  return Math.abs(offset - used) > TOLERATED_MS ? offset : null;
}
