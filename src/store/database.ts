/** What a database is to the rooms that keep something in it. */
import { VerifyError } from '../contract/errors';
import { ThreadedDatabase } from './threaded-database';

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
 * What an operator is warned of, once when it begins and once when it is over. `lost`: calls that were paid for are not in
 * the file, which is missing, empty or older than it was. `code`: of the operating system, or a version.
 */
export type DatabaseNotice =
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
   * A file in another folder that records how far the database has come, so that a database that was replaced by an older
   * copy is noticed, even together with its folder. Where it is left out, neither is noticed.
   */
  mark?: string;
  /** 32 bytes. Asked for at each opening, and while it is not the right one. */
  secret(): Promise<Uint8Array>;
  /** Unix milliseconds. */
  now(): number;
  notify(notice: DatabaseNotice, values: Record<string, string | number>): void;
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
