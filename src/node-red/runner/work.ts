/** One message that is worked on, and what its action is given. */
import { setTimeout } from 'node:timers/promises';
import type { AskContext } from '../../contract/action';
import { type Cause, type ErrorDetails, VerifyError } from '../../contract/errors';
import type { Payments } from '../../contract/payment';
import type { PhotoStore } from '../../contract/photo-store';
import type { Environment, Result } from '../../contract/result';
import type { PendingTask } from '../../waiting/pending-tasks';
import type { DescribedError } from './flow-error';
import type { InputMessage } from './handle-input';
import type { Message } from './red';

/** The result or error of a message that has not been sent or raised yet: plain data. */
export type PendingDelivery = { result: Result } | { error: DescribedError };

/** @param work of a task: a delivery, or the state of what waits */
export function isDelivery(work: unknown): work is PendingDelivery {
  return typeof work === 'object' && work !== null && ('result' in work || 'error' in work);
}

/** One message that is being worked on. */
export interface Work {
  readonly message: Message;
  readonly input: InputMessage;
  /** Unix time in milliseconds, when the node first took it. */
  readonly startedAt: number;
  /** The same on the clock of `performance.now()`. */
  readonly started: number;
  /** Requests sent. */
  attempts: number;
  /** Id of the account node it goes to. */
  account: string;
  /** Of that account, once it was found. */
  provider: string | null;
  /** Of that account as it was asked last: another deploy may have changed it by the time of the answer. */
  environment: Environment | null;
  /** Set if the message waits, or is that of a resumed task. */
  task: PendingTask | null;
  ended: boolean;
  /** Details for its error as long as nothing was sent. */
  unsent?: ErrorDetails | undefined;
}

/**
 * @param input that came in
 * @param account that the node has
 * @param task if the message is that of a resumed one
 */
export function workOn(input: InputMessage, account: string, task: PendingTask | undefined): Work {
  const now = Date.now();
  const startedAt = task?.since ?? now;
  const started = performance.now() - Math.max(0, now - startedAt);
  return {
    message: input.message,
    input,
    startedAt,
    started,
    account,
    provider: null,
    environment: null,
    attempts: task?.attempts ?? 0,
    task: task ?? null,
    ended: false,
  };
}

/** What the contexts of all messages of a node share. */
export interface NodeContext {
  memory: Map<string, number>;
  warnOnce(key: string, values?: Record<string, string | number>): void;
  explain(error: VerifyError, work: Work, attempts: number): Cause;
  photoStore(environment: Environment): PhotoStore;
  seal(text: string): Promise<string | null>;
}

/** What an action is given for one message, or for one step of one that waits. A class, because there are so many. */
export class MessageContext implements AskContext {
  /** Requests sent. */
  attempts = 0;

  /**
   * @param node what it shares with all messages of its node
   * @param work on the message
   * @param payments of the message
   * @param closing no new work once this is aborted
   * @param signal requests in flight end once this is aborted
   * @param stepReason why it is worked on
   * @param until when its time is over, on the clock of `performance.now()`
   */
  constructor(
    readonly node: NodeContext,
    readonly work: Work,
    readonly payments: Payments,
    readonly closing: AbortSignal,
    readonly signal: AbortSignal,
    readonly stepReason: AskContext['stepReason'] = 'arrived',
    readonly until = Number.POSITIVE_INFINITY,
  ) {}

  get memory(): Map<string, number> {
    return this.node.memory;
  }

  now(): number {
    return Date.now();
  }

  random(): number {
    return Math.random();
  }

  left(): number {
    return Math.max(0, this.until - performance.now());
  }

  attempted(): void {
    this.attempts++;
    // Of the whole message, which takes several steps.
    if (this.work.task) this.work.task.attempts++;
  }

  async wait(milliseconds: number): Promise<void> {
    try {
      await setTimeout(milliseconds, undefined, { signal: this.closing });
    } catch {
      throw new VerifyError('CANCELLED', 'cancelled');
    }
  }

  warnOnce(key: string, values?: Record<string, string | number>): void {
    this.node.warnOnce(key, values);
  }

  photoStore(environment: Environment): PhotoStore {
    return this.node.photoStore(environment);
  }

  seal(text: string): Promise<string | null> {
    return this.node.seal(text);
  }

  async isSealed(text: string, seal: unknown): Promise<boolean> {
    return typeof seal === 'string' && seal === (await this.seal(text));
  }

  explain(error: VerifyError): Cause {
    return this.node.explain(error, this.work, this.attempts);
  }
}
