/** A node's hold on what waits for it in the book: CONTRACT, "Action nodes", `resume`, and "Errors", "Retries". */
import type { Account, Again, AskContext, Payments, Waiting, Waits } from '../action';
import { Cancel } from '../cancel';
import { VerifyError } from '../errors';
import type { Answer } from '../result';
import type { Book, Entry, Holder } from '../waiting/book';
import { MessageContext, type Surroundings } from './message-context';
import type { Message, Node } from './red';
import { isTold, type Told, type Work } from './work';

/** What comes back at a start comes over this time: as long as truth-poll's first pause. */
const SPREAD_MS = 2_000;

/** What the runner does for messages that wait. */
export interface Owner extends Surroundings {
  /** For what costs nothing. */
  free: Payments;
  open(account: string): Account | Promise<Account>;
  deliver(answer: Answer, work: Work): void;
  tell(told: Told, work: Work): void;
  fail(reason: unknown, work: Work): void;
  /** The next instance of the node goes on with it. */
  leave(work: Work): void;
  /** The error as it is told. */
  told(error: VerifyError): Told;
  /** The trouble that messages are in; null when none is any more. */
  trouble(error: VerifyError | null): void;
  /** How many wait. */
  waiting(count: number): void;
}

export class Waiter<Input, State> implements Holder {
  readonly #node: Node;
  readonly #book: Book;
  readonly #owner: Owner;
  readonly #waits: Waits<Input, State> | undefined;
  /** Those whose message the node has. */
  readonly #works = new Map<Entry, Work>();
  /** Messages from before on their way through Node-RED. */
  readonly #returning = new Map<Message, Entry>();
  readonly #asking = new Map<Entry, Cancel>();
  readonly #troubles = new Map<Entry, VerifyError>();

  /**
   * @param node that waits
   * @param book where it is written what for
   * @param owner told what becomes of it
   * @param waits of the action, where it has anything to wait for
   */
  constructor(node: Node, book: Book, owner: Owner, waits: Waits<Input, State> | undefined) {
    this.#node = node;
    this.#book = book;
    this.#owner = owner;
    this.#waits = waits;
  }

  /** Takes what waits for the node; it comes in as messages, marked with `resumed`. */
  takeUp(): void {
    const held = this.#book.hold(this.#node.id, this.#node.type, this);
    for (const [index, entry] of held.entries()) this.#book.due(entry, (index * SPREAD_MS) / held.length);
  }

  /** @returns the entry of a message from before */
  claim(message: Message): Entry | undefined {
    const entry = this.#returning.get(message);
    this.#returning.delete(message);
    return entry;
  }

  /** Goes on with a message from before. */
  goOn(work: Work, entry: Entry): void {
    if (entry.holder !== this) this.#owner.leave(work);
    else if (isTold(entry.work)) this.#owner.tell(entry.work, work);
    else {
      const { account } = entry.work as { account?: unknown };
      if (typeof account === 'string') work.account = account;
      this.#wait(work, entry, 'taken-up');
    }
  }

  /** A message begins to wait; it is on disk before its first query, if it can be. */
  begin(work: Work, { state, taskIds, timeout, resume }: Waiting<State>): void {
    const { message, startedAt } = work;
    const { entry, written } = this.#book.enter(
      {
        ...{ node: this.#node.id, type: this.#node.type, since: startedAt, deadline: startedAt + timeout },
        ...{ taskIds, work: { state, account: work.account }, message, durable: resume },
      },
      this,
    );
    work.entry = entry;
    this.#works.set(entry, work);
    void written.then(() => {
      if (entry.holder === this) this.#wait(work, entry, 'arrived');
    });
  }

  due(entry: Entry): void {
    const work = this.#works.get(entry);
    const asking = this.#asking.get(entry);
    if (asking) asking.cancel();
    else if (work) this.#ask(work, entry, 'again');
    else {
      const message: Message = Object.assign(entry.message, { resumed: true });
      this.#returning.set(message, entry);
      this.#node.receive(message);
    }
  }

  drop(entry: Entry): void {
    const work = this.#works.get(entry);
    const error = new VerifyError('CANCELLED', 'dropped', {}, { taskIds: [...entry.taskIds] });
    if (work) this.#owner.fail(error, work);
    else {
      entry.work = this.#owner.told(error);
      this.#book.due(entry, 0);
    }
  }

  /** It has been sent or raised. */
  over(entry: Entry): void {
    this.#forget(entry);
    this.#book.sent(entry, this);
  }

  /**
   * Lets go of everything.
   * @param mayReturn whether the node may be there again at once
   */
  close(mayReturn: boolean): void {
    const forgotten = new Set(this.#book.detach(this, mayReturn));
    for (const cancel of this.#asking.values()) cancel.cancel();
    for (const [entry, work] of [...this.#works]) {
      this.#forget(entry);
      if (forgotten.has(entry)) this.#owner.fail(new VerifyError('CANCELLED', 'cancelled'), work);
      else this.#owner.leave(work);
    }
  }

  #wait(work: Work, entry: Entry, turn: AskContext['turn']): void {
    this.#works.set(entry, work);
    this.#owner.waiting(this.#works.size);
    this.#ask(work, entry, turn);
  }

  #ask(work: Work, entry: Entry, turn: AskContext['turn']): void {
    // An operator may have asked while the entry was still being written.
    if (this.#asking.has(entry)) return;
    const cancel = new Cancel();
    this.#asking.set(entry, cancel);
    entry.asking = true;
    const context = new MessageContext(this.#owner, this.#owner.free, cancel, cancel, turn, entry.until);
    // While it is asked after, only the end of its time makes it due; one whose time is over is asked for once more.
    if (context.left() > 0) this.#book.due(entry, Number.POSITIVE_INFINITY);
    const { state } = entry.work as { state: State };
    const ended = (then: () => void) => {
      this.#asking.delete(entry);
      entry.asking = false;
      work.attempts += context.attempts;
      if (entry.holder === this && !work.ended) then();
    };
    this.#step(state, work.account, context).then(
      (step) => ended(() => this.#took(step, work, entry)),
      (reason) => ended(() => this.#owner.fail(reason, work)),
    );
  }

  async #step(state: State, account: string, context: AskContext): Promise<Answer | Again> {
    return this.#waits!.ask(() => this.#owner.open(account), state, context);
  }

  #took(step: Answer | Again, work: Work, entry: Entry): void {
    if (!('again' in step)) {
      this.#owner.deliver(step, work);
      return;
    }
    this.#trouble(entry, step.trouble);
    this.#book.due(entry, step.again);
  }

  #trouble(entry: Entry, error: VerifyError | null): void {
    const before = this.#troubles.size;
    this.#troubles.delete(entry);
    if (error) this.#troubles.set(entry, error);
    if (error || (before > 0 && this.#troubles.size === 0)) this.#owner.trouble(error);
  }

  #forget(entry: Entry): void {
    this.#trouble(entry, null);
    this.#asking.get(entry)?.cancel();
    if (this.#works.delete(entry)) this.#owner.waiting(this.#works.size);
  }
}
