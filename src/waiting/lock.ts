/** One process a folder: a file in it says whose it is, and is refreshed while he lives. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, look, type Seen, thisProcess } from './holder';

/** Milliseconds between two refreshes, and without one until a holder of whom nothing else is known counts as dead. */
const RHYTHM = { refresh: 2_000, stale: 10_000 };
/** Of a claim, which is there for a moment. */
const FORGOTTEN_MS = 60_000;

/** `unclear`: somebody may have it, and only time can tell; ask again. */
export type Taken = 'ours' | 'theirs' | 'unclear';

/** Inside a process: by the folder's real path, whose it is. */
const held = new Map<string, Lock>();
/** To who comes after it in another container a process that ended in peace would look alive for some time. */
process.on('exit', () => {
  for (const lock of held.values()) lock.releaseAtExit();
});

export class Lock {
  readonly #folder: string;
  readonly #path: string;
  /** Where only we have something to do, for a moment. */
  readonly #aside: string;
  readonly #lost: () => void;
  readonly #rhythm: typeof RHYTHM;
  readonly #token = randomBytes(16).toString('hex');
  /** What the file says while the folder is ours, else empty. */
  #text = '';
  #timer: NodeJS.Timeout | undefined;
  /** Another's file, since when it was seen as it is, and whether it was ever seen to be refreshed. */
  #other: (Seen & { at: number; isRefreshed: boolean }) | null = null;

  /**
   * @param folder is made where it is missing
   * @param lost called once when it turns out that the folder is another's, or that the file is gone; `take` may follow
   * @param rhythm milliseconds
   */
  constructor(folder: string, lost: () => void, rhythm = RHYTHM) {
    this.#folder = folder;
    this.#path = join(folder, 'lock');
    this.#aside = `${this.#path}.${this.#token}`;
    this.#lost = lost;
    this.#rhythm = rhythm;
  }

  /**
   * Takes the folder, from the dead too.
   * @returns whose it is; `theirs` also where another in this process has it
   * @throws Error of the file system
   */
  async take(): Promise<Taken> {
    if (this.#text) return 'ours';
    await fs.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const place = await fs.realpath(this.#folder);
    if (held.has(place)) return 'theirs';
    held.set(place, this);
    let taken: Taken = 'unclear';
    try {
      const text = JSON.stringify({ ...(await thisProcess()), token: this.#token });
      taken = (await this.#create(this.#path, text)) ? 'ours' : await this.#takeFrom(text);
      if (taken === 'ours') {
        this.#text = text;
        this.#other = null;
        this.#timer = setInterval(() => void this.holds(), this.#rhythm.refresh).unref();
      }
      return taken;
    } finally {
      if (taken !== 'ours') held.delete(place);
    }
  }

  /** Refreshes it. @returns whether it is ours by what is on disk now; a disk that does not answer changes nothing */
  async holds(): Promise<boolean> {
    try {
      const isOurs = this.#text !== '' && (await look(this.#path))?.text === this.#text;
      if (isOurs) await fs.utimes(this.#path, new Date(), new Date());
      else this.#lose();
    } catch {
      // Whose it is may be known later.
    }
    return this.#text !== '';
  }

  /** Gives the folder back. Never rejects. */
  async release(): Promise<void> {
    if (!(await this.holds())) return;
    this.#forget();
    await fs.unlink(this.#path).catch(() => {});
  }

  /** The same, where nothing can be waited for. Never throws. */
  releaseAtExit(): void {
    try {
      if (this.#text && readFileSync(this.#path, 'utf8') === this.#text) unlinkSync(this.#path);
    } catch {
      // It counts as dead soon.
    }
  }

  #lose(): void {
    if (!this.#text) return;
    this.#forget();
    this.#lost();
  }

  #forget(): void {
    this.#text = '';
    clearInterval(this.#timer);
    for (const [place, lock] of held) if (lock === this) held.delete(place);
  }

  /** @returns false where there is a file already */
  async #create(path: string, text: string): Promise<boolean> {
    try {
      await fs.writeFile(this.#aside, text, { mode: 0o600 });
      // Not `link`, which some network file systems do not have.
      await fs.copyFile(this.#aside, path, fs.constants.COPYFILE_EXCL);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await fs.unlink(this.#aside).catch(() => {});
    }
  }

  async #takeFrom(text: string): Promise<Taken> {
    const seen = await look(this.#path);
    if (!seen) return 'unclear';
    const verdict = await this.#judge(seen);
    if (verdict !== 'dead') return verdict;
    // One at a time may replace what this dead one left, and nothing else; there is a file at every moment.
    const claim = `${this.#path}.${createHash('sha256').update(seen.text).digest('hex').slice(0, 32)}`;
    if (!(await this.#create(claim, text))) {
      const { refreshed } = (await look(claim)) ?? { refreshed: Date.now() };
      if (Math.abs(Date.now() - refreshed) > FORGOTTEN_MS) await fs.unlink(claim);
      return 'unclear';
    }
    const now = await look(this.#path);
    const isSame = now?.text === seen.text && now.refreshed === seen.refreshed;
    await (isSame ? fs.rename(claim, this.#path) : fs.unlink(claim));
    return (await look(this.#path))?.text === text ? 'ours' : 'theirs';
  }

  async #judge(seen: Seen): Promise<'dead' | 'theirs' | 'unclear'> {
    const known = await isAlive(seen.text);
    if (known !== null) return known ? 'theirs' : 'dead';
    // Clocks of two hosts differ, so what counts is how long we saw it stay as it is.
    const at = performance.now();
    const other = this.#other?.text === seen.text ? this.#other : null;
    if (other?.refreshed !== seen.refreshed) this.#other = { ...seen, at, isRefreshed: other !== null };
    else if (at - other.at >= this.#rhythm.stale) return 'dead';
    return this.#other?.isRefreshed ? 'theirs' : 'unclear';
  }
}
