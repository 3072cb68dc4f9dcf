/**
 * The database of a process, seen from the main thread, which never waits for a disk: what was called in one turn of the
 * event loop, and while the thread was busy, goes to the thread as one message and is one transaction there.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { onAbort } from '../contract/cancel';
import { cancelled, VerifyError } from '../contract/errors';
import {
  errorOf,
  type Facts,
  type Failure,
  type FromThread,
  type Outcome,
  type SentError,
  type SentRequest,
  sentOf,
  type ThreadOptions,
  type ToThread,
} from './messages';

/** A commit stays small, so that what comes next is on disk soon. */
const BATCH_BYTES = 512 * 1024;
/** While the disk is in trouble less is tried. */
const PROBE_BYTES = 64 * 1024;
const TRY_AGAIN_MS = 1_000;
const ASK_AGAIN_MS = 5_000;
/** A disk that takes longer than that is one that does not answer. */
const STUCK_MS = 10_000;
const CLOSE_MS = 4_000;
const CLOSE_STEP_MS = 20;
/** What the thread ended at so often is not tried again. */
const MOST_INTERRUPTIONS = 3;

/** What a call is refused with, by the reason why the file cannot be written or had. */
const PROBLEMS: Readonly<Record<Failure['fault'], string>> = {
  unwritable: 'database-unwritable',
  damaged: 'database-unwritable',
  'held-elsewhere': 'database-held-elsewhere',
  'newer-version': 'database-newer-version',
  'no-sqlite': 'database-no-sqlite',
};

/** What is said of the secret, by the problem of the error. */
const SECRET_TROUBLES: Readonly<Record<string, DatabaseTrouble>> = {
  'secret-differs': 'secret-differs',
  'secret-unreadable': 'secret-unreadable',
  'secret-too-short': 'secret-too-short',
};

export type StoreState =
  | 'opening'
  | 'ready'
  /** Read-only, full, or not to be had at all. */
  | 'unwritable'
  /** Another process, or another runtime of this one, has the file. */
  | 'held-elsewhere'
  /** A later version of this package has written it. */
  | 'newer-version'
  /** This Node.js has no SQLite. */
  | 'no-sqlite'
  /** Open, but what is sealed in it was sealed under another secret. */
  | 'secret-differs'
  /** Open, but some of it was lost, and no operator has said since that paid calls may go on. */
  | 'damaged'
  | 'closed';

/**
 * What is said once, and again when it is over. `lost`: calls that were paid for are not in the file, which is missing, empty
 * or older than it was. `code`: of the operating system, or a version.
 */
export type DatabaseTrouble =
  | 'unwritable'
  | 'written-again'
  | 'held-elsewhere'
  | 'newer-version'
  | 'no-sqlite'
  | 'opened'
  | 'replaced'
  | 'damaged'
  | 'lost'
  | 'secret-differs'
  | 'secret-unreadable'
  | 'secret-too-short'
  | 'secret-agrees'
  | 'stuck'
  | 'thread-ended';

export interface DatabaseOptions {
  /** The file; null where nothing is to be written: then every call is CONFIG `database-off`. */
  file: string | null;
  /**
   * A file in another folder, in which is written down how far the database has come, so that an older one that is put
   * in its place is noticed, with its folder too. Where it is left out, neither is.
   */
  mark?: string;
  /** 32 bytes. Asked for at each opening, and while it is not the right one. */
  secret(): Promise<Uint8Array>;
  /** Unix milliseconds. */
  now(): number;
  notify(trouble: DatabaseTrouble, values: Record<string, string | number>): void;
  /** A module that calls `serve` with the operations that may be called; that of the rooms where it is left out. */
  thread?: string;
}

export interface CallOptions<Answer = unknown> {
  /**
   * What becomes of it while the file cannot be written or had. `fail` (where left out): rejects at once. `keep`: stays
   * in memory, in order, and resolves when it is written.
   */
  whenAway?: 'fail' | 'keep';
  /** Milliseconds for which a shared database that is away is waited for; the embedded one refuses at once. */
  waitMs?: number;
  /** Rejects with CANCELLED when it aborts. What was sent to the thread already may be written all the same: see `late`. */
  signal?: AbortSignal;
  /** Called with the answer of what was written after this call had rejected. */
  late?(answer: Answer): void;
}

export interface Database {
  /**
   * Runs an operation.
   * @returns its answer, once what it wrote is on disk
   * @throws VerifyError that the operation throws; CONFIG while the file cannot be written or had, `charged` false;
   *   CANCELLED
   */
  call<Parameters, Answer>(
    operation: string,
    parameters: Parameters,
    options?: CallOptions<Answer>,
  ): Promise<Answer>;
  /**
   * Runs an operation again and again, other calls in between, for work that must not hold up anybody.
   * @param operation that answers how much it did, 0 when nothing is left
   * @returns how much was done in all
   */
  callUntilDone(operation: string, parameters: unknown, options?: CallOptions<number>): Promise<number>;
  /**
   * @returns once the file is open and ours
   * @throws VerifyError CONFIG as soon as it is known that it is not
   */
  ready(): Promise<void>;
  state(): StoreState;
  /** @returns what keeps some calls or all from being done; null where nothing does */
  problem(): VerifyError | null;
  /** @returns takes the listener away again */
  subscribe(listener: (state: StoreState) => void): () => void;
  /**
   * @param listener called when the file was replaced by one that does not hold all of what was written: whatever is in
   *   memory is to be written again. What it calls goes before everything that waits
   * @returns takes it away again
   */
  onReplaced(listener: () => void): () => void;
  /** An operator has seen that some of the database was lost: paid calls go on. */
  acknowledge(): Promise<void>;
  /** An operator gives up what was sealed under another secret: keys and their answers, what waits, photos seen. */
  startAnew(): Promise<void>;
  /** Writes a copy of the database, whole and of one moment, to a file that must not exist. */
  backup(path: string): Promise<void>;
  /** Writes what is kept in memory, for at most 4 s, and gives the file back. */
  close(): Promise<void>;
}

/** What the rooms need of a database, whether it is this process's own or shared with others. */
export type RoomDatabase = Pick<
  Database,
  'call' | 'callUntilDone' | 'state' | 'subscribe' | 'onReplaced' | 'acknowledge'
>;

export function openDatabase(options: DatabaseOptions): Database {
  return options.file === null ? NO_DATABASE : new ThreadedDatabase(options, options.file);
}

/** A call on its way. */
interface Pending {
  isKept: boolean;
  /** JSON of a SentRequest. */
  request: string;
  /** How often the thread ended while it was under way. */
  interruptions: number;
  /** It was rejected before its answer came. */
  isAbandoned: boolean;
  resolve(answer: unknown): void;
  reject(error: Error): void;
  late: ((answer: never) => void) | undefined;
}

class ThreadedDatabase implements Database {
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
  #queue: Pending[] = [];
  #batch: Pending[] | null = null;
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
      const request: SentRequest = { operation, parameters, now: this.#options.now(), isKept };
      const pending: Pending = {
        isKept,
        request: JSON.stringify(request),
        interruptions: 0,
        isAbandoned: false,
        resolve: (answer) => {
          forget?.();
          resolve(answer as Answer);
        },
        reject: (error) => {
          forget?.();
          pending.isAbandoned = true;
          reject(error);
        },
        late,
      };
      const abort = () => {
        const index = this.#queue.indexOf(pending);
        if (index >= 0) this.#queue.splice(index, 1);
        pending.reject(cancelled());
      };
      const forget = signal && onAbort(signal, abort);
      this.#queue.push(pending);
      this.#schedule();
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
    const isOver = () =>
      (this.#queue.length === 0 && this.#batch === null) ||
      this.#whyAway() !== null ||
      performance.now() >= until;
    this.#worker?.ref();
    for (this.#try(); !isOver(); this.#try()) await pause(CLOSE_STEP_MS);
    this.#isClosed = true;
    for (const timer of [this.#retry, this.#watchdog, this.#secretTimer]) clearTimeout(timer!);
    if (this.#worker) await this.#end(this.#worker, until - performance.now());
    for (const pending of [...(this.#batch ?? []), ...this.#queue.splice(0)]) pending.reject(cancelled());
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
        this.#interrupt();
        void this.#open();
        break;
      }
      case 'noted':
        this.#options.notify(message.trouble as DatabaseTrouble, message.values);
        break;
      case 'backup':
        this.#copying.get(message.id)?.(message.error);
        this.#copying.delete(message.id);
        break;
      case 'closed':
        this.#whenClosed();
        break;
      case 'repairing':
        break;
    }
    this.#announceState();
    this.#send();
  }

  #handleBatch({ outcomes, failure, isWritten }: Extract<FromThread, { kind: 'batch' }>): void {
    const batch = this.#batch ?? [];
    this.#batch = null;
    if (failure) {
      if (!this.#unwritable) this.#reportFailure(failure);
      this.#unwritable = failure;
    } else if (isWritten && this.#unwritable) this.#recover(this.#unwritable);
    const kept: Pending[] = [];
    for (const [index, outcome] of (JSON.parse(outcomes) as Outcome[]).entries()) {
      const pending = batch[index]!;
      if (outcome.ended === 'answered') {
        if (pending.isAbandoned) pending.late?.(outcome.value as never);
        else pending.resolve(outcome.value);
      } else if (outcome.ended === 'refused') pending.reject(errorOf(outcome.value));
      else if (pending.isKept) kept.push(pending);
      else pending.reject(this.#problemOf(failure!));
    }
    this.#queue.unshift(...kept.filter(({ isAbandoned }) => !isAbandoned));
    if (failure) this.#later(() => this.#try());
  }

  /** Something was written again. It is over once all is that waited for it. */
  #recover(failure: Failure): void {
    clearTimeout(this.#retry!);
    this.#retry = null;
    if (this.#queue.some(({ isKept }) => isKept)) return;
    this.#unwritable = null;
    this.#reportRecovery(failure);
  }

  /** What was under way comes again, before what waits. */
  #interrupt(): Pending[] {
    const interrupted = (this.#batch ?? []).filter(({ isAbandoned }) => !isAbandoned);
    this.#batch = null;
    this.#queue.unshift(...interrupted);
    return interrupted;
  }

  /** What is in memory is written before everything else. */
  #rewrite(): void {
    const queue = this.#queue.splice(0);
    for (const listener of this.#rewriters) listener();
    this.#queue.push(...queue);
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
    for (const pending of this.#interrupt()) {
      if (++pending.interruptions < MOST_INTERRUPTIONS) continue;
      this.#queue.splice(this.#queue.indexOf(pending), 1);
      pending.reject(this.#problem('database-thread-ended'));
    }
    this.#announceState();
    this.#later(() => this.#start());
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = null;
      this.#send();
    });
  }

  /** Whatever waits is tried now. */
  #try(): void {
    clearTimeout(this.#retry!);
    this.#retry = null;
    this.#send();
  }

  #send(): void {
    if (this.#away !== null || this.#batch || this.#isClosed) return;
    const batch = this.#nextBatch();
    if (batch.length === 0) {
      this.#worker?.unref();
      return;
    }
    this.#batch = batch;
    this.#worker?.ref();
    this.#post({ kind: 'batch', requests: `[${batch.map(({ request }) => request).join()}]` });
    this.#watch();
  }

  #nextBatch(): Pending[] {
    if (this.#unwritable) return this.#probe();
    // What may have ended the thread goes alone.
    if (this.#queue[0] && this.#queue[0].interruptions > 0) return [this.#queue.shift()!];
    let size = 0;
    let count = 0;
    for (const { request } of this.#queue) {
      size += request.length;
      if (count > 0 && size > BATCH_BYTES) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  /** While the disk is in trouble: some of what is kept, when its time has come, and all that nobody keeps. */
  #probe(): Pending[] {
    if (this.#retry && this.#queue.every(({ isKept }) => isKept)) return [];
    let size = 0;
    const batch: Pending[] = [];
    const rest: Pending[] = [];
    for (const pending of this.#queue) {
      const isTaken = !pending.isKept || size < PROBE_BYTES;
      if (pending.isKept) size += pending.request.length;
      (isTaken ? batch : rest).push(pending);
    }
    this.#queue = rest;
    return batch;
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
      this.#options.notify(now ? SECRET_TROUBLES[now]! : 'secret-agrees', { file: this.#file });
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
      () => setImmediate(() => this.#watchdog && this.#getStuck()),
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

  /** A disk does not answer. Its thread cannot be ended, so that nobody waits for it. */
  #getStuck(): void {
    this.#isStuck = true;
    this.#worker?.unref();
    this.#options.notify('stuck', { file: this.#file });
    for (const pending of this.#batch ?? [])
      if (!pending.isKept && !pending.isAbandoned)
        pending.reject(this.#problemOf({ fault: 'unwritable', code: 'ETIMEDOUT' }));
    this.#refuseAll();
    this.#announceState();
  }

  #refuseAll(): void {
    const refusal = this.#whyAway();
    if (!refusal) return;
    for (const { reject } of this.#awaitingReady.splice(0)) reject(refusal);
    const refused = this.#queue.filter(({ isKept }) => !isKept);
    this.#queue = this.#queue.filter(({ isKept }) => isKept);
    for (const { reject } of refused) reject(refusal);
  }

  /** @returns why nothing that is not kept is taken now */
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
    const count = this.#queue.filter(({ isKept }) => isKept).length;
    const trouble = fault === 'damaged' ? 'unwritable' : fault;
    this.#options.notify(trouble, { file: this.#file, code, count });
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

/** @param step that answers how much it did */
export async function untilDone(step: () => Promise<number>): Promise<number> {
  for (let done = 0; ; ) {
    const count = await step();
    if (count === 0) return done;
    done += count;
  }
}

const databaseOff = () => new VerifyError('CONFIG', 'database-off', {}, { charged: false });
const off = () => Promise.reject(databaseOff());

const NO_DATABASE: Database = {
  call: off,
  callUntilDone: off,
  ready: off,
  state: () => 'closed',
  problem: () => databaseOff(),
  subscribe: () => () => {},
  onReplaced: () => () => {},
  acknowledge: off,
  startAnew: off,
  backup: off,
  close: () => Promise.resolve(),
};
