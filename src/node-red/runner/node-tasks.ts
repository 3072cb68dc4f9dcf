/** The pending tasks of one instance of a node: docs/contract.md, "Action nodes", `resume`, and "Errors", "Retries". */
import type { Account } from '../../contract/account';
import type { AskContext, Unfinished, Waiting, Waits } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { Payments } from '../../contract/payment';
import type { Answer } from '../../contract/result';
import type { PendingTask, PendingTasks, TaskOwner } from '../../waiting/pending-tasks';
import type { Message, Node } from './red';
import { isDelivery, MessageContext, type NodeContext, type PendingDelivery, type Work } from './work';

/** Tasks that are resumed at a start are spread over this time, which is truth-poll's default interval. */
const SPREAD_MS = 2_000;

/** What the runner does for messages that wait. */
export interface TaskRunner extends NodeContext {
  /** For calls that cost nothing. */
  free: Payments;
  /** Gives the account that a message goes to, as it is now. */
  open(work: Work): Account | Promise<Account>;
  /** Ends a message with the answer to it. */
  succeed(answer: Answer, work: Work): void;
  /** Ends a message with an error. */
  fail(reason: unknown, work: Work): void;
  /** Sends the result or raises the error. */
  deliver(delivery: PendingDelivery, work: Work): void;
  deliveryOf(error: VerifyError): PendingDelivery;
  /** Leaves a message to the next instance of the node. */
  handOver(work: Work): void;
  /** The error that queries meet at the moment; null when none does any more. */
  retrying(error: VerifyError | null): void;
  /** How many messages wait. */
  waiting(count: number): void;
}

export class NodeTasks<Input, State> implements TaskOwner {
  readonly #node: Node;
  readonly #pending: PendingTasks;
  readonly #runner: TaskRunner;
  readonly #waits: Waits<Input, State> | undefined;
  /** The tasks whose message this instance has. */
  readonly #works = new Map<PendingTask, Work>();
  /** Messages of resumed tasks on their way through Node-RED to the input of the node. */
  readonly #returning = new Map<Message, PendingTask>();
  readonly #queries = new Map<PendingTask, AbortController>();
  readonly #lastErrors = new Map<PendingTask, VerifyError>();

  /**
   * @param node the instance
   * @param pending all tasks of the runtime
   * @param runner of the node
   * @param waits of the action, if it has anything to wait for
   */
  constructor(node: Node, pending: PendingTasks, runner: TaskRunner, waits: Waits<Input, State> | undefined) {
    this.#node = node;
    this.#pending = pending;
    this.#runner = runner;
    this.#waits = waits;
  }

  /** Claims the tasks of the instances before this one. They come in as messages with `resumed: true`. */
  resumePending(): void {
    const tasks = this.#pending.claim(this.#node.id, this.#node.type, this);
    for (const [index, task] of tasks.entries())
      this.#pending.schedule(task, (index * SPREAD_MS) / tasks.length);
  }

  /** @returns the task whose message came in; undefined if the message is a new one */
  taskOf(message: Message): PendingTask | undefined {
    const task = this.#returning.get(message);
    this.#returning.delete(message);
    return task;
  }

  /** Goes on with the message of a resumed task. */
  resume(work: Work, task: PendingTask): void {
    if (task.owner !== this) this.#runner.handOver(work);
    else if (isDelivery(task.work)) {
      try {
        this.#runner.deliver(task.work, work);
      } catch (reason) {
        this.#runner.fail(reason, work);
      }
    } else {
      const { account } = task.work as { account?: unknown };
      if (typeof account === 'string') work.account = account;
      this.#works.set(task, work);
      this.#runner.waiting(this.#works.size);
      this.#query(work, task);
    }
  }

  /** Lets a message wait. Its first query follows once the task is on disk. */
  begin(work: Work, { state, taskIds, timeout, resume }: Waiting<State>): void {
    const { message, startedAt } = work;
    const task = this.#pending.add(
      {
        node: this.#node.id,
        type: this.#node.type,
        since: startedAt,
        deadline: Math.round(startedAt + timeout),
        taskIds,
        work: { state, account: work.account },
        message,
        isDurable: resume,
      },
      this,
    );
    work.task = task;
    this.#works.set(task, work);
    this.#runner.waiting(this.#works.size);
  }

  due(task: PendingTask): void {
    const work = this.#works.get(task);
    const query = this.#queries.get(task);
    if (query) query.abort();
    else if (work) this.#query(work, task);
    else {
      const message = asResumed(task.message);
      this.#returning.set(message, task);
      this.#node.receive(message);
    }
  }

  drop(task: PendingTask): void {
    const work = this.#works.get(task);
    const error = new VerifyError('CANCELLED', 'dropped', {}, { taskIds: [...task.taskIds] });
    if (work) this.#runner.fail(error, work);
    else {
      task.work = this.#runner.deliveryOf(error);
      task.deadline = null;
      this.#pending.schedule(task, 0);
    }
  }

  /** The message was sent or raised. */
  delivered(task: PendingTask): void {
    this.#forget(task);
    this.#pending.delivered(task, this);
  }

  /**
   * Gives all tasks back.
   * @param mayReturn whether the node may be there again at once
   */
  close(mayReturn: boolean): void {
    const ended = new Set(this.#pending.release(this, mayReturn));
    for (const [task, work] of [...this.#works]) {
      this.#forget(task);
      if (ended.has(task)) this.#runner.fail(new VerifyError('CANCELLED', 'cancelled'), work);
      else this.#runner.handOver(work);
    }
  }

  #query(work: Work, task: PendingTask): void {
    const query = new AbortController();
    this.#queries.set(task, query);
    task.isQuerying = true;
    const { stepReason, until } = task;
    task.stepReason = 'again';
    const context = new MessageContext(
      this.#runner,
      work,
      this.#runner.free,
      query.signal,
      query.signal,
      stepReason,
      until,
    );
    // The end of its time cancels the query. A task whose time was over before is queried once all the same.
    if (context.left() > 0) this.#pending.schedule(task, Number.POSITIVE_INFINITY);
    const { state } = task.work as { state: State };
    const ended = (then: () => void) => {
      this.#queries.delete(task);
      task.isQuerying = false;
      work.attempts = task.attempts;
      if (task.owner === this && !work.ended) then();
    };
    this.#step(state, work, context).then(
      (step) => ended(() => this.#stepped(step, work, task)),
      (reason) => ended(() => this.#runner.fail(reason, work)),
    );
  }

  async #step(state: State, work: Work, context: AskContext): Promise<Answer | Unfinished> {
    return this.#waits!.ask(() => this.#runner.open(work), state, context);
  }

  #stepped(step: Answer | Unfinished, work: Work, task: PendingTask): void {
    if (!('nextStepIn' in step)) {
      this.#runner.succeed(step, work);
      return;
    }
    this.#setLastError(task, step.lastError);
    this.#pending.schedule(task, step.nextStepIn);
  }

  #setLastError(task: PendingTask, error: VerifyError | null): void {
    const before = this.#lastErrors.size;
    this.#lastErrors.delete(task);
    if (error) this.#lastErrors.set(task, error);
    if (error || (before > 0 && this.#lastErrors.size === 0)) this.#runner.retrying(error);
  }

  #forget(task: PendingTask): void {
    this.#setLastError(task, null);
    this.#queries.get(task)?.abort();
    if (this.#works.delete(task)) this.#runner.waiting(this.#works.size);
  }
}

/** A message that cannot be changed, or read, comes in again as far as that is possible. */
function asResumed(message: Message): Message {
  try {
    return Object.assign(message, { resumed: true });
  } catch {
    return { resumed: true };
  }
}
