/** Refuses at once while the provider is down: docs/contract.md, "Errors", the paragraph "Circuit". */
import { VerifyError } from '../contract/errors';

const FAILURES = 10;
const AT_LEAST_MS = 2_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

export class Circuit {
  readonly #now: () => number;
  readonly #onChange: (open: boolean) => void;
  #failures = 0;
  #firstFailure = 0;
  #pause = 0;
  #openUntil = 0;
  /** Number of the probe under way, or 0. */
  #probe = 0;
  #probes = 0;

  /**
   * @param now milliseconds on a clock that is never set back
   * @param onChange called once each time the circuit opens (true) or closes (false)
   */
  constructor(now: () => number, onChange: (open: boolean) => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** @throws VerifyError OVERLOADED with `retryAfter` in seconds while no probe may be sent */
  refuse(): void {
    if (this.#pause === 0) return;
    const left = this.#openUntil - this.#now();
    if (left <= 0 && this.#probe === 0) return;
    const retryAfter = Math.max(1, Math.ceil(left / 1000));
    throw new VerifyError('OVERLOADED', 'provider-down', { retryAfter }, { retryAfter, charged: false });
  }

  /**
   * A request is let in. While the circuit is open it is the probe, so this comes before anything that takes time.
   * @returns the number of the probe that it is; 0 while the circuit is closed
   * @throws VerifyError OVERLOADED as `refuse` does
   */
  enter(): number {
    this.refuse();
    if (this.#pause === 0) return 0;
    this.#probe = ++this.#probes;
    return this.#probe;
  }

  /**
   * A request ended with an error.
   * @param probe what `enter` gave for it: requests from before may still end while a probe is under way
   * @param error as `describeFailure` left it
   * @param wasAnswered whether an answer came whole
   */
  ended(probe: number, { code, details }: VerifyError, wasAnswered: boolean): void {
    // An answer that is too large or damaged cannot be read, but its status is known.
    const serverFailed = (details.httpStatus ?? 0) >= 500 && !details.envelope;
    if (code === 'NETWORK' || code === 'TIMEOUT' || serverFailed) this.failed(probe);
    else if (wasAnswered || code === 'PROTOCOL') this.answered();
    else this.cancelled(probe);
  }

  /**
   * The provider failed.
   * @param probe what `enter` gave for the request
   */
  failed(probe: number): void {
    const now = this.#now();
    if (this.#failures++ === 0) this.#firstFailure = now;
    if (this.#pause > 0) {
      if (probe === 0 || probe !== this.#probe) return;
      this.#probe = 0;
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
      this.#openUntil = now + this.#pause;
    } else if (this.#failures >= FAILURES && now - this.#firstFailure >= AT_LEAST_MS) {
      this.#pause = FIRST_PAUSE_MS;
      this.#openUntil = now + this.#pause;
      this.#onChange(true);
    }
  }

  /** A request was answered, and the provider did not fail. */
  answered(): void {
    this.#failures = 0;
    if (this.#pause === 0) return;
    this.#pause = 0;
    this.#probe = 0;
    this.#onChange(false);
  }

  /**
   * A request ended in a way that says nothing about the provider.
   * @param probe what `enter` gave for it
   */
  cancelled(probe: number): void {
    if (probe === this.#probe) this.#probe = 0;
  }
}
