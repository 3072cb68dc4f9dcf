/**
 * What waits, on disk: a folder with segments, `NNNNNNNN.log`, to which records are only ever appended. All that came
 * since the last flush is written and flushed at once; what could not be written stays dirty, and is written later.
 */
import { setImmediate } from 'node:timers/promises';
import { purposeKey } from './key';
import { pacer } from './lines';
import { Lock } from './lock';
import { Log } from './log';
import { type Kept, seal } from './record';
import { forgetAside, type Live, putAsideIn, recover } from './recover';

export type { Kept } from './record';

/** Written in one piece; while the disk is in trouble less is tried. */
const BATCH_BYTES = 2 * 1024 * 1024;
const PROBE_BYTES = 64 * 1024;
/** Of what is on disk already, and is written anew to make room: nothing new waits for longer than that takes. */
const ANEW_BYTES = 256 * 1024;
const TRY_AGAIN_MS = 1_000;
const ASK_AGAIN_MS = 5_000;
const DAY_MS = 86_400_000;

/**
 * What goes wrong without stopping anything. `unwritable` when it begins, `written-again` when it is over;
 * `unreadable`: the key, or files; `damaged`: files or lines that are no record of ours; `in-part`: not all of a
 * message can be kept; `held-elsewhere`: another process, or another journal of this one, has the folder.
 */
export type Trouble =
  | 'unwritable'
  | 'written-again'
  | 'unreadable'
  | 'damaged'
  | 'in-part'
  | 'held-elsewhere';

export interface JournalOptions {
  /** The journal's own: anything foreign in it is put aside, and deleted after seven days. null: memory only. */
  folder: string | null;
  /** The master key, 32 bytes. Asked for until it comes. */
  key: () => Buffer | Promise<Buffer>;
  /** Told once for each trouble until that is over. `count`: things that wait, or files and lines. */
  told(trouble: Trouble, values: { folder: string; count: number }): void;
  /** What was found after `open` had returned, because the folder could not be had until now; oldest first. */
  onFound(kept: Kept[]): void;
}

type Waiter = (isWritten: boolean) => void;

/** A record on its way to the disk; `live` is undefined where it is an end. */
interface Written {
  id: string;
  live: Live | undefined;
  waiters: Waiter[];
  line: Buffer;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #folder: string;
  readonly #lock: Lock;
  readonly #live = new Map<string, Live>();
  /** Ids of which the last word is not on disk, in the order they came, and who waits for that. */
  readonly #dirty = new Map<string, Waiter[]>();
  readonly #told = new Set<Trouble>();
  #key: Buffer | null = null;
  /** Whether the folder was read, and is ours since. */
  #isOurs = false;
  #hand: (kept: Kept[]) => void;
  #log: Log | null = null;
  #liveBytes = 0;
  /** Ids of what is still to be written anew before old segments can go. */
  #anew: string[] = [];
  #isTidyingDue = false;
  #working: Promise<void> | null = null;
  /** Until it is over nothing is tried. */
  #rest: NodeJS.Timeout | null = null;
  #isTroubled = false;
  #daily: NodeJS.Timeout | null = null;
  #state: 'new' | 'open' | 'closed' = 'new';

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#folder = options.folder ?? '';
    this.#hand = options.onFound;
    this.#lock = new Lock(this.#folder, () => {
      this.#isOurs = false;
      this.#wake();
    });
  }

  /**
   * Takes the folder and reads it, once.
   * @returns what waits, oldest first; nothing where the folder cannot be had yet, and then `onFound` is called
   */
  async open(): Promise<Kept[]> {
    if (this.#options.folder === null || this.#state !== 'new') return [];
    this.#state = 'open';
    this.#daily = setInterval(() => this.#tidy(), DAY_MS).unref();
    void forgetAside(this.#folder);
    return new Promise((resolve) => {
      this.#hand = resolve;
      this.#wake();
    });
  }

  /**
   * @param kept in place of what had its id. It may be written again later, as it is then: put it again when it changed
   * @returns true once it is on disk; false as soon as it is known that it is not: it is tried again until it is
   */
  put(kept: Kept): Promise<boolean> {
    if (this.#state !== 'open') return Promise.resolve(false);
    const live = this.#live.get(kept.id);
    if (live) live.kept = kept;
    else this.#live.set(kept.id, { kept, bytes: 0 });
    const waiters = this.#dirty.get(kept.id) ?? [];
    this.#dirty.set(kept.id, waiters);
    if (this.#rest) return Promise.resolve(false);
    this.#wake();
    return new Promise((resolve) => waiters.push(resolve));
  }

  /** Forgets what has this id; on disk with the next flush. */
  end(id: string): void {
    const live = this.#live.get(id);
    if (!live || this.#state !== 'open') return;
    this.#live.delete(id);
    this.#liveBytes -= live.bytes;
    settle(this.#dirty.get(id), true);
    this.#dirty.delete(id);
    if (live.bytes === 0) return;
    this.#dirty.set(id, []);
    this.#wake();
  }

  /**
   * Writes what is dirty now, however lately it was tried.
   * @returns task ids of what is in memory alone
   */
  async flush(): Promise<readonly string[]> {
    if (this.#state !== 'open') return [];
    clearTimeout(this.#rest!);
    this.#rest = null;
    // It may have gone since what is under way looked.
    if (await this.#isGone()) this.#isOurs = false;
    this.#wake();
    do await this.#working;
    while (this.#working && (this.#dirty.size > 0 || !this.#isOurs));
    const isSafe = this.#isOurs || this.#told.has('held-elsewhere');
    return [...this.#live.values()]
      .filter(({ bytes }) => bytes === 0 || !isSafe)
      .flatMap(({ kept }) => kept.taskIds);
  }

  /**
   * Writes what is dirty once more, and gives the folder back.
   * @returns task ids of what is lost all the same
   */
  async close(): Promise<readonly string[]> {
    clearInterval(this.#daily!);
    const lost = await this.flush();
    this.#state = 'closed';
    await this.#working;
    clearTimeout(this.#rest!);
    if (this.#isOurs && this.#live.size === 0) await this.#clear();
    await this.#log?.close();
    await this.#lock.release();
    return lost;
  }

  /** @returns what was put aside because it could not be read, and when, in Unix milliseconds; gone after seven days */
  damaged(): Promise<{ file: string; since: number }[]> {
    return this.#options.folder === null ? Promise.resolve([]) : putAsideIn(this.#folder);
  }

  /** What is over may stand on disk for some time, but not for ever. */
  #tidy(): void {
    void forgetAside(this.#folder);
    this.#isTidyingDue = true;
    this.#wake();
  }

  #wake(): void {
    if (this.#rest || this.#working || this.#state !== 'open') return;
    this.#working = this.#work().then(() => {
      this.#working = null;
      const isMore = this.#dirty.size > 0 || this.#anew.length > 0 || this.#log?.isDue(this.#liveBytes);
      if (isMore || !this.#isOurs) this.#wake();
    });
  }

  async #work(): Promise<void> {
    // All that comes in this turn of the event loop is written together.
    await setImmediate();
    try {
      if (!this.#isOurs && !(await this.#begin())) return this.#pause(ASK_AGAIN_MS);
      do await this.#flush();
      while (this.#isOurs && this.#dirty.size > 0);
    } catch {
      this.#isTroubled = true;
      this.#tell(this.#key ? 'unwritable' : 'unreadable', this.#live.size);
      return this.#pause(TRY_AGAIN_MS);
    }
    if (!this.#isTroubled || !this.#isOurs) return;
    this.#isTroubled = false;
    this.#tell('written-again', this.#live.size);
    this.#isOver('unwritable', 'unreadable', 'written-again');
  }

  #tell(trouble: Trouble, count: number): void {
    if (this.#told.has(trouble)) return;
    this.#told.add(trouble);
    this.#options.told(trouble, { folder: this.#folder, count });
  }

  #isOver(...troubles: Trouble[]): void {
    for (const trouble of troubles) this.#told.delete(trouble);
  }

  /** Nobody waits for a disk that does not work. */
  #pause(milliseconds: number): void {
    for (const waiters of this.#dirty.values()) settle(waiters, false);
    this.#handOver([]);
    if (this.#state !== 'open') return;
    this.#rest = setTimeout(() => {
      this.#rest = null;
      this.#wake();
    }, milliseconds).unref();
  }

  /** The first answer is that of `open`. */
  #handOver(found: Kept[]): void {
    const hand = this.#hand;
    this.#hand = this.#options.onFound;
    if (found.length > 0 || hand !== this.#hand) hand(found);
  }

  /** @returns false where the folder is not ours */
  async #begin(): Promise<boolean> {
    await this.#log?.close();
    // A folder that is made again may have a key of its own.
    this.#key = purposeKey(await this.#options.key(), 'waiting');
    const taken = await this.#lock.take();
    if (taken === 'theirs') this.#tell('held-elsewhere', this.#live.size);
    if (taken !== 'ours') return false;
    this.#isOver('held-elsewhere', 'damaged');
    const past = await recover(this.#folder, this.#key);
    this.#log = new Log(this.#folder, past);
    this.#isOurs = true;
    this.#anew = [];
    // Where the folder was ours before, nobody knows what became of what we wrote there.
    for (const [id, live] of this.#live) {
      live.bytes = past.live.get(id)?.bytes ?? 0;
      this.#makeDirty(id);
    }
    const found: Kept[] = [];
    for (const [id, live] of past.live) {
      if (this.#live.has(id) || this.#dirty.has(id)) continue;
      this.#live.set(id, live);
      found.push(live.kept);
      // What came before the place where a file could not be read has no file any more.
      if (past.unreadable > 0) this.#makeDirty(id);
    }
    this.#liveBytes = 0;
    for (const { bytes } of this.#live.values()) this.#liveBytes += bytes;
    if (past.damaged > 0) this.#tell('damaged', past.damaged);
    if (past.unreadable > 0) this.#tell('unreadable', past.unreadable);
    if (past.live.size === 0) await this.#clear();
    this.#handOver(this.#state === 'open' ? found.sort((a, b) => a.since - b.since) : []);
    return true;
  }

  async #flush(): Promise<void> {
    await this.#makeRoom();
    const batch = await this.#takeBatch();
    const isAllAnew = this.#anew.length === 0 && this.#dirty.size === 0;
    const lines = batch.map(({ line }) => line);
    const failure = lines.length > 0 && (await this.#log!.append(lines).catch((error: Error) => error));
    // The folder may have gone without anybody noticing: then it is taken anew, and what was written went nowhere.
    if (await this.#isGone()) this.#isOurs = false;
    for (const record of batch) {
      if (this.#isOurs && !failure) this.#flushed(record);
      else this.#giveBack(record);
    }
    if (!this.#isOurs) return;
    if (failure) throw failure;
    if (isAllAnew) await this.#log!.forgetOld();
  }

  async #isGone(): Promise<boolean> {
    const [isHeld, isGone] = await Promise.all([this.#lock.holds(), this.#log?.isGone()]);
    return !isHeld || isGone === true;
  }

  /** Segments that hold much of what is over go, once all that waits was written anew behind them. */
  async #makeRoom(): Promise<void> {
    const isDue = this.#log!.isDue(this.#liveBytes, this.#isTidyingDue);
    this.#isTidyingDue = false;
    if (!isDue) return;
    await this.#log!.turn();
    this.#anew = [...this.#live.keys()];
  }

  async #clear(): Promise<void> {
    await this.#log!.turn();
    await this.#log!.forgetOld();
  }

  async #takeBatch(): Promise<Written[]> {
    const breathe = pacer();
    const batch: Written[] = [];
    let bytes = 0;
    const take = (id: string) => {
      const waiters = this.#dirty.get(id) ?? [];
      this.#dirty.delete(id);
      const live = this.#live.get(id);
      const sealed = seal(live?.kept ?? id, this.#key!);
      if (!sealed?.whole) this.#tell('in-part', 1);
      if (sealed) batch.push({ id, live, waiters, line: sealed.line });
      else settle(waiters, false);
      bytes += sealed?.line.length ?? 0;
      return breathe();
    };
    const most = this.#isTroubled ? PROBE_BYTES : BATCH_BYTES;
    for (const id of this.#dirty.keys()) {
      if (bytes >= most) return batch;
      await take(id);
    }
    const mostAnew = this.#isTroubled || this.#state !== 'open' ? 0 : bytes + ANEW_BYTES;
    while (this.#anew.length > 0 && bytes < mostAnew) {
      const id = this.#anew.pop()!;
      if (this.#live.has(id)) await take(id);
    }
    return batch;
  }

  #flushed({ id, live, waiters, line }: Written): void {
    if (live && this.#live.get(id) === live) {
      this.#liveBytes += line.length - live.bytes;
      live.bytes = line.length;
    } else if (live && !this.#live.has(id)) this.#makeDirty(id);
    settle(waiters, true);
  }

  #giveBack({ id, live, waiters }: Written): void {
    if (live && this.#live.get(id) !== live) settle(waiters, true);
    else this.#dirty.set(id, [...waiters, ...(this.#dirty.get(id) ?? [])]);
  }

  #makeDirty(id: string): void {
    if (!this.#dirty.has(id)) this.#dirty.set(id, []);
  }
}

function settle(waiters: Waiter[] | undefined, isWritten: boolean): void {
  for (const waiter of waiters?.splice(0) ?? []) waiter(isWritten);
}
