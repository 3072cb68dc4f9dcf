/** What a node did not end before it was closed, or killed, and takes up again: CONTRACT, "Action nodes", `resume`. */
import type { Cause, ErrorCode } from '../errors';
import { scheduler } from '../polling/scheduler';
import type { Spool, SpoolTrouble } from '../polling/spool';
import { spoolOf } from '../polling/spools';
import type { Result } from '../result';
import type { Message, Node, Red } from './red';
import { spoolPlace } from './spool-place';
import { onceStarted } from './started';

/** What there is to do with a message: work on it again, or say what became of it. */
export type Left =
  | { fields: Record<string, unknown> }
  | { result: Result }
  | { error: { message: string; code: ErrorCode; cause: Cause } };

/** A message from before, in its turn. */
export interface Resumed {
  id: string;
  /** Unix time in milliseconds, when the node first took the message. */
  since: number;
  taskIds: readonly string[];
  left: Left;
}

export class Backlog {
  readonly #node: Node;
  readonly #red: Red;
  readonly #spool: Spool;
  readonly #resumed = new Map<Message, Resumed>();
  readonly #stops = new Set<() => void>();
  #pickedUp: Promise<void> | undefined;
  #isClosed = false;

  /**
   * Waits until all flows have started, and hands the node its messages from before, marked with `resumed`.
   * @param red Node-RED
   * @param node that takes them as if they came in
   * @param spread milliseconds over which they come
   */
  constructor(red: Red, node: Node, spread: number) {
    this.#red = red;
    this.#node = node;
    this.#spool = spoolOf(spoolPlace(red), node.id);
    this.#stops.add(
      onceStarted(red, () => {
        this.#pickedUp = this.#pickUp(spread);
      }),
    );
  }

  /**
   * @param message that came in
   * @returns what was kept of it, where it is one from before
   */
  take(message: Message): Resumed | undefined {
    const resumed = this.#resumed.get(message);
    this.#resumed.delete(message);
    return resumed;
  }

  /**
   * @param message to keep
   * @param left what there is to do with it
   * @param since Unix time in milliseconds
   * @param taskIds for operators to see
   * @param deadline Unix time in milliseconds, where it waits
   * @returns an id for `sent`
   */
  keep(
    message: Message,
    left: Left,
    since: number,
    taskIds: readonly string[],
    deadline: number | null,
  ): string {
    return this.#spool.keep({ type: this.#node.type, message, work: left, since, taskIds, deadline });
  }

  /** What was kept has been sent or raised. */
  sent(id: string): void {
    this.#spool.sent(id);
  }

  /**
   * Takes nothing up any more, and ends what is being written.
   * @param mayReturn whether the node will be there again at once
   */
  async close(mayReturn: boolean): Promise<void> {
    this.#isClosed = true;
    await this.#pickedUp;
    for (const stop of this.#stops) stop();
    await this.#spool.close(mayReturn);
  }

  async #pickUp(spread: number): Promise<void> {
    const found = await this.#spool.pickUp((trouble, { folder, count }) =>
      this.#node.warn(textOf(this.#red, trouble, folder, count)),
    );
    const own = [...found].filter(([, { type }]) => type === this.#node.type);
    let index = 0;
    for (const [id, { message, since, taskIds, work }] of own) {
      if (this.#isClosed) return;
      const stop = scheduler.after((index++ * spread) / own.length, () => {
        this.#stops.delete(stop);
        this.#resumed.set(message, { id, since, taskIds, left: work as Left });
        this.#node.receive(Object.assign(message, { resumed: true }));
      });
      this.#stops.add(stop);
    }
  }
}

function textOf(red: Red, trouble: SpoolTrouble, folder: string, count: number): string {
  return {
    unwritable: red._('warnings.spool-unwritable', { folder }),
    unreadable: red._('warnings.spool-unreadable', { folder }),
    damaged: red._('warnings.spool-damaged', { folder, count }),
    'in-part': red._('warnings.spool-in-part'),
  }[trouble];
}
