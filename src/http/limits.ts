/** How much an account may do at a time: docs/contract.md, "Account nodes", `maxConcurrent`, `maxPerSecond`, `maxWaiting`. */

import { onAbort } from '../contract/cancel';
import { VerifyError } from '../contract/errors';
import type { QueueSlot } from '../contract/transport';

export interface LimitOptions {
  /** Requests in flight. */
  maxConcurrent: number;
  /** Requests started in any second; 0 for no limit. */
  maxPerSecond: number;
  /** Messages that may wait for their turn. */
  maxWaiting: number;
}

interface WaitingRequest {
  go(): void;
  /** Ends the waiting without a turn. */
  refuse(): void;
  isRefused: boolean;
}

class Slot implements QueueSlot {
  /** Had a turn already, so it goes before messages that have not. */
  started = false;
  #limits: Limits | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  release(): void {
    this.#limits?.slotFreed();
    this.#limits = undefined;
  }
}

export class Limits {
  readonly #options: LimitOptions;
  readonly #now: () => number;
  /** Messages that had a turn already, then new ones, then polls. */
  readonly #queues = [[], [], []] as [WaitingRequest[], WaitingRequest[], WaitingRequest[]];
  /** When the latest `maxPerSecond` requests were sent. */
  readonly #starts: number[] = [];
  /** Requests that had their turn and are still being written down. */
  #unsent = 0;
  #active = 0;
  #slots = 0;
  #slotsActive = 0;
  #queued = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param options the account's limits
   * @param now milliseconds on a clock that is never set back
   */
  constructor(options: LimitOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /**
   * Takes a slot for a message.
   * @throws VerifyError OVERLOADED when `maxWaiting` messages wait already
   */
  takeSlot(): QueueSlot {
    // A message that has a slot and no request under way goes first, also while its call is still being written down.
    const ahead = this.#slots - this.#slotsActive;
    if (ahead - this.#room() >= this.#options.maxWaiting) {
      throw new VerifyError('OVERLOADED', 'too-many-waiting', { maxWaiting: this.#options.maxWaiting });
    }
    this.#slots++;
    return new Slot(this);
  }

  slotFreed(): void {
    this.#slots--;
  }

  /**
   * Waits until one more request may start, and counts it as started. Call `sent` when it is sent, and `ended` once it
   * has ended or is not sent after all.
   * @param slot of the message, or undefined for a poll
   * @param signal ends the waiting
   * @returns undefined where it may start at once, else when it may
   * @throws VerifyError CANCELLED
   */
  turn(slot: QueueSlot | undefined, signal: AbortSignal): Promise<void> | undefined {
    const own = slot instanceof Slot ? slot : undefined;
    if (signal.aborted || this.#closed) throw notStarted();
    if (this.#queued === 0 && this.#free()) {
      this.#start(own);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const waiter: WaitingRequest = {
        isRefused: false,
        go: () => {
          forget();
          this.#start(own);
          resolve();
        },
        refuse: () => {
          forget();
          waiter.isRefused = true;
          this.#queued--;
          reject(notStarted());
        },
      };
      const forget = onAbort(signal, () => waiter.refuse());
      this.#queues[own ? (own.started ? 0 : 1) : 2].push(waiter);
      this.#queued++;
      this.#next();
    });
  }

  /** A request that had its turn is sent now: what is written down first must not count as sent before. */
  sent(): void {
    this.#unsent--;
    if (this.#options.maxPerSecond === 0) return;
    this.#starts.push(this.#now());
    if (this.#starts.length > this.#options.maxPerSecond) this.#starts.shift();
    this.#next();
  }

  /**
   * A request has ended.
   * @param slot of the message, as it was given to `turn`
   * @param wasSent whether `sent` was called
   */
  ended(slot: QueueSlot | undefined, wasSent = true): void {
    if (!wasSent) this.#unsent--;
    this.#active--;
    if (slot) this.#slotsActive--;
    this.#next();
  }

  /** Rejects everything that waits for its turn, and everything that comes later, as cancelled. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const queue of this.#queues) {
      for (let waiter = queue.shift(); waiter; waiter = queue.shift()) {
        if (!waiter.isRefused) waiter.refuse();
      }
    }
  }

  #start(slot: Slot | undefined): void {
    this.#active++;
    this.#unsent++;
    if (slot) {
      slot.started = true;
      this.#slotsActive++;
    }
  }

  #next(): void {
    while (this.#queued > 0 && this.#free()) {
      const waiter = this.#queues[0].shift() ?? this.#queues[1].shift() ?? this.#queues[2].shift();
      if (!waiter) return;
      if (waiter.isRefused) continue;
      this.#queued--;
      waiter.go();
    }
    if (this.#queued === 0 || this.#active >= this.#options.maxConcurrent || this.#timer) return;
    const pause = this.#pause();
    if (pause === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#next();
    }, pause);
  }

  /** Milliseconds until `maxPerSecond` lets one more start; Infinity as long as all of them are being written down. */
  #pause(): number {
    const { maxPerSecond } = this.#options;
    if (maxPerSecond === 0) return 0;
    const left = maxPerSecond - this.#unsent;
    if (left <= 0) return Number.POSITIVE_INFINITY;
    const before = this.#starts.at(-left);
    return before === undefined ? 0 : Math.max(0, before + 1000 - this.#now());
  }

  /** How many requests may start at once. */
  #room(): number {
    const { maxConcurrent, maxPerSecond } = this.#options;
    const free = Math.max(0, maxConcurrent - this.#active);
    if (maxPerSecond === 0) return free;
    const since = this.#now() - 1000;
    const started = this.#starts.length - 1 - this.#starts.findLastIndex((at) => at <= since);
    return Math.min(free, Math.max(0, maxPerSecond - this.#unsent - started));
  }

  #free(): boolean {
    return this.#active < this.#options.maxConcurrent && this.#pause() === 0;
  }
}

function notStarted(): VerifyError {
  return new VerifyError('CANCELLED', 'cancelled', {}, { charged: false });
}
