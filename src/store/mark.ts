/** A file outside the folder of the database that records how far the database had come. */
import { existsSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface Mark {
  /** Of the database, for as long as it is the same one. */
  id: string;
  /** Transactions that wrote something. */
  count: number;
}

/** Whatever the count, so that each mark covers the one before. */
const LENGTH = 100;

/** The file that it is written to. None of its methods throws. */
export class MarkFile {
  readonly #path: string | null;
  /** false from an update that failed until the file is made again. */
  #isUpToDate = true;

  /** @param path null: nothing is remembered */
  constructor(path: string | null) {
    this.#path = path;
  }

  /** @returns what was written last; null where nothing was; `unreadable`: that something was */
  read(): Mark | 'unreadable' | null {
    if (this.#path === null) return null;
    try {
      const found = lstatSync(this.#path, { throwIfNoEntry: false });
      if (!found) return null;
      // A pipe would hold the thread for ever.
      if (!found.isFile()) return 'unreadable';
      const { id, count } = JSON.parse(readFileSync(this.#path, 'utf8')) as Partial<Mark>;
      return typeof id === 'string' && typeof count === 'number' ? { id, count } : 'unreadable';
    } catch {
      return 'unreadable';
    }
  }

  /** Makes the file, in place of whatever stands there, with what is on disk in the database. */
  create(mark: Mark): void {
    if (this.#path === null) return;
    const next = `${this.#path}.${process.pid}`;
    try {
      writeFileSync(next, textOf(mark), { mode: 0o600 });
      renameSync(next, this.#path);
      this.#isUpToDate = true;
    } catch {
      try {
        rmSync(next, { force: true });
      } catch {}
    }
  }

  /**
   * Writes down what has just come to the database's disk, over what stands there: a kill never leaves an empty file. It
   * does not wait for the disk once more: the system keeps it when the process is killed, and where the power fails it is
   * at most older than the database.
   */
  update(mark: Mark): void {
    if (this.#path === null) return;
    try {
      writeFileSync(this.#path, textOf(mark), { flag: 'r+' });
    } catch {
      this.#isUpToDate = false;
    }
  }

  /** @returns false where somebody has removed the file, or it could not be written to */
  isThere(): boolean {
    return this.#path === null || (this.#isUpToDate && existsSync(this.#path));
  }
}

function textOf({ id, count }: Mark): string {
  return JSON.stringify({ id, count }).padEnd(LENGTH);
}
