/** The calls of a process on their way to the thread of its database, in the order in which they are written. */
import { onAbort } from '../contract/cancel';
import { cancelled } from '../contract/errors';
import { errorOf, type SentOutcome, type SentRequest } from './messages';

/** A commit stays small, so that what comes next is on disk soon. */
export const BATCH_BYTES = 512 * 1024;
/** While the disk refuses writes, fewer calls are tried at a time. */
const PROBE_BYTES = 64 * 1024;
/** A call during which the thread ended this often is refused. */
const MOST_INTERRUPTIONS = 3;

interface CallHandlers {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  /** Called instead of `resolve` where it was rejected before its answer came. */
  late: ((answer: never) => void) | undefined;
}

export class QueuedCall {
  readonly isKept: boolean;
  /** JSON of a SentRequest. */
  readonly text: string;
  /** How often the thread ended while it was under way. */
  interruptions = 0;
  /** It was rejected before its answer came. */
  isAbandoned = false;
  /** Of the signal that would cancel it. */
  forget: (() => void) | undefined;
  readonly #handlers: CallHandlers;

  /** @throws TypeError where the request is not JSON */
  constructor(request: SentRequest, handlers: CallHandlers) {
    this.isKept = request.isKept;
    this.text = JSON.stringify(request);
    this.#handlers = handlers;
  }

  answer(value: unknown): void {
    const { resolve, late } = this.#handlers;
    this.forget?.();
    if (this.isAbandoned) late?.(value as never);
    else resolve(value);
  }

  reject(error: Error): void {
    this.forget?.();
    this.isAbandoned = true;
    this.#handlers.reject(error);
  }
}

export class CallQueue {
  #waiting: QueuedCall[] = [];
  /** What the thread has and has not answered yet, oldest first. */
  #sent: QueuedCall[] = [];
  #sentSize = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#sent.length === 0;
  }

  get isAnswered(): boolean {
    return this.#sent.length === 0;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many of the waiting calls are kept until they are written. */
  get kept(): number {
    return this.#waiting.filter(({ isKept }) => isKept).length;
  }

  /** @param signal rejects it with CANCELLED; what was sent may be written all the same */
  add(call: QueuedCall, signal: AbortSignal | undefined): void {
    this.#waiting.push(call);
    call.forget =
      signal &&
      onAbort(signal, () => {
        const index = this.#waiting.indexOf(call);
        if (index >= 0) this.#waiting.splice(index, 1);
        call.reject(cancelled());
      });
  }

  /** @param work what it adds goes before everything that waits */
  addFirst(work: () => void): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    work();
    this.#waiting = [...this.#waiting, ...waiting];
  }

  /** @returns calls that are sent now, as JSON of a list of SentRequest; null where there are none */
  next(): string | null {
    // What may have ended the thread goes alone.
    const isAlone = [this.#waiting[0], this.#sent[0]].some((call) => call && call.interruptions > 0);
    if (this.#sentSize >= BATCH_BYTES || (isAlone && this.#sent.length > 0)) return null;
    let size = 0;
    let count = 0;
    for (const { text } of this.#waiting) {
      size += text.length;
      if (count > 0 && (isAlone || size > BATCH_BYTES)) break;
      count++;
    }
    return this.#send(this.#waiting.splice(0, count));
  }

  /**
   * As `next`, while the disk refuses writes: some of what is kept, and all that nobody keeps.
   * @param isDue whether it is time to try what is kept
   */
  nextProbe(isDue: boolean): string | null {
    if (this.#sent.length > 0) return null;
    // What may have ended the thread goes alone, and what is kept stays in its order.
    const alone = this.#waiting.findIndex(
      (call, index) => call.interruptions > 0 && (!call.isKept || (isDue && index === 0)),
    );
    if (alone >= 0) return this.#send(this.#waiting.splice(alone, 1));
    if (!isDue && this.#waiting.every(({ isKept }) => isKept)) return null;
    let size = 0;
    const probe: QueuedCall[] = [];
    const rest: QueuedCall[] = [];
    for (const call of this.#waiting) {
      const isSuspect = call.interruptions > 0;
      const isTried = !isSuspect && (!call.isKept || size < PROBE_BYTES);
      if (call.isKept) size += isSuspect ? PROBE_BYTES : call.text.length;
      (isTried ? probe : rest).push(call);
    }
    this.#waiting = rest;
    return this.#send(probe);
  }

  #send(calls: readonly QueuedCall[]): string | null {
    if (calls.length === 0) return null;
    for (const call of calls) {
      this.#sent.push(call);
      this.#sentSize += call.text.length;
    }
    return `[${calls.map(({ text }) => text).join()}]`;
  }

  /**
   * @param outcomes of the calls that were sent first
   * @param problem what those are rejected with that were not written and are not kept; null where all were written
   */
  settle(outcomes: readonly SentOutcome[], problem: Error | null): void {
    const settled = this.#sent.splice(0, outcomes.length);
    const kept: QueuedCall[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      const call = settled[index]!;
      this.#sentSize -= call.text.length;
      if (outcome.ended === 'answered') call.answer(outcome.value);
      else if (outcome.ended === 'refused') call.reject(errorOf(outcome.value));
      else if (call.isKept) kept.push(call);
      else call.reject(problem!);
    }
    // The thread has dropped what came after that.
    if (problem) this.sendAgain(kept);
  }

  /**
   * What was sent is sent again, before what waits.
   * @param first what goes before that
   */
  sendAgain(first: readonly QueuedCall[] = []): void {
    const again = [...first, ...this.#sent].filter(({ isAbandoned }) => !isAbandoned);
    this.#waiting = [...again, ...this.#waiting];
    this.#sent = [];
    this.#sentSize = 0;
  }

  /**
   * The thread has ended: sends again what was sent.
   * @param problem what a call is rejected with during which the thread has ended too often
   */
  interrupt(problem: Error): void {
    for (const call of this.#sent) if (++call.interruptions >= MOST_INTERRUPTIONS) call.reject(problem);
    this.sendAgain();
  }

  /** Rejects what waits and is not kept. */
  refuse(problem: Error): void {
    const refused = this.#waiting.filter(({ isKept }) => !isKept);
    this.#waiting = this.#waiting.filter(({ isKept }) => isKept);
    for (const call of refused) call.reject(problem);
  }

  /** Rejects what was sent and is not kept; it may be written all the same. */
  refuseSent(problem: Error): void {
    for (const call of this.#sent) if (!call.isKept && !call.isAbandoned) call.reject(problem);
  }

  rejectAll(problem: Error): void {
    this.sendAgain();
    for (const call of this.#waiting.splice(0)) call.reject(problem);
  }
}
