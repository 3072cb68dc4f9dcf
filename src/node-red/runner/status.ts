import type { ErrorCode } from '../../contract/errors';
import type { Outcome } from '../../contract/result';
import type { Node, Red, Status } from './red';

/** docs/contract.md, "Status": at most one change in this time. */
const QUIET_MS = 250;

/** docs/contract.md, "Status". */
export const FILLS: Readonly<Record<Outcome, Status['fill']>> = {
  submitted: 'green',
  passed: 'green',
  failed: 'red',
  inconclusive: 'yellow',
  unfinished: 'yellow',
  issued: 'green',
  answered: 'green',
};

/** @returns the outcome of what a job answered, which need not be a result of this package */
export function outcomeOf(payload: unknown): Outcome {
  const { outcome } = (payload ?? {}) as { outcome?: unknown };
  return typeof outcome === 'string' && Object.hasOwn(FILLS, outcome) ? (outcome as Outcome) : 'answered';
}

/**
 * What a node shows. The words are fixed by docs/contract.md: flows read them in Status nodes, and the editor translates them by
 * its catalogue (docs/node-red.md, "Editor" and "Runtime"). Texts with a number are in the language of the runtime.
 */
export class NodeStatus {
  readonly #red: Red;
  readonly #node: Node;
  readonly #isOnSandbox: () => boolean;
  #inFlight = 0;
  #waiting = 0;
  #retrying: ErrorCode | null = null;
  #stuck: ErrorCode | null = null;
  #last: Status = {};
  #shown = '';
  #shownAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param red Node-RED
   * @param node whose status it is
   * @param isOnSandbox whether its account is on the sandbox at this moment
   */
  constructor(red: Red, node: Node, isOnSandbox: () => boolean) {
    this.#red = red;
    this.#node = node;
    this.#isOnSandbox = isOnSandbox;
  }

  /** Whether no error is being retried. */
  get isFine(): boolean {
    return this.#retrying === null;
  }

  /** A message is being worked on. */
  started(): void {
    this.#inFlight++;
    this.#update();
  }

  /** So many of the messages being worked on only wait for a task to finish. */
  waiting(count: number): void {
    this.#waiting = count;
    this.#update();
  }

  /** The error after which something is retried; null once that succeeded. */
  retrying(code: ErrorCode | null): void {
    if (this.#retrying === code) return;
    this.#retrying = code;
    this.#update();
  }

  /** Nothing can come in, whatever is in flight; null once it can. */
  stuck(code: ErrorCode | null): void {
    if (this.#stuck === code) return;
    this.#stuck = code;
    this.#update();
  }

  /** A message gave a result. */
  finished(outcome: Outcome): void {
    this.#ended({ fill: FILLS[outcome], shape: 'dot', text: outcome });
  }

  /** A message gave an error. */
  failed(code: ErrorCode): void {
    this.#ended({ fill: 'red', shape: 'ring', text: code });
  }

  /** No message can give a result as the node is set up. */
  misconfigured(): void {
    this.#last = { fill: 'red', shape: 'ring', text: 'CONFIG' satisfies ErrorCode };
    this.#node.status(this.#last);
  }

  /** A message is left for the next start; there is nothing to show of it. */
  left(): void {
    this.#inFlight--;
  }

  /** Clears the status; nothing is shown after this. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#node.status({});
  }

  #ended(status: Status): void {
    this.#inFlight--;
    this.#last = status;
    this.#update();
  }

  #current(): Status {
    if (this.#stuck) return { fill: 'red', shape: 'ring', text: this.#stuck };
    const sandbox = this.#isOnSandbox();
    if (this.#inFlight > this.#waiting && !this.#retrying) {
      const count = this.#inFlight;
      return {
        fill: 'blue',
        shape: 'ring',
        text: sandbox ? this.#red._('status.sandbox-in-flight', { count }) : String(count),
      };
    }
    if (this.#inFlight > 0 && !this.#retrying) {
      const text = this.#red._(sandbox ? 'status.sandbox-waiting' : 'status.waiting', {
        count: this.#waiting,
      });
      return { fill: 'yellow', shape: 'dot', text };
    }
    const last: Status =
      this.#inFlight > 0 && this.#retrying
        ? { fill: 'red', shape: 'ring', text: this.#retrying }
        : this.#last;
    return last.text && sandbox ? { ...last, text: `sandbox ${last.text}` } : last;
  }

  #update(): void {
    if (this.#closed || this.#timer) return;
    const left = this.#shownAt + QUIET_MS - performance.now();
    // Not at once, so that a message that is refused immediately is not shown as in flight.
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#show();
      },
      Math.max(0, left),
    );
  }

  #show(): void {
    const status = this.#current();
    const key = `${status.fill} ${status.shape} ${status.text}`;
    if (key === this.#shown) return;
    this.#shown = key;
    this.#shownAt = performance.now();
    this.#node.status(status);
  }
}
