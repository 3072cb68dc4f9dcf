/**
 * What a store holds and until when: one file a photo, written before the photo is put, so that whatever happens to this
 * process it is deleted in the end. A file's time of change is when the photo is due.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { VerifyError } from '../errors';
import { syncFolder, writeAt } from '../waiting/lines';

/** 128 bits in 22 characters: nobody finds a photo by guessing. */
const ID_BYTES = 16;
/** The id, and behind it the size of a photo that is elsewhere. */
const NAME = /^([\w-]{22})(?:\.(\d{1,12}))?$/;
const AT_A_TIME = 4;
/** A file that is being written is not due yet: for a minute, or half of what a photo is kept. */
const UNFINISHED_MS = 60_000;
/** Seconds since 1970 of what is not needed any more. */
const LONG_AGO = 1;
/** What a store refuses to delete is tried for so long, as what waits for a node that is gone. */
const GIVE_UP_MS = 7 * 86_400_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;
/** So many fail, and none does not: then the others wait, too. One place that is gone for good holds up nothing else. */
const MOST_IN_VAIN = 8;
/** A timer that ran through a night's sleep, or a clock that was set, is noticed. */
const LONGEST_NAP_MS = 60_000;

/** `kept-on` when photos that are due cannot be deleted, `deleted-again` when that is over, `given-up` at last. */
export type StoreTrouble = 'kept-on' | 'deleted-again' | 'given-up';

export interface HoldingsOptions {
  folder: string;
  /** Milliseconds for which any photo is kept at the most, whatever the clock does. */
  longestMs: number;
  /**
   * Deletes a photo.
   * @param path of its file, which goes after it
   * @throws where it could not be deleted, and is to be tried again
   */
  remove(path: string): Promise<void>;
  /** Milliseconds before what could not be deleted is tried again, at first. */
  firstPauseMs?: number;
  /** Once when a trouble begins; `count`: photos that are due. */
  told(trouble: StoreTrouble, values: { count: number }): void;
}

interface Holding {
  /** Name of its file. */
  name: string;
  bytes: number;
  /** Unix times in milliseconds. */
  since: number;
  due: number;
  /** What may arrive late is deleted again when it would have been due. */
  again: number | null;
  /** Where it could not be deleted: milliseconds until it is tried again, when that is, and since when. */
  pause: number;
  notBefore: number;
  failingSince: number;
}

const FRESH = { again: null, pause: 0, notBefore: 0, failingSince: 0 };

/** What a store holds, for its owner. */
export interface Held {
  count: number;
  bytes: number;
  /** ISO 8601, when the oldest was put; null where there is none. */
  oldest: string | null;
}

/**
 * @param folder of photos
 * @param prefix of the folders in it, in each of which is written down what an object store holds
 * @returns how many photos are in it, and in each of those
 */
export async function countIn(
  folder: string,
  prefix: string,
): Promise<{ count: number; others: { name: string; count: number }[] }> {
  const namesIn = (path: string) => readdir(path).catch(() => []);
  const countOf = (names: readonly string[]) => names.filter((name) => NAME.test(name)).length;
  const all = await namesIn(folder);
  const others = all.filter((name) => name.startsWith(prefix));
  return {
    count: countOf(all.filter((name) => !name.startsWith(prefix))),
    others: await Promise.all(
      others.map(async (name) => ({ name, count: countOf(await namesIn(join(folder, name))) })),
    ),
  };
}

export class Holdings {
  readonly #options: HoldingsOptions;
  readonly #held = new Map<string, Holding>();
  readonly #opened: Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Number.POSITIVE_INFINITY;
  #sweeping: Promise<void> | null = null;
  #pause = 0;
  #restUntil = 0;
  #isTroubled = false;
  #isClosed = false;

  /** @param options whose folder is read at once */
  constructor(options: HoldingsOptions) {
    this.#options = options;
    this.#opened = this.#read();
  }

  /**
   * Writes down that a photo is about to be put.
   * @param contentOf its file: the photo itself, or where it is
   * @param bytes of the photo where that is elsewhere, and then a power cut does not lose the file; else null
   * @param keepMs milliseconds until it is deleted
   * @returns its id
   * @throws VerifyError CONFIG where the disk does not take it
   */
  async enter(contentOf: (id: string) => Buffer, bytes: number | null, keepMs: number): Promise<string> {
    const { folder } = this.#options;
    const id = randomBytes(ID_BYTES).toString('base64url');
    const name = bytes === null ? id : `${id}.${bytes}`;
    const content = contentOf(id);
    const since = Date.now();
    const due = since + keepMs;
    try {
      const file = await this.#create(name);
      try {
        await writeAt(file, content, 0);
        await file.utimes(since / 1000, due / 1000);
        if (bytes !== null) await file.sync();
      } finally {
        await file.close();
      }
      if (bytes !== null) await syncFolder(folder);
    } catch (reason) {
      await unlink(join(folder, name)).catch(() => {});
      const { code = 'unknown' } = reason as NodeJS.ErrnoException;
      throw new VerifyError('CONFIG', 'store-unwritable', { code }, { charged: false });
    }
    this.#held.set(id, { name, bytes: bytes ?? content.length, since, due, ...FRESH });
    if (this.#isClosed) {
      this.forget(id);
      throw new VerifyError('CANCELLED', 'cancelled', {}, { charged: false });
    }
    this.#wakeAt(due);
    return id;
  }

  /**
   * A photo is not needed any more.
   * @param id of it
   * @param mayArrive true: it was sent and may still be stored after it was deleted, so it is deleted twice
   */
  discard(id: string, mayArrive: boolean): void {
    const holding = this.#held.get(id);
    if (!holding) return;
    if (mayArrive) holding.again = holding.due;
    holding.due = Date.now();
    // After a kill it is due at the next start.
    if (!mayArrive) void utimes(join(this.#options.folder, holding.name), LONG_AGO, LONG_AGO).catch(() => {});
    this.#wakeAt(holding.due);
  }

  /** A photo was certainly not put. */
  forget(id: string): void {
    const holding = this.#held.get(id);
    if (!holding) return;
    this.#held.delete(id);
    void unlink(join(this.#options.folder, holding.name)).catch(() => {});
  }

  /** @returns how many photos are held, and since when; once the folder is read */
  async held(): Promise<Held> {
    await this.#opened;
    const all = [...this.#held.values()];
    const oldest = all.reduce((least, { since }) => Math.min(least, since), Number.POSITIVE_INFINITY);
    return {
      count: all.length,
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      oldest: all.length > 0 ? new Date(oldest).toISOString() : null,
    };
  }

  /** @returns once all that is due now was tried; for who would rather not wait for the timer */
  async sweep(): Promise<void> {
    await this.#opened;
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = null;
      this.#rearm();
    });
    return this.#sweeping;
  }

  /** Deletes nothing more; the next one that opens the folder goes on. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    const { folder, longestMs } = this.#options;
    const names = await readdir(folder).catch(() => []);
    const now = Date.now();
    const unfinished = Math.min(UNFINISHED_MS, longestMs / 2);
    for (const name of names) {
      const [, id, size] = NAME.exec(name) ?? [];
      const file = id === undefined ? null : await stat(join(folder, name)).catch(() => null);
      if (!file?.isFile() || this.#held.has(id!)) continue;
      const { mtimeMs, birthtimeMs } = file;
      const isUnfinished = Math.abs(mtimeMs - birthtimeMs) < unfinished;
      const due = isUnfinished ? birthtimeMs + unfinished : Math.min(mtimeMs, now + longestMs);
      const bytes = size === undefined ? file.size : Number(size);
      this.#held.set(id!, { name, bytes, since: Math.min(birthtimeMs, now), due, ...FRESH });
    }
    this.#rearm();
  }

  async #create(name: string): Promise<FileHandle> {
    const { folder } = this.#options;
    const path = join(folder, name);
    return open(path, 'wx', 0o600).catch(async (reason: NodeJS.ErrnoException) => {
      if (reason.code !== 'ENOENT') throw reason;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return open(path, 'wx', 0o600);
    });
  }

  #wakeAt(time: number): void {
    if (time >= this.#wakesAt || this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#wakesAt = time;
    const nap = Math.max(time, this.#restUntil) - Date.now();
    this.#timer = setTimeout(
      () => {
        this.#wakesAt = Number.POSITIVE_INFINITY;
        void this.sweep();
      },
      Math.min(LONGEST_NAP_MS, Math.max(1, nap)),
    ).unref();
  }

  #rearm(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    let first = Number.POSITIVE_INFINITY;
    for (const { due, notBefore } of this.#held.values()) first = Math.min(first, Math.max(due, notBefore));
    if (first < Number.POSITIVE_INFINITY) this.#wakeAt(first);
  }

  async #sweep(): Promise<void> {
    const now = Date.now();
    if (now < this.#restUntil) return;
    const latest = now + this.#options.longestMs;
    const due: string[] = [];
    for (const [id, holding] of this.#held) {
      // A clock that was set back must not keep a photo for longer.
      if (holding.due > latest) holding.due = latest;
      if (Math.max(holding.due, holding.notBefore) <= now) due.push(id);
    }
    const rest = due.values();
    let [deleted, failed] = [0, 0];
    const worker = async () => {
      for (const id of rest) {
        if (this.#isClosed || (deleted === 0 && failed >= MOST_IN_VAIN)) return;
        if (await this.#delete(id)) deleted++;
        else failed++;
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    if (this.#isClosed || deleted + failed === 0) return;
    this.#pause = deleted > 0 ? 0 : this.#longer(this.#pause);
    this.#restUntil = failed >= MOST_IN_VAIN ? Date.now() + this.#pause : 0;
    this.#tell(due.length);
  }

  #tell(count: number): void {
    const isTroubled = [...this.#held.values()].some(({ pause }) => pause > 0);
    if (isTroubled === this.#isTroubled) return;
    this.#isTroubled = isTroubled;
    this.#options.told(isTroubled ? 'kept-on' : 'deleted-again', { count });
  }

  /** @returns whether it is deleted */
  async #delete(id: string): Promise<boolean> {
    const holding = this.#held.get(id);
    if (!holding) return true;
    const path = join(this.#options.folder, holding.name);
    try {
      await this.#options.remove(path);
    } catch {
      if (!this.#isClosed) this.#postpone(id, holding);
      return false;
    }
    Object.assign(holding, { pause: 0, notBefore: 0, failingSince: 0 });
    if (holding.again !== null) {
      holding.due = holding.again;
      holding.again = null;
      return true;
    }
    this.#held.delete(id);
    await unlink(path).catch(() => {});
    return true;
  }

  /** The store is away, or does not let us. */
  #postpone(id: string, holding: Holding): void {
    const now = Date.now();
    holding.failingSince ||= now;
    if (now - holding.failingSince > GIVE_UP_MS) {
      this.forget(id);
      this.#options.told('given-up', { count: 1 });
      return;
    }
    holding.pause = this.#longer(holding.pause);
    holding.notBefore = now + holding.pause;
  }

  #longer(pause: number): number {
    return Math.min(LONGEST_PAUSE_MS, pause * 2 || (this.#options.firstPauseMs ?? FIRST_PAUSE_MS));
  }
}
