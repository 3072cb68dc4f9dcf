import type { ErrorCode } from '../errors';
import type { Outcome } from '../result';
import type { Node, Status } from './red';

/** CONTRACT, "Status": at most one change in this time. */
const QUIET_MS = 250;

/**
 * What a node shows. Texts are the contract's own words: flows read them in Status nodes, and the editor looks each up
 * in its catalogue (NODE-RED, "Editor" and "Runtime").
 */
export class NodeStatus {
  readonly #node: Node;
  #inFlight = 0;
  #waiting = 0;
  #trouble: ErrorCode | null = null;
  #last: Status = {};
  #shown = '';
  #shownAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param node whose status it is */
  constructor(node: Node) {
    this.#node = node;
  }

  /** A message is being worked on. */
  started(): void {
    this.#inFlight++;
    this.#update();
  }

  /** Of the messages being worked on, one more (or, with -1, one less) only waits for a task to finish. */
  waiting(change: 1 | -1): void {
    this.#waiting += change;
    this.#update();
  }

  /** Trouble that is being survived, or its end with null. */
  trouble(code: ErrorCode | null): void {
    if (this.#trouble === code) return;
    this.#trouble = code;
    this.#update();
  }

  /** A message gave a result. */
  finished(outcome: Outcome): void {
    this.#ended({ fill: outcome === 'unfinished' ? 'yellow' : 'green', shape: 'dot', text: outcome });
  }

  /** A message gave an error. */
  failed(code: ErrorCode): void {
    this.#ended({ fill: 'red', shape: 'dot', text: code });
  }

  /** No message can give a result as the node is set up. */
  misconfigured(): void {
    this.#last = { fill: 'red', shape: 'dot', text: 'CONFIG' satisfies ErrorCode };
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
    if (this.#inFlight > 0 && this.#trouble) return { fill: 'red', shape: 'dot', text: this.#trouble };
    if (this.#inFlight > this.#waiting) return { fill: 'blue', shape: 'ring', text: String(this.#inFlight) };
    if (this.#inFlight > 0) return { fill: 'yellow', shape: 'dot', text: 'waiting' };
    return this.#last;
  }

  #update(): void {
    if (this.#closed || this.#timer) return;
    const left = this.#shownAt + QUIET_MS - performance.now();
    // Never at once: a message that is refused as soon as it comes is not first shown as being worked on.
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
