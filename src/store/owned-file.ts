/**
 * A database file that this process alone has. SQLite holds an exclusive lock on a second, empty database beside it, which
 * nothing else ever opens: POSIX drops a process' locks on a file as soon as the same process closes any handle of it. The
 * system frees the lock when the process ends, however it ends.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { asideOf, copyReadable, putAside } from './salvage';
import { SqliteSql } from './sql';

/** Beside the database, by what is appended to its name. */
const OWNER = '-owner';
const WAL = '-wal';
/** Every file that SQLite may open. */
const BESIDE: readonly string[] = ['', WAL, '-shm', '-journal', OWNER, `${OWNER}-journal`];
/** SQLite cuts a longer one to this, once all of it stands in the file. */
const LARGEST_WAL_BYTES = 8 * 1024 * 1024;
/** Commits between checkpoints: at about ten pages of 4 KB each, 5 MB of WAL. */
const CHECKPOINT_COMMITS = 128;
const SETTINGS = [
  // Before WAL: then SQLite needs no shared memory, and its lock stays.
  'PRAGMA locking_mode = EXCLUSIVE',
  // It takes effect only in a file without tables.
  'PRAGMA auto_vacuum = INCREMENTAL',
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  // What is written back into the file waits until the reply is sent.
  'PRAGMA wal_autocheckpoint = 0',
  `PRAGMA journal_size_limit = ${LARGEST_WAL_BYTES}`,
  'PRAGMA temp_store = MEMORY',
  'PRAGMA trusted_schema = OFF',
  ...(process.platform === 'darwin' ? ['PRAGMA fullfsync = ON', 'PRAGMA checkpoint_fullfsync = ON'] : []),
];
const VACUUM_PAGES = 256;
/** Copied in one step. */
const BACKUP_PAGES = 1_000;

/** Newer ones of Node.js refuse `writable_schema` without it; their types do not have it yet. */
const WITHOUT_DEFENCE = { defensive: false } as object;

export class OwnedFile {
  readonly #path: string;
  readonly #owner: DatabaseSync;
  #database: DatabaseSync;
  #sql: SqliteSql;
  /** Since the WAL was last written back. */
  #commits = 0;
  /** Inodes of the files as they were opened. */
  #identity: readonly string[] = [];

  private constructor(path: string, owner: DatabaseSync) {
    this.#path = path;
    this.#owner = owner;
    this.#database = openPrivate(path);
    this.#sql = new SqliteSql(this.#database);
  }

  /**
   * Makes the file ours and opens it; it is made where it is missing.
   * @param path of the database
   * @param makesFolders whether its folder is made with all above it, or alone
   * @throws Error of SQLite or of the file system, which `faultOf` reads
   */
  static open(path: string, makesFolders: boolean): OwnedFile {
    makeFolder(path, makesFolders);
    for (const suffix of BESIDE) refuseOddities(path + suffix);
    const owner = openPrivate(path + OWNER);
    try {
      owner.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
      return new OwnedFile(path, owner);
    } catch (error) {
      owner.close();
      throw error;
    }
  }

  get sql(): SqliteSql {
    return this.#sql;
  }

  /**
   * How many migrations the file has had; nothing is changed in it.
   * @throws Error of SQLite where it is damaged
   */
  get version(): number {
    return this.#number('user_version');
  }

  /** Prepares for writing. */
  configure(): void {
    for (const setting of SETTINGS) this.#database.exec(setting);
  }

  /** Remembers which files these are, once all of them are there. */
  identify(): void {
    this.#identity = this.#look();
  }

  /**
   * Puts the damaged file aside and begins a new one, which is empty.
   * @param now Unix milliseconds
   */
  replaceDamaged(now: number): void {
    this.#closeDatabase();
    putAside(this.#path, now);
    this.#database = openPrivate(this.#path);
    this.#sql = new SqliteSql(this.#database);
    this.#commits = 0;
  }

  /**
   * Of a file that is new and has a damaged one beside it, which nobody has taken over yet.
   * @param prepare makes the tables of a version, in the transaction that is open
   * @returns the path of the damaged one
   */
  salvage(prepare: (version: number) => void): string | null {
    const aside = asideOf(this.#path).at(-1);
    if (aside === undefined) return null;
    const { DatabaseSync } = sqlite();
    const damaged = new DatabaseSync(aside, WITHOUT_DEFENCE);
    try {
      // Else SQLite opens no file that was cut off.
      quietly(() => damaged.exec('PRAGMA writable_schema = ON'));
      let version = 0;
      quietly(() => {
        version = (damaged.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
      });
      prepare(version);
      copyReadable(damaged, this.#database);
    } finally {
      quietly(() => damaged.close());
    }
    return aside;
  }

  /** @returns whether SQLite finds nothing wrong with the whole file */
  isWhole(): boolean {
    let first: unknown;
    quietly(() => {
      first = this.#database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check;
    });
    return first === 'ok';
  }

  /** Where somebody has removed the file: puts a copy of it, which is still open here, where it was. Never throws. */
  restore(): void {
    const copy = `${this.#path}.${process.pid}`;
    quietly(() => {
      if (existsSync(this.#path)) return;
      makeFolder(this.#path, false);
      closeSync(openSync(copy, 'wx', 0o600));
      this.#database.prepare('VACUUM INTO ?').run(copy);
      const handle = openSync(copy, 'r+');
      fsyncSync(handle);
      closeSync(handle);
      renameSync(copy, this.#path);
    });
    quietly(() => rmSync(copy, { force: true }));
  }

  /** @returns false where somebody has removed or replaced one of the files, be it before they were identified */
  isStillThere(): boolean {
    const now = this.#look();
    return this.#identity.every((inode, index) => inode !== '' && inode === now[index]);
  }

  /**
   * Writes back into the file what stands in the WAL, where that is much. Never throws. The size of the WAL does not say how
   * much that is: it is used from its beginning again, and stays as long as it once was.
   */
  checkpoint(): void {
    quietly(() => {
      const isMuch = ++this.#commits >= CHECKPOINT_COMMITS;
      if (isMuch || lstatSync(this.#path + WAL).size > LARGEST_WAL_BYTES) this.makeRoom();
    });
  }

  /** Writes back what stands in the WAL, so that its space is used again. Never throws: the next commit says what is wrong. */
  makeRoom(): void {
    this.#commits = 0;
    quietly(() => this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)'));
  }

  /** Gives some of the space of deleted rows back to the file system. Never throws. */
  vacuum(): void {
    quietly(() => {
      if (this.#number('freelist_count') < VACUUM_PAGES) return;
      this.#database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
      // Only then is the file shorter.
      this.makeRoom();
    });
  }

  /**
   * Copies the whole database, as it is at one moment.
   * @param to path of a file that is empty
   */
  async backup(to: string): Promise<void> {
    const { backup } = sqlite() as Partial<Pick<typeof import('node:sqlite'), 'backup'>>;
    // Node.js 22.13 does not have it yet. It works in steps, between which the operations go on.
    if (backup) await backup(this.#database, to, { rate: BACKUP_PAGES });
    else this.#database.prepare('VACUUM INTO ?').run(to);
  }

  /** Gives the file back. Never throws. */
  close(): void {
    this.#closeDatabase();
    quietly(() => this.#owner.close());
  }

  #closeDatabase(): void {
    // SQLite removes what has the name of its WAL, which may belong to a file that was put here meanwhile.
    const wal = this.#path + WAL;
    const isForeign = this.#identity.length > 0 && ![this.#identity[1], ''].includes(inodeOf(wal));
    const aside = `${wal}.${process.pid}`;
    if (isForeign) quietly(() => renameSync(wal, aside));
    quietly(() => this.#database.close());
    if (isForeign) quietly(() => renameSync(aside, wal));
    // Of a file that was replaced SQLite leaves the WAL, which would be applied to the one that stands there now.
    else if (this.#isReplaced() && inodeOf(wal) === this.#identity[1]) quietly(() => rmSync(wal));
    this.#identity = [];
  }

  #isReplaced(): boolean {
    return this.#identity.length > 0 && inodeOf(this.#path) !== this.#identity[0];
  }

  #number(pragma: string): number {
    return Number(this.#database.prepare(`PRAGMA ${pragma}`).get()![pragma]);
  }

  #look(): readonly string[] {
    return ['', WAL, OWNER].map((suffix) => inodeOf(this.#path + suffix));
  }
}

/** Loaded in the thread alone: Node.js 22 warns of it, and earlier ones do not have it. */
function sqlite(): typeof import('node:sqlite') {
  return require('node:sqlite') as typeof import('node:sqlite');
}

/** Readable for its owner alone before SQLite, which would make it readable for all, opens it. */
function openPrivate(path: string): DatabaseSync {
  const { DatabaseSync } = sqlite();
  try {
    // Only where there is none: closing a handle of a file that is open here would drop its locks.
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return new DatabaseSync(path);
}

function makeFolder(path: string, recursive: boolean): void {
  try {
    mkdirSync(dirname(path), { recursive, mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A pipe under one of the names would hold the thread for ever. */
function refuseOddities(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found || found.isFile()) return;
  throw Object.assign(new Error('Not a file'), {
    code: found.isDirectory() ? 'EISDIR' : 'EINVAL',
    syscall: 'open',
  });
}

function inodeOf(path: string): string {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false, bigint: true });
    return found ? `${found.dev} ${found.ino}` : '';
  } catch {
    return '';
  }
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {}
}
