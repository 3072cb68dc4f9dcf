/**
 * The database of a process, seen from the main thread, which never waits for a disk: what was called in one turn of the event
 * loop goes to the thread as one message, and what comes while the thread is busy is one transaction there.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { cancelled, VerifyError } from '../contract/errors';
import { CallQueue, QueuedCall } from './call-queue';
import type { CallOptions, Database, DatabaseNotice, DatabaseOptions, StoreState } from './database';
import {
  errorOf,
  type Facts,
  type Failure,
  type FromThread,
  type SentError,
  type SentOutcome,
  sentOf,
  type ThreadOptions,
  type ToThread,
} from './messages';
import { untilDone } from './until-done';

/**
 * So many calls do not wait for the end of a turn: the thread writes them while the turn goes on. With 64 messages in flight
 * this raised the throughput of truth-create by a tenth.
 */
const AT_ONCE = 32;
const TRY_AGAIN_MS = 1_000;
const ASK_AGAIN_MS = 5_000;
/** A disk that takes longer than that is one that does not answer. */
const STUCK_MS = 10_000;
const CLOSE_MS = 4_000;
const CLOSE_STEP_MS = 20;

/** What a call is refused with, by the reason why the file cannot be written or had. */
const PROBLEMS: Readonly<Record<Failure['fault'], string>> = {
  unwritable: 'database-unwritable',
  damaged: 'database-unwritable',
  'held-elsewhere': 'database-held-elsewhere',
  'newer-version': 'database-newer-version',
  'no-sqlite': 'database-no-sqlite',
};

/** What an operator is warned of when the secret is wrong, by the problem of the error. */
const SECRET_NOTICES: Readonly<Record<string, DatabaseNotice>> = {
  'secret-differs': 'secret-differs',
  'secret-unreadable': 'secret-unreadable',
  'secret-too-short': 'secret-too-short',
};

export class ThreadedDatabase implements Database {
  readonly #options: DatabaseOptions;
  readonly #file: string;
  readonly #listeners = new Set<(state: StoreState) => void>();
  readonly #rewriters = new Set<() => void>();
  #worker: Worker | null = null;
  /** Why the file is not ours; `opening` until that is known. */
  #away: Failure | 'opening' | null = 'opening';
  /** Why it cannot be written, though it is open. */
  #unwritable: Failure | null = null;
  #facts: Facts = { secretProblem: null, isDamaged: false };
  #isFirst = true;
  #hasOpened = false;
  /** Whether something that was written may not be in the file any more. */
  #isRewriteDue = false;
  readonly #calls = new CallQueue();
  /** A batch failed, and nothing was sent since that is known. */
  #isAfterFailure = false;
  #scheduled: NodeJS.Immediate | null = null;
  #retry: NodeJS.Timeout | null = null;
  #secretTimer: NodeJS.Timeout | null = null;
  #watchdog: NodeJS.Timeout | null = null;
  #isStuck = false;
  #awaitingReady: { resolve(): void; reject(error: Error): void }[] = [];
  #state: StoreState = 'opening';
  #closing: Promise<void> | null = null;
  #isClosed = false;
  #whenClosed = () => {};
  #backups = 0;
  readonly #copying = new Map<number, (error: SentError | null) => void>();

  constructor(options: DatabaseOptions, file: string) {
    this.#options = options;
    this.#file = file;
    this.#start();
  }

  call<Parameters, Answer>(
    operation: string,
    parameters: Parameters,
    { whenAway = 'fail', signal, late }: CallOptions<Answer> = {},
  ): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const isKept = whenAway === 'keep';
      if (this.#closing || signal?.aborted) return reject(cancelled());
      const refusal = isKept ? null : this.#whyAway();
      if (refusal) return reject(refusal);
      const request = { operation, parameters, now: this.#options.now(), isKept };
      this.#calls.add(new QueuedCall(request, { resolve, reject, late }), signal);
      if (this.#calls.waiting % AT_ONCE === 0) this.#send();
      else this.#schedule();
    });
  }

  callUntilDone(operation: string, parameters: unknown, options?: CallOptions<number>): Promise<number> {
    return untilDone(() => this.call(operation, parameters, options));
  }

  ready(): Promise<void> {
    if (this.#isClosed || this.#closing) return Promise.reject(cancelled());
    if (this.#away === null) return Promise.resolve();
    const refusal = this.#whyAway();
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => this.#awaitingReady.push({ resolve, reject }));
  }

  state(): StoreState {
    return this.#state;
  }

  problem(): VerifyError | null {
    const { secretProblem, isDamaged } = this.#facts;
    const away = this.#whyAway() ?? (this.#unwritable && this.#problemOf(this.#unwritable));
    if (away) return away;
    if (isDamaged) return this.#problem('ledger-damaged');
    return secretProblem && errorOf(secretProblem);
  }

  subscribe(listener: (state: StoreState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onReplaced(listener: () => void): () => void {
    this.#rewriters.add(listener);
    return () => this.#rewriters.delete(listener);
  }

  acknowledge(): Promise<void> {
    return this.call('store.acknowledge', null);
  }

  startAnew(): Promise<void> {
    return this.call('store.start-anew', null);
  }

  async backup(path: string): Promise<void> {
    await this.ready();
    const id = ++this.#backups;
    await new Promise<void>((resolve, reject) => {
      this.#copying.set(id, (error) => (error ? reject(errorOf(error)) : resolve()));
      this.#post({ kind: 'backup', id, path });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const until = performance.now() + CLOSE_MS;
    const isOver = () => this.#calls.isEmpty || this.#whyAway() !== null || performance.now() >= until;
    this.#worker?.ref();
    for (this.#try(); !isOver(); this.#try()) await pause(CLOSE_STEP_MS);
    this.#isClosed = true;
    for (const timer of [this.#retry, this.#watchdog, this.#secretTimer]) clearTimeout(timer!);
    if (this.#worker) await this.#end(this.#worker, until - performance.now());
    this.#calls.rejectAll(cancelled());
    this.#announceState();
  }

  /** @param milliseconds that it has for it: a thread whose disk does not answer never ends */
  async #end(worker: Worker, milliseconds: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#whenClosed = resolve;
      worker.once('exit', () => resolve());
    });
    worker.ref();
    this.#post({ kind: 'close' });
    await Promise.race([closed, pause(Math.max(CLOSE_STEP_MS, milliseconds), undefined, { ref: false })]);
    worker.unref();
    void worker.terminate();
  }

  #start(): void {
    const { thread = join(__dirname, 'thread.js'), mark = null } = this.#options;
    const workerData: ThreadOptions = { file: this.#file, mark };
    const worker = new Worker(thread, {
      workerData,
      name: 'cn-verify database',
      // Node.js 22 says of node:sqlite in every process that it is experimental.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    worker.unref();
    this.#worker = worker;
    worker.on('message', (message: FromThread) => this.#worker === worker && this.#handleMessage(message));
    worker.on('error', () => {});
    worker.on('exit', () => this.#worker === worker && this.#handleExit());
    void this.#open();
  }

  async #open(): Promise<void> {
    this.#watch();
    const secret = await this.#secret();
    if (this.#isClosed) return;
    this.#post({ kind: 'open', secret, isFirst: this.#isFirst });
    this.#isFirst = false;
  }

  async #secret(): Promise<Uint8Array | SentError> {
    try {
      return await this.#options.secret();
    } catch (reason) {
      if (reason instanceof VerifyError) return sentOf(reason);
      const values = { file: '', code: 'UNKNOWN' };
      return sentOf(new VerifyError('CONFIG', 'secret-unreadable', values, { charged: false }));
    }
  }

  #post(message: ToThread): void {
    this.#worker?.postMessage(message);
  }

  #handleMessage(message: FromThread): void {
    this.#unwatch();
    switch (message.kind) {
      case 'opened': {
        this.#applyFacts(message.facts);
        this.#reportRecovery(this.#away);
        this.#away = null;
        const isNewAgain = message.isNew && this.#hasOpened;
        if (this.#isRewriteDue || isNewAgain) this.#rewrite();
        // Its folder may have vanished after the secret was read from a file in it, or is vanishing still.
        for (const wait of this.#hasOpened ? [0, TRY_AGAIN_MS] : [])
          setTimeout(() => this.#isClosed || void this.#secret(), wait).unref();
        this.#hasOpened = true;
        for (const { resolve } of this.#awaitingReady.splice(0)) resolve();
        break;
      }
      case 'not-opened': {
        this.#reportFailure(message.failure);
        this.#away = message.failure;
        this.#refuseAll();
        if (message.failure.fault !== 'no-sqlite') this.#later(() => void this.#open());
        break;
      }
      case 'facts':
        this.#applyFacts(message.facts);
        break;
      case 'batch':
        this.#handleBatch(message);
        break;
      case 'reopen': {
        this.#away = 'opening';
        this.#isRewriteDue = true;
        this.#calls.sendAgain();
        void this.#open();
        break;
      }
      case 'notice':
        this.#options.notify(message.notice as DatabaseNotice, message.values);
        break;
      case 'backup':
        this.#copying.get(message.id)?.(message.error);
        this.#copying.delete(message.id);
        break;
      case 'closed':
        this.#whenClosed();
        break;
      case 'repairing':
        this.#away ??= 'opening';
        break;
    }
    this.#announceState();
    this.#send();
  }

  #handleBatch({ outcomes, failure, isWritten }: Extract<FromThread, { kind: 'batch' }>): void {
    if (failure) {
      if (!this.#unwritable) this.#reportFailure(failure);
      this.#unwritable = failure;
      this.#isAfterFailure = true;
    } else if (isWritten && this.#unwritable) this.#recover(this.#unwritable);
    this.#calls.settle(JSON.parse(outcomes) as SentOutcome[], failure && this.#problemOf(failure));
    if (failure) this.#later(() => this.#try());
  }

  /** Something was written again. The failure is over once everything that waited for the disk is written. */
  #recover(failure: Failure): void {
    clearTimeout(this.#retry!);
    this.#retry = null;
    if (this.#calls.kept > 0) return;
    this.#unwritable = null;
    this.#reportRecovery(failure);
  }

  /** What is in memory is written before everything else. */
  #rewrite(): void {
    this.#calls.addFirst(() => {
      for (const listener of this.#rewriters) listener();
    });
    this.#isRewriteDue = false;
  }

  /** The thread ended, which it does not do by itself. */
  #handleExit(): void {
    this.#worker = null;
    this.#unwatch();
    if (this.#isClosed) return;
    this.#options.notify('thread-ended', { file: this.#file });
    this.#away = 'opening';
    // What was under way may be on disk: the operations recognise what they have done.
    this.#calls.interrupt(this.#problem('database-thread-ended'));
    this.#announceState();
    this.#later(() => this.#start());
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = null;
      this.#send();
    });
  }

  /** Tries to send whatever waits now. */
  #try(): void {
    clearTimeout(this.#retry!);
    this.#retry = null;
    this.#send();
  }

  #send(): void {
    if (this.#away !== null || this.#isStuck || this.#isClosed) return;
    const requests = this.#unwritable ? this.#calls.nextProbe(this.#retry === null) : this.#calls.next();
    if (requests !== null) {
      this.#post({ kind: 'batch', requests, isAfterFailure: this.#isAfterFailure });
      this.#isAfterFailure = false;
    }
    if (this.#calls.isAnswered) this.#worker?.unref();
    else {
      this.#worker?.ref();
      if (!this.#watchdog) this.#watch();
    }
  }

  #later(work: () => void): void {
    clearTimeout(this.#retry!);
    this.#retry = setTimeout(() => {
      this.#retry = null;
      work();
    }, TRY_AGAIN_MS).unref();
  }

  #applyFacts(facts: Facts): void {
    const before = this.#facts.secretProblem?.problem ?? null;
    this.#facts = facts;
    const now = facts.secretProblem?.problem ?? null;
    if (now !== before)
      this.#options.notify(now ? SECRET_NOTICES[now]! : 'secret-agrees', { file: this.#file });
    clearTimeout(this.#secretTimer!);
    if (now === null) return;
    // The right secret may come back: its file may be put where it was.
    this.#secretTimer = setTimeout(async () => {
      const secret = await this.#secret();
      if (this.#away === null && !this.#isClosed) this.#post({ kind: 'secret', secret });
    }, ASK_AGAIN_MS).unref();
  }

  #watch(): void {
    clearTimeout(this.#watchdog!);
    // Once more around the event loop: where the process stood still, the answer is there already.
    this.#watchdog = setTimeout(
      () => setImmediate(() => this.#watchdog && this.#markStuck()),
      STUCK_MS,
    ).unref();
  }

  #unwatch(): void {
    clearTimeout(this.#watchdog!);
    this.#watchdog = null;
    if (!this.#isStuck) return;
    this.#isStuck = false;
    this.#reportRecovery({ fault: 'unwritable', code: 'ETIMEDOUT' });
  }

  /** The disk does not answer. Its thread cannot be ended, so nobody waits for it any more. */
  #markStuck(): void {
    this.#isStuck = true;
    this.#worker?.unref();
    this.#options.notify('stuck', { file: this.#file });
    this.#calls.refuseSent(this.#problemOf({ fault: 'unwritable', code: 'ETIMEDOUT' }));
    this.#refuseAll();
    this.#announceState();
  }

  #refuseAll(): void {
    const refusal = this.#whyAway();
    if (!refusal) return;
    for (const { reject } of this.#awaitingReady.splice(0)) reject(refusal);
    this.#calls.refuse(refusal);
  }

  /** @returns why calls that are not kept are refused now; null where they are not */
  #whyAway(): VerifyError | null {
    if (this.#isStuck) return this.#problemOf({ fault: 'unwritable', code: 'ETIMEDOUT' });
    return this.#away === null || this.#away === 'opening' ? null : this.#problemOf(this.#away);
  }

  #problemOf({ fault, code }: Failure): VerifyError {
    return this.#problem(PROBLEMS[fault], code);
  }

  #problem(problem: string, code = ''): VerifyError {
    return new VerifyError('CONFIG', problem, { file: this.#file, code }, { charged: false });
  }

  #reportFailure({ fault, code }: Failure): void {
    const isKnown = this.#away !== null && this.#away !== 'opening' && this.#away.fault === fault;
    if (isKnown) return;
    const count = this.#calls.kept;
    const notice = fault === 'damaged' ? 'unwritable' : fault;
    this.#options.notify(notice, { file: this.#file, code, count });
  }

  #reportRecovery(failure: Failure | 'opening' | null): void {
    if (failure === null || failure === 'opening') return;
    this.#options.notify(failure.fault === 'unwritable' ? 'written-again' : 'opened', { file: this.#file });
  }

  /** Says what has become of the state. */
  #announceState(): void {
    const state = this.#stateNow();
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  #stateNow(): StoreState {
    if (this.#isClosed) return 'closed';
    if (this.#isStuck) return 'unwritable';
    const failure = this.#away ?? this.#unwritable;
    if (failure === 'opening') return 'opening';
    if (failure) return failure.fault === 'damaged' ? 'unwritable' : failure.fault;
    if (this.#facts.isDamaged) return 'damaged';
    return this.#facts.secretProblem?.problem === 'secret-differs' ? 'secret-differs' : 'ready';
  }
}
