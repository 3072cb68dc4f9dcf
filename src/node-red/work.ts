import type { Cancel } from '../cancel';
import { VerifyError } from '../errors';
import { scheduler } from '../polling/scheduler';
import type { Resumed } from './backlog';
import type { Done, Message, Send } from './red';

/** A pause between two requests. */
interface Pause {
  /** Unix time in milliseconds. */
  due: number;
  end(): void;
}

/** One message being worked on. */
export class Work {
  attempts = 0;
  ended = false;
  /** In the spool, where it is kept. */
  id: string | undefined;
  taskIds: readonly string[] = [];
  /** Unix time in milliseconds, where it waits for a task. */
  deadline: number | null = null;
  /** Stops what is still under way when it ends early. */
  giveUp: () => void = () => {};
  /** Trouble being survived, by task. */
  readonly troubles = new Map<string, VerifyError>();
  readonly startedAt: number;
  /** On the clock of `performance.now()`. */
  readonly started: number;
  readonly #pauses = new Set<Pause>();

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
    const due = Math.min(...[...this.#pauses].map((pause) => pause.due));
    return Number.isFinite(due) ? due : null;
  }

  /**
   * @param milliseconds to wait
   * @param closing ends it
   * @throws VerifyError CANCELLED when the node closes first
   */
  pause(milliseconds: number, closing: Cancel): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        stop();
        forget();
        this.#pauses.delete(pause);
      };
      const pause: Pause = {
        due: Date.now() + milliseconds,
        end: () => {
          leave();
          resolve();
        },
      };
      let forget = () => {};
      const stop = scheduler.after(milliseconds, pause.end);
      this.#pauses.add(pause);
      forget = closing.onCancel(() => {
        leave();
        reject(new VerifyError('CANCELLED', 'cancelled'));
      });
    });
  }

  /** Ends every pause: what waits asks at once. */
  wake(): void {
    for (const pause of [...this.#pauses]) pause.end();
  }
}
