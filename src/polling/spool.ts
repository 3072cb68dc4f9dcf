/**
 * What a node waits for, kept on disk so that it survives the process: one file a message, in a folder of the node's
 * own. Whoever waits is told nothing of trouble with the disk, because the work goes on without it.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { scheduler } from './scheduler';
import { decode, encode, type Kept } from './spool-file';

/** A kill between this node and the next must not lose a message that was just sent. */
const KEPT_AFTER_SENDING_MS = 2_000;
/** Each flushes to disk, in threads that name lookups need as well. */
const WRITES_AT_A_TIME = 2;
/** While the node closes, nothing else is as urgent. */
const WRITES_AT_A_TIME_CLOSING = 16;
const READS_AT_A_TIME = 16;
const ENDING = '.task';
const UNFINISHED = '.unfinished';
const DAMAGED = 'damaged';

/** What goes wrong without stopping anything. `in-part`: not all of a message can be kept. */
export type SpoolTrouble = 'unwritable' | 'unreadable' | 'damaged' | 'in-part';

const nothing = () => {};

interface Entry {
  readonly id: string;
  /** undefined once its message was sent and it is on disk. */
  kept: Kept | undefined;
  /** false: left behind by an instance of the node that was closed. */
  isHeld: boolean;
  isSent: boolean;
  isOnDisk: boolean;
  /** Stops the clock that removes it after it was sent. */
  stopRemoval: () => void;
}

export class Spool {
  readonly #folder: string | null;
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new Set<Entry>();
  #writing = 0;
  /** Everything under way on the disk. */
  readonly #busy = new Set<Promise<void>>();
  #troubled: (trouble: SpoolTrouble, values: { folder: string; count: number }) => void = () => {};
  #isClosing = false;

  /**
   * @param folder of the node; null keeps messages from one deploy to the next, and no longer
   */
  constructor(folder: string | null) {
    this.#folder = folder;
  }

  /**
   * Begins to write a message down.
   * @param kept the message, and what to do with it
   * @returns an id for the functions below
   */
  keep(kept: Kept): string {
    const entry = this.#enter(randomUUID(), kept, false);
    if (this.#folder) {
      this.#queue.add(entry);
      this.#write();
    }
    return entry.id;
  }

  /** The message was sent on, so it may go soon. */
  sent(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry || entry.isSent) return;
    entry.isSent = true;
    if (entry.isOnDisk || !this.#folder) entry.kept = undefined;
    entry.stopRemoval = scheduler.after(KEPT_AFTER_SENDING_MS, () => this.remove(id));
  }

  /** Forgets a message, on disk too. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.stopRemoval();
    this.#entries.delete(id);
    this.#queue.delete(entry);
    if (entry.isOnDisk) this.#begin(unlink(this.#path(entry)));
  }

  /**
   * Forgets a message of a node that is not running.
   * @param id that `list` gave
   */
  async discard(id: string): Promise<void> {
    this.#entries.delete(id);
    if (this.#folder) await unlink(join(this.#folder, id + ENDING)).catch(() => {});
  }

  /**
   * @returns by id, what waits here; read from disk where no instance of the node has it
   */
  async list(): Promise<Map<string, Kept>> {
    const waiting = new Map<string, Kept>();
    for (const { id, kept, isSent } of this.#entries.values()) if (kept && !isSent) waiting.set(id, kept);
    for (const name of await this.#list()) {
      const id = name.slice(0, -ENDING.length);
      if (this.#entries.has(id) || !name.endsWith(ENDING)) continue;
      const kept = await readFile(join(this.#folder!, name)).then(decode, () => null);
      if (kept) waiting.set(id, kept);
    }
    return waiting;
  }

  /**
   * Everything there is to go on with: what the last instance of the node left in memory, then what is on disk.
   * @param troubled told once for each kind of trouble, until the next call
   * @returns by id, oldest first
   */
  async pickUp(
    troubled: (trouble: SpoolTrouble, values: { folder: string; count: number }) => void,
  ): Promise<Map<string, Kept>> {
    const told = new Set<SpoolTrouble>();
    this.#isClosing = false;
    this.#troubled = (trouble, values) => {
      if (!told.has(trouble)) troubled(trouble, values);
      told.add(trouble);
    };
    const found = [...this.#entries.values()].filter(({ isHeld }) => !isHeld);
    found.push(...(await this.#readAll()));
    found.sort((a, b) => a.kept!.since - b.kept!.since);
    for (const entry of found) entry.isHeld = true;
    return new Map(found.map(({ id, kept }) => [id, kept!]));
  }

  /**
   * Ends the writing, and forgets what was sent: only a kill may come between this node and the next.
   * @param mayReturn whether the node will be there again at once; its messages then stay in memory
   */
  async close(mayReturn: boolean): Promise<void> {
    this.#isClosing = true;
    for (const entry of this.#entries.values()) {
      if (entry.isSent) this.remove(entry.id);
      entry.isHeld = false;
    }
    this.#write();
    while (this.#busy.size > 0) await Promise.all(this.#busy);
    if (mayReturn) return;
    for (const [id, { isOnDisk }] of this.#entries) if (isOnDisk) this.#entries.delete(id);
  }

  #enter(id: string, kept: Kept, isOnDisk: boolean): Entry {
    const entry: Entry = { id, kept, isHeld: true, isSent: false, isOnDisk, stopRemoval: nothing };
    this.#entries.set(id, entry);
    return entry;
  }

  #path({ id }: Entry): string {
    return join(this.#folder!, id + ENDING);
  }

  /** What cannot be removed comes back as a duplicate, which is allowed. */
  #begin(work: Promise<void>): void {
    const ended: Promise<void> = work.catch(() => {}).then(() => void this.#busy.delete(ended));
    this.#busy.add(ended);
  }

  #write(): void {
    const most = this.#isClosing ? WRITES_AT_A_TIME_CLOSING : WRITES_AT_A_TIME;
    for (const entry of this.#queue) {
      if (this.#writing >= most) return;
      this.#queue.delete(entry);
      this.#writing++;
      this.#begin(this.#writeNext(entry));
    }
  }

  async #writeNext(entry: Entry): Promise<void> {
    await this.#writeDown(entry).catch(() => this.#trouble('unwritable'));
    this.#writing--;
    // It may have been sent, and even removed, while it was being written.
    if (entry.isSent) entry.kept = undefined;
    if (entry.isOnDisk && this.#entries.get(entry.id) !== entry) this.#begin(unlink(this.#path(entry)));
    this.#write();
  }

  /** Whole or not at all: a reader, or a kill, never meets half a file under its name. */
  async #writeDown(entry: Entry): Promise<void> {
    const { bytes, whole } = encode(entry.kept!);
    if (!whole) this.#trouble('in-part');
    await mkdir(this.#folder!, { recursive: true, mode: 0o700 });
    const path = this.#path(entry);
    const file = await open(path + UNFINISHED, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(path + UNFINISHED, path);
    entry.isOnDisk = true;
  }

  async #readAll(): Promise<Entry[]> {
    const files = await this.#list();
    const found: Entry[] = [];
    let damaged = 0;
    const readNext = async (): Promise<void> => {
      for (let name = files.pop(); name !== undefined; name = files.pop()) {
        const read = await this.#read(name);
        if (read === 'damaged') damaged++;
        else if (read) found.push(read);
      }
    };
    await Promise.all(Array.from({ length: READS_AT_A_TIME }, readNext));
    if (damaged > 0) this.#trouble('damaged', damaged);
    return found;
  }

  async #list(): Promise<string[]> {
    if (!this.#folder) return [];
    try {
      const entries = await readdir(this.#folder, { withFileTypes: true });
      return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#trouble('unreadable');
      return [];
    }
  }

  /** A kill leaves unfinished files behind; theirs was a message that was not safe yet. */
  async #read(name: string): Promise<Entry | 'damaged' | null> {
    const path = join(this.#folder!, name);
    const [id = ''] = name.split('.');
    if (this.#entries.has(id)) return null;
    if (name.endsWith(ENDING + UNFINISHED)) {
      await unlink(path).catch(() => {});
      return null;
    }
    const bytes = await readFile(path).catch(() => this.#trouble('unreadable'));
    if (!bytes) return null;
    const kept = name === id + ENDING ? decode(bytes) : null;
    if (kept) return this.#enter(id, kept, true);
    const aside = join(this.#folder!, DAMAGED);
    await mkdir(aside, { recursive: true, mode: 0o700 })
      .then(() => rename(path, join(aside, name)))
      .catch(() => {});
    return 'damaged';
  }

  #trouble(trouble: SpoolTrouble, count = 1): void {
    this.#troubled(trouble, { folder: this.#folder!, count });
  }
}
