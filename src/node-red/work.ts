import type { Cancel } from '../cancel';
import { type ErrorDetails, VerifyError } from '../errors';
import { scheduler } from '../polling/scheduler';
import type { Resumed } from './backlog';
import type { Done, Message, Send } from './red';

/** A pause between two requests. A class, because ten thousand tasks may be in one each. */
class Pause {
  /** Unix time in milliseconds. */
  readonly due: number;
  readonly #pauses: Pause[];
  readonly #resolve: () => void;
  readonly #stop: () => void;
  readonly #forget: () => void;

  constructor(
    milliseconds: number,
    closing: Cancel,
    pauses: Pause[],
    resolve: () => void,
    reject: (error: VerifyError) => void,
  ) {
    this.due = Date.now() + milliseconds;
    this.#pauses = pauses;
    this.#resolve = resolve;
    this.#stop = scheduler.after(milliseconds, () => this.end());
    this.#forget = closing.onCancel(() => {
      this.#leave();
      reject(new VerifyError('CANCELLED', 'cancelled'));
    });
  }

  end(): void {
    this.#leave();
    this.#resolve();
  }

  #leave(): void {
    this.#stop();
    this.#forget();
    this.#pauses.splice(this.#pauses.indexOf(this), 1);
  }
}

/** One message being worked on. */
export class Work {
  attempts = 0;
  ended = false;
  /** In the spool, where it is kept. */
  id: string | undefined;
  taskIds: readonly string[] = [];
  /** What its error tells as long as nothing was sent. */
  unsent: ErrorDetails | undefined;
  /** Unix time in milliseconds, where it waits for a task. */
  deadline: number | null = null;
  /** Stops what is still under way when it ends early. */
  giveUp: (() => void) | undefined;
  readonly startedAt: number;
  /** On the clock of `performance.now()`. */
  readonly started: number;
  /** Made at first use, as most messages need neither. */
  #pauses: Pause[] | undefined;
  #troubles: Map<string, VerifyError> | undefined;

  /**
   * @param message that came in
   * @param send sends on
   * @param done says that it is over
   * @param resumed what was kept of it, where it is one from before
   */
  constructor(
    readonly message: Message,
    readonly send: Send,
    readonly done: Done,
    readonly resumed: Resumed | undefined,
  ) {
    const now = Date.now();
    this.startedAt = resumed?.since ?? now;
    this.started = performance.now() - Math.max(0, now - this.startedAt);
    this.id = resumed?.id;
    this.taskIds = resumed?.taskIds ?? [];
  }

  /** Unix time in milliseconds of the next request, or null while one is under way. */
  get nextDue(): number | null {
    let next: number | null = null;
    for (const { due } of this.#pauses ?? []) if (next === null || due < next) next = due;
    return next;
  }

  /** The latest trouble that is being survived. */
  get trouble(): VerifyError | undefined {
    return [...(this.#troubles?.values() ?? [])].at(-1);
  }

  /**
   * @param task that is in trouble, or out of it with null
   * @param error the trouble
   * @returns whether anything changed
   */
  setTrouble(task: string, error: VerifyError | null): boolean {
    if (!error) return this.#troubles?.delete(task) ?? false;
    this.#troubles ??= new Map();
    this.#troubles.set(task, error);
    return true;
  }

  /** It is over, with all its trouble; later calls do nothing. */
  end(): void {
    this.ended = true;
    this.#troubles = undefined;
    this.giveUp?.();
  }

  /**
   * @param milliseconds to wait
   * @param closing ends it
   * @throws VerifyError CANCELLED when the node closes first
   */
  pause(milliseconds: number, closing: Cancel): Promise<void> {
    this.#pauses ??= [];
    const pauses = this.#pauses;
    return new Promise((resolve, reject) => {
      if (closing.cancelled) reject(new VerifyError('CANCELLED', 'cancelled'));
      else pauses.push(new Pause(milliseconds, closing, pauses, resolve, reject));
    });
  }

  /** Ends every pause: what waits asks at once. */
  wake(): void {
    for (const pause of [...(this.#pauses ?? [])]) pause.end();
  }
}
