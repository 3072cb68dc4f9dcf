/** Deletes the photos of a store when their time is over: docs/contract.md, "Photos in hand", `keep`. */
import { randomBytes, randomUUID } from 'node:crypto';
import { cancelled, VerifyError } from '../contract/errors';
import type { Database } from '../store/database';
import type { Deletions, Due, DuePhoto, NewPhoto, SteadyClock, StoredTotal } from './stored-photos-sql';

/** 128 bits in 22 characters: nobody finds a photo by guessing. */
const ID_BYTES = 16;
const AT_A_TIME = 4;
const MOST_AT_ONCE = 50;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;
/** After so many failures without one success the others are not tried either: the store is away. */
const MOST_IN_VAIN = 8;
/** Notices a clock that was set, and a timer that slept with the machine. */
const LONGEST_NAP_MS = 60_000;

/** `kept-on` when photos that are due cannot be deleted, `deleted-again` when that is over, `given-up` at last. */
export type StoreNotice = 'kept-on' | 'deleted-again' | 'given-up';

export interface StoredPhotosOptions {
  database: Database;
  /** The photo-store's node whose objects these are; null: all files of this Node-RED. */
  scope: string | null;
  /**
   * Deletes a photo; nothing happens where it is gone already.
   * @throws where it could not be deleted and has to be tried again
   */
  remove(photo: DuePhoto): Promise<void>;
  /** Called once when deleting fails, and once when it works again; `count`: photos that are affected. */
  notify(notice: StoreNotice, values: { count: number }): void;
  /** Milliseconds until the first failure is tried again. */
  firstPauseMs?: number;
  clock?: () => SteadyClock;
}

const PROCESS = randomUUID();
const steadyClock = (): SteadyClock => ({ process: PROCESS, elapsed: performance.now() });

export class StoredPhotos {
  readonly #options: StoredPhotosOptions;
  readonly #clock: () => SteadyClock;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, by `performance.now()`. */
  #wakesAt = Number.POSITIVE_INFINITY;
  #sweeping: Promise<void> | null = null;
  /** Something changed since the sweep began, which may not know of it. */
  #isStale = false;
  #pauseMs = 0;
  #restsUntil = 0;
  #isFailing = false;
  #isClosed = false;

  constructor(options: StoredPhotosOptions) {
    this.#options = options;
    this.#clock = options.clock ?? steadyClock;
    this.#wakeIn(0);
  }

  /**
   * Enters a photo that is about to be put; it is on disk by the time the promise resolves.
   * @param describe says by its id what is entered
   * @returns its id
   * @throws VerifyError CONFIG where it cannot be written down, or the store would hold too much; CANCELLED
   */
  async enter(describe: (id: string) => Omit<NewPhoto, 'id' | 'clock'>): Promise<string> {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const photo = describe(id);
    await this.#call('enter', { ...photo, id, clock: this.#clock() }).catch(unwritable);
    if (this.#isClosed) {
      this.forget(id);
      throw cancelled();
    }
    this.#wakeIn(photo.keepMs);
    return id;
  }

  /**
   * A photo is not needed any more.
   * @param id of it
   * @param mayArrive its upload was sent and may end after the first deletion, so it is deleted once more when it would
   *   have been due
   */
  discard(id: string, mayArrive: boolean): void {
    this.#keep('discard', { id, mayArrive }).then(() => this.#wakeIn(0));
  }

  /** A photo was certainly not put, or is deleted. */
  forget(id: string): void {
    void this.#keep('forget', { id });
  }

  /**
   * @param node of the store
   * @returns what it holds
   */
  total(node: string): Promise<StoredTotal> {
    return this.#call<StoredTotal>('total', { node });
  }

  /** Deletes nothing more; the next store with this scope goes on. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #call<Answer>(name: string, parameters: object, whenAway: 'fail' | 'keep' = 'fail'): Promise<Answer> {
    return this.#options.database.call<object, Answer>(`stored-photos.${name}`, parameters, { whenAway });
  }

  /** Written later where the database is away. What is not written when this process ends is still deleted when it is due. */
  #keep(name: string, parameters: object): Promise<void> {
    return this.#call(name, parameters, 'keep').then(
      () => {},
      () => {},
    );
  }

  #wakeIn(milliseconds: number): void {
    if (this.#isClosed) return;
    if (this.#sweeping) {
      this.#isStale = true;
      return;
    }
    const now = performance.now();
    const wakesAt = Math.max(now + Math.min(milliseconds, LONGEST_NAP_MS), this.#restsUntil);
    if (wakesAt >= this.#wakesAt) return;
    clearTimeout(this.#timer);
    this.#wakesAt = wakesAt;
    this.#timer = setTimeout(() => void this.#sweep(), Math.max(1, wakesAt - now)).unref();
  }

  async #sweep(): Promise<void> {
    clearTimeout(this.#timer);
    this.#wakesAt = Number.POSITIVE_INFINITY;
    this.#isStale = false;
    let next: number | null = LONGEST_NAP_MS;
    this.#sweeping = this.#deleteDue().then(
      (found) => {
        next = found;
      },
      // The database is away, and says so itself.
      () => {},
    );
    await this.#sweeping;
    this.#sweeping = null;
    if (this.#isStale) next = 0;
    if (next !== null) this.#wakeIn(next);
  }

  /** @returns milliseconds until the next photo is due; null where there is none */
  async #deleteDue(): Promise<number | null> {
    const { scope } = this.#options;
    let isInVain = false;
    for (;;) {
      const { photos, next, failing } = await this.#call<Due>('due', {
        scope,
        most: MOST_AT_ONCE,
        clock: this.#clock(),
      });
      if (photos.length === 0 || isInVain || this.#isClosed) {
        this.#reportFailing(failing);
        return next;
      }
      const deletions = await this.#delete(photos);
      const givenUp = await this.#call<number>('settle', deletions, 'keep');
      if (givenUp > 0) this.#options.notify('given-up', { count: givenUp });
      isInVain = deletions.deleted.length === 0 && deletions.failed.length >= MOST_IN_VAIN;
      this.#pauseMs = deletions.deleted.length > 0 ? 0 : this.#longer(this.#pauseMs);
      this.#restsUntil = isInVain ? performance.now() + this.#pauseMs : 0;
    }
  }

  async #delete(photos: readonly DuePhoto[]): Promise<Deletions> {
    const deletions = { deleted: [] as DuePhoto[], failed: [] as { id: string; retryInMs: number }[] };
    const { deleted, failed } = deletions;
    const rest = photos.values();
    const worker = async () => {
      for (const photo of rest) {
        if (this.#isClosed || (deleted.length === 0 && failed.length >= MOST_IN_VAIN)) return;
        await this.#options.remove(photo).then(
          () => deleted.push(photo),
          () => {
            if (!this.#isClosed) failed.push({ id: photo.id, retryInMs: this.#pauseOf(photo.attempts) });
          },
        );
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    return deletions;
  }

  #reportFailing(failing: number): void {
    if (this.#isClosed || failing > 0 === this.#isFailing) return;
    this.#isFailing = failing > 0;
    this.#options.notify(this.#isFailing ? 'kept-on' : 'deleted-again', { count: failing });
  }

  #pauseOf(attempts: number): number {
    const first = this.#options.firstPauseMs ?? FIRST_PAUSE_MS;
    return Math.min(LONGEST_PAUSE_MS, first * 2 ** Math.min(attempts, 30));
  }

  #longer(pauseMs: number): number {
    return Math.min(LONGEST_PAUSE_MS, pauseMs * 2 || this.#pauseOf(0));
  }
}

/** What the database says names its own file; a flow needs to know which node did nothing. */
function unwritable(reason: unknown): never {
  if (!(reason instanceof VerifyError) || reason.problem === 'store-full') throw reason;
  if (reason.code === 'CANCELLED') throw reason;
  const { code = reason.problem } = reason.values;
  throw new VerifyError('CONFIG', 'store-unwritable', { code }, { charged: false });
}
