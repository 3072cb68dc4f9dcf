import type { Context } from '../action';
import { Cancel } from '../cancel';
import type { Cause, VerifyError } from '../errors';
import { scheduler } from '../polling/scheduler';
import type { Work } from './work';

/** What of the runner reaches into the work on a message. */
export interface Surroundings {
  memory: Map<string, number>;
  warnOnce(key: string, values?: Record<string, string | number>): void;
  /** Shows what trouble a message is in, and whether any is. */
  showTrouble(work: Work): void;
  /** Of the messages being worked on, one more (or one less) only waits. */
  waiting(change: 1 | -1): void;
  explain(error: VerifyError, work: Work): Cause;
}

/** What an action is given for one message. A class, because there is one for every message. */
export class MessageContext implements Context {
  readonly #surroundings: Surroundings;
  readonly #work: Work;

  /**
   * @param surroundings of all messages of the node
   * @param work on this one
   * @param closing no new work once this is cancelled
   * @param signal requests in flight end once this is cancelled
   */
  constructor(
    surroundings: Surroundings,
    work: Work,
    readonly closing: Cancel,
    readonly signal: Cancel,
  ) {
    this.#surroundings = surroundings;
    this.#work = work;
  }

  get memory(): Map<string, number> {
    return this.#surroundings.memory;
  }

  now(): number {
    return Date.now();
  }

  random(): number {
    return Math.random();
  }

  attempted(): void {
    this.#work.attempts++;
  }

  wait(milliseconds: number): Promise<void> {
    return this.#work.pause(milliseconds, this.closing);
  }

  within(milliseconds: number, work: (context: Context) => Promise<unknown>): Promise<boolean> {
    const limited = new Cancel();
    const giveUp = () => limited.cancel();
    const stop = scheduler.after(milliseconds, giveUp);
    const forget = this.closing.onCancel(giveUp);
    this.#work.giveUp = giveUp;
    this.#surroundings.waiting(1);
    const over = () => {
      this.#surroundings.waiting(-1);
      stop();
      forget();
    };
    // Not an async function: each of ten thousand that wait would keep as much as all of this.
    return work(new MessageContext(this.#surroundings, this.#work, limited, limited)).then(
      () => {
        over();
        limited.cancel();
        return true;
      },
      (error) => {
        over();
        const ranOut = limited.cancelled && !this.closing.cancelled;
        limited.cancel();
        if (!ranOut) throw error;
        return false;
      },
    );
  }

  warnOnce(key: string, values?: Record<string, string | number>): void {
    this.#surroundings.warnOnce(key, values);
  }

  trouble(task: string, error: VerifyError | null): void {
    if (this.#work.setTrouble(task, error)) this.#surroundings.showTrouble(this.#work);
  }

  explain(error: VerifyError): Cause {
    return this.#surroundings.explain(error, this.#work);
  }
}
