/** Which photos came before: docs/contract.md, "Photos in hand", `unseen`. */
import type { RoomDatabase } from '../store/database';
import type { SeenPhoto, SeenRecord } from './seen-sql';

export type { SeenPhoto } from './seen-sql';

/** The upper bound of the setting `unseen`. */
export const MOST_DAYS = 1096;
const DAY_MS = 86_400_000;
const FORGET_EVERY_MS = 3_600_000;
const MOST_AT_ONCE = 500;

interface SeenOptions {
  database: RoomDatabase;
  /** Unix milliseconds. */
  now(): number;
}

export class Seen {
  readonly #options: SeenOptions;
  readonly #timer: NodeJS.Timeout;
  /** For how long the nodes that are deployed need what came. */
  readonly #needs = new Map<object, number>();
  /** When the latest photo of before this process came, and when that was read. */
  #known: { latest: number; at: number } | null = null;
  #forgetting: Promise<void> | null = null;

  constructor(options: SeenOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.forget(), FORGET_EVERY_MS).unref();
    void this.forget();
  }

  /**
   * What comes is remembered for as long as any node needs it.
   * @param days that a node looks back
   * @returns for when the node is closed
   */
  keepFor(days: number): () => void {
    const node = {};
    this.#needs.set(node, days);
    return () => this.#needs.delete(node);
  }

  /**
   * Remembers photos, in this order. A photo that comes again, because its message does, gets the answer of the first
   * time.
   * @param photos of a message
   * @param days for which they are remembered at least
   * @returns for each photo how many milliseconds before it another one with the same identity came, Infinity for never;
   *   all of them are on disk by then
   * @throws VerifyError CONFIG where they cannot be written down: then no verdict may be given
   */
  async recordAndCheck(photos: readonly SeenPhoto[], days: number): Promise<number[]> {
    if (photos.length === 0) return [];
    const parameters: SeenRecord = { photos, keepMs: Math.max(days, ...this.#needs.values()) * DAY_MS };
    const gaps = await this.#options.database.call<SeenRecord, (number | null)[]>('seen.record', parameters);
    return gaps.map((gap) => gap ?? Number.POSITIVE_INFINITY);
  }

  /** Deletes, in small steps, photos whose time is over. Never rejects: it is tried again later. */
  forget(): Promise<void> {
    this.#forgetting ??= this.#forget()
      .catch(() => {})
      .finally(() => {
        this.#forgetting = null;
      });
    return this.#forgetting;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /**
   * A clock that is years ahead at one start must not make every photo new again. So time counts from the latest photo of
   * before this process, and goes on as the steady clock does.
   */
  async #forget(): Promise<void> {
    const { database, now } = this.#options;
    this.#known ??= {
      latest: (await database.call<null, number | null>('seen.latest', null)) ?? now(),
      at: performance.now(),
    };
    const before = this.#known.latest + performance.now() - this.#known.at;
    await database.callUntilDone('seen.forget', { before, most: MOST_AT_ONCE });
  }
}
