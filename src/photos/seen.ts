/**
 * Which photos came before, in a folder of its own within the ledger's: lines are only ever appended, flushed before
 * anybody is told, and hold digests under a secret of this Node-RED, so that nobody can look a code up in them.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { VerifyError } from '../errors';
import { purposeKey } from '../waiting/key';
import { Lock } from '../waiting/lock';
import { SeenFiles } from './seen-files';
import { DIGEST_BYTES, SeenMemory } from './seen-memory';

const MOST_REMEMBERED = 1_000_000;
/** Nobody can ask for more: `unseen`. */
export const MOST_DAYS = 1096;
const DAY_SECONDS = 86_400;
/** Written in one piece. */
const MOST_AT_ONCE = 20_000;
/** How long it is asked whose the folder is, where only time can tell. */
const UNCLEAR_MS = 15_000;
const ASK_AGAIN_MS = 250;

export interface SeenOptions {
  /** Made where it is missing. */
  folder: string;
  /** The master key, 32 bytes. */
  key(): Promise<Buffer>;
  /** Unix milliseconds. */
  now(): number;
  /** Told when the folder was read: so many lines are none of ours. */
  damaged(count: number): void;
  /** Most photos that are remembered. */
  capacity?: number;
}

/** One photo of a message. */
export interface Met {
  /** What it shares with every other photo that is the same. */
  same: string;
  /** What tells it from those: the same when its message comes again. */
  photo: string;
}

export class Seen {
  readonly #options: SeenOptions;
  readonly #capacity: number;
  readonly #lock: Lock;
  #memory: SeenMemory;
  #files: SeenFiles | null = null;
  #secret: Buffer | null = null;
  #opening: Promise<void> | null = null;
  /** Records of the memory that are on disk. */
  #written = 0;
  #writing: Promise<void> = Promise.resolve();
  #following: Promise<void> | null = null;

  constructor(options: SeenOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? MOST_REMEMBERED;
    this.#memory = new SeenMemory(this.#capacity);
    this.#lock = new Lock(options.folder, () => {
      void this.#files?.close();
      this.#files = null;
    });
  }

  /**
   * Reads what is on disk, if that was not done yet.
   * @throws VerifyError CONFIG where the folder cannot be had
   */
  open(): Promise<void> {
    if (this.#files) return Promise.resolve();
    this.#opening ??= this.#read()
      .catch((reason) => {
        throw reason instanceof VerifyError ? reason : this.#unwritable(reason);
      })
      .finally(() => {
        this.#opening = null;
      });
    return this.#opening;
  }

  /**
   * Remembers photos, in this order. A photo that comes again, because its message does, is told what it was told first.
   * @param photos of a message
   * @param now Unix milliseconds
   * @returns for each how many milliseconds before it another one was there that is the same, Infinity for never; all of
   *   them are on disk by then
   * @throws VerifyError CONFIG where they cannot be written: they are tried again with the next ones
   */
  async meet(photos: readonly Met[], now: number): Promise<number[]> {
    await this.open();
    const seconds = Math.floor(now / 1000);
    const gaps = photos.map(
      ({ same, photo }) =>
        this.#memory.meet({ code: this.#digest(same), photo: this.#digest(photo), seconds }) * 1000,
    );
    await this.#flush();
    return gaps;
  }

  /** Gives the folder back once all is written that can be. Never rejects. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    await this.#writing;
    await this.#files?.close();
    this.#files = null;
    await this.#lock.release();
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#secret!).update(text).digest().subarray(0, DIGEST_BYTES);
  }

  async #read(): Promise<void> {
    const { folder, key, now, damaged } = this.#options;
    this.#secret ??= purposeKey(await key(), 'photos seen');
    await this.#take();
    const memory = new SeenMemory(this.#capacity);
    const since = now() / 1000 - MOST_DAYS * DAY_SECONDS;
    const files = await SeenFiles.open(folder, this.#capacity, since, (record) => memory.meet(record));
    if (files.damaged > 0) damaged(files.damaged);
    this.#memory = memory;
    this.#written = memory.count;
    this.#files = files;
  }

  async #take(): Promise<void> {
    for (let waited = 0; ; waited += ASK_AGAIN_MS) {
      const taken = await this.#lock.take();
      if (taken === 'ours') return;
      if (taken === 'theirs' || waited >= UNCLEAR_MS) throw this.#heldElsewhere();
      await pause(ASK_AGAIN_MS);
    }
  }

  /** One flush serves all who came since the last one. */
  #flush(): Promise<void> {
    if (!this.#following) {
      this.#following = this.#writing.then(() => {
        this.#following = null;
        return this.#write();
      });
      this.#writing = this.#following.catch(() => {});
    }
    return this.#following;
  }

  async #write(): Promise<void> {
    const files = this.#files;
    const memory = this.#memory;
    if (!files) throw this.#heldElsewhere();
    try {
      while (this.#written < memory.count) {
        const from = Math.max(this.#written, memory.count - this.#capacity);
        const to = Math.min(memory.count, from + MOST_AT_ONCE);
        await files.append(Array.from({ length: to - from }, (_, index) => memory.at(from + index)));
        this.#written = to;
      }
    } catch (error) {
      throw this.#unwritable(error);
    }
    // Then another has it, who knows nothing of what was written.
    if (!(await this.#lock.holds())) throw this.#heldElsewhere();
  }

  #unwritable(error: unknown): VerifyError {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    const { folder } = this.#options;
    return new VerifyError('CONFIG', 'seen-unwritable', { code, folder }, { charged: false });
  }

  #heldElsewhere(): VerifyError {
    const { folder } = this.#options;
    return new VerifyError('CONFIG', 'seen-held-elsewhere', { folder }, { charged: false });
  }
}
