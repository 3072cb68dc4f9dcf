/**
 * A database file that this process alone has. Whose it is says an exclusive lock that SQLite holds on a second, empty
 * database beside it: POSIX drops a process' locks on a file as soon as the same process closes any handle of it, and
 * that second file nothing else ever opens. The system frees the lock when the process ends, however it ends.
 */
import { closeSync, lstatSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { SqliteSql } from './sql';

/** Beside the database, by what is appended to its name. */
const OWNER = '-owner';
const WAL = '-wal';
/** Every file that SQLite may open. */
const BESIDE: readonly string[] = ['', WAL, '-shm', '-journal', OWNER, `${OWNER}-journal`];
const SETTINGS = [
  // Before WAL: then SQLite needs no shared memory, and its lock stays.
  'PRAGMA locking_mode = EXCLUSIVE',
  // It takes effect only in a file without tables.
  'PRAGMA auto_vacuum = INCREMENTAL',
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  // What is written back into the file waits until the reply is sent.
  'PRAGMA wal_autocheckpoint = 0',
  'PRAGMA journal_size_limit = 16777216',
  'PRAGMA temp_store = MEMORY',
  'PRAGMA trusted_schema = OFF',
  ...(process.platform === 'darwin' ? ['PRAGMA fullfsync = ON', 'PRAGMA checkpoint_fullfsync = ON'] : []),
];
const CHECKPOINT_BYTES = 4 * 1024 * 1024;
const VACUUM_PAGES = 256;

export class OwnedFile {
  readonly path: string;
  readonly sql: SqliteSql;
  readonly #database: DatabaseSync;
  readonly #owner: DatabaseSync;
  /** Inodes of the files as they were opened. */
  #identity: readonly string[] = [];

  private constructor(path: string, database: DatabaseSync, owner: DatabaseSync) {
    this.path = path;
    this.#database = database;
    this.#owner = owner;
    this.sql = new SqliteSql(database);
  }

  /**
   * Opens the file and makes it ours; it is made where it is missing.
   * @param path of the database
   * @param makesFolders whether its folder is made with all above it, or alone
   * @throws Error of SQLite or of the file system, which `faultOf` reads
   */
  static open(path: string, makesFolders: boolean): OwnedFile {
    const sqlite = require('node:sqlite') as typeof import('node:sqlite');
    const folder = dirname(path);
    try {
      mkdirSync(folder, { recursive: makesFolders, mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    for (const suffix of BESIDE) refuseOddities(path + suffix);
    const owner = new sqlite.DatabaseSync(makePrivate(path + OWNER));
    let database: DatabaseSync | null = null;
    try {
      owner.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
      database = new sqlite.DatabaseSync(makePrivate(path));
      return new OwnedFile(path, database, owner);
    } catch (error) {
      database?.close();
      owner.close();
      throw error;
    }
  }

  /** @returns how many migrations the file has had */
  get version(): number {
    const row = this.#database.prepare('PRAGMA user_version').get() as { user_version: number };
    return row.user_version;
  }

  /** Prepares for writing. Nothing is changed in the file before this is called. */
  configure(): void {
    for (const setting of SETTINGS) this.#database.exec(setting);
  }

  /** @param text statements that take effect as they are */
  exec(text: string): void {
    this.#database.exec(text);
  }

  /** Remembers which files these are, once all of them are there. */
  identify(): void {
    this.#identity = this.#look();
  }

  /** @returns false where somebody has removed or replaced one of the files */
  isStillThere(): boolean {
    const now = this.#look();
    return this.#identity.every((inode, index) => inode === now[index]);
  }

  /** Writes back into the file what stands in the WAL, where that has grown. Never throws. */
  checkpoint(): void {
    quietly(() => {
      if (lstatSync(this.path + WAL).size >= CHECKPOINT_BYTES) this.makeRoom();
    });
  }

  /** Writes back what stands in the WAL, so that its space is used again. Never throws: the next commit says what is wrong. */
  makeRoom(): void {
    quietly(() => this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)'));
  }

  /** Gives some of the space of deleted rows back to the file system. Never throws. */
  vacuum(): void {
    quietly(() => {
      const row = this.#database.prepare('PRAGMA freelist_count').get() as { freelist_count: number };
      if (row.freelist_count >= VACUUM_PAGES)
        this.#database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
    });
  }

  /** Gives the file back. Never throws. */
  close(): void {
    // SQLite removes what has the name of its WAL, which may belong to a file that was put here meanwhile.
    const wal = this.path + WAL;
    const isForeign = this.#identity.length > 0 && inodeOf(wal) !== '' && inodeOf(wal) !== this.#identity[1];
    const aside = `${wal}.${process.pid}`;
    if (isForeign) quietly(() => renameSync(wal, aside));
    quietly(() => this.#database.close());
    if (isForeign) quietly(() => renameSync(aside, wal));
    quietly(() => this.#owner.close());
  }

  #look(): readonly string[] {
    return ['', WAL, OWNER].map((suffix) => inodeOf(this.path + suffix));
  }
}

/** Readable for its owner alone before SQLite, which would make it readable for all, opens it. */
function makePrivate(path: string): string {
  try {
    // Only where there is none: closing a handle of a file that is open here would drop its locks.
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return path;
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
