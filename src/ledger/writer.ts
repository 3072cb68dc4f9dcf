/**
 * Writes into a ledger's folder while that is this process' own. All that came since the last flush is written and
 * flushed at once; an end that cannot be written is tried again until it is, a claim that cannot be written is none.
 */
import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import { VerifyError } from '../errors';
import { Lock } from '../waiting/lock';
import type { Patience } from './ledger';
import { type Appended, codeOf, MonthFile, monthPath } from './month-file';
import { cancelled, patiently } from './patience';
import { type AnswerRecord, answerLine, type EntryRecord, entryLine } from './record';

const TRY_AGAIN_MS = 1_000;
const SEEN_MS = 1_000;
/** How long it is asked whose the folder is, where only time can tell. */
const UNCLEAR_MS = 15_000;
const ASK_AGAIN_MS = 250;

export type LedgerRecord = EntryRecord | AnswerRecord;

export interface WriterOptions {
  folder: string;
  /** Called when the folder is ours, before anything is written, and again whenever it may have been another's meanwhile. */
  read(): Promise<void>;
  written(record: AnswerRecord, offset: number, length: number): void;
  /** A claim is none, as it could not be written. */
  dropped(record: EntryRecord): void;
  /** Something begins to be so; `count` of ends of calls. */
  began(trouble: 'unwritable' | 'held-elsewhere', count: number): void;
  ended(trouble: 'unwritable' | 'held-elsewhere'): void;
}

/** What is to be written in one piece. */
interface Queued {
  month: string;
  records: readonly LedgerRecord[];
  isKept: boolean;
  done(error: VerifyError | null): void;
}

export class Writer {
  readonly #options: WriterOptions;
  readonly #lock: Lock;
  readonly #files = new Map<string, MonthFile>();
  #isReady = false;
  /** Whether more is to be read than is being read. */
  #isOutdated = false;
  /** When the folder was last seen to be ours, on both clocks. */
  #seen = [0, 0];
  #waiting: { resolve(): void; reject(error: VerifyError): void }[] = [];
  #queue: Queued[] = [];
  #working: Promise<void> | null = null;
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#lock = new Lock(options.folder, () => this.readAgain());
    this.#wake();
  }

  /** Whether the folder is ours and read. */
  get isReady(): boolean {
    return this.#isReady && !this.#isClosed;
  }

  /** @throws VerifyError CONFIG where the folder cannot be had, CANCELLED */
  async ready(patience: Patience): Promise<void> {
    if (this.#isClosed || patience.cancel.cancelled) throw cancelled();
    if (this.#isReady) return;
    const ready = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#wake();
    await patiently(ready, patience, () => this.#unwritable('ETIMEDOUT'));
  }

  /** Has the folder read once more before anything else is written. */
  readAgain(): void {
    this.#isReady = false;
    this.#isOutdated = true;
    this.#wake();
  }

  /** @returns what is not written yet */
  queued(): LedgerRecord[] {
    return this.#queue.flatMap(({ records }) => records);
  }

  /**
   * @param month in whose file all of them are written, in this order
   * @param isKept whether they are tried again until they are written
   * @returns once they are on disk
   * @throws VerifyError CONFIG as soon as it is known that they are not
   */
  write(month: string, records: readonly LedgerRecord[], isKept: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error: VerifyError | null) => (error ? reject(error) : resolve());
      this.#queue.push({ month, records, isKept, done });
      // What comes so late is written if there is still time for it, and nobody waits.
      if (this.#isClosed) reject(cancelled());
      this.#wake();
    });
  }

  /** Writes what is not written yet, once, and gives the folder back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#again);
    await this.#working;
    if (this.#queue.length > 0) await this.#work();
    for (const month of [...this.#files.keys()]) await this.#leave(month);
    await this.#lock.release();
  }

  #wake(): void {
    if (this.#working || this.#isClosed) return;
    clearTimeout(this.#again);
    this.#working = this.#work().then((isDone) => {
      this.#working = null;
      // Who came meanwhile does not wait for what failed before.
      const isDue = this.#waiting.length > 0 || this.#queue.some(({ isKept }) => isDone || !isKept);
      if (isDue) this.#wake();
      else if (this.#queue.length > 0 && !this.#isClosed)
        this.#again = setTimeout(() => this.#wake(), TRY_AGAIN_MS).unref();
    });
  }

  /** @returns whether all that there was is written; never rejects */
  async #work(): Promise<boolean> {
    // All that comes in this turn of the event loop is written together.
    await setImmediate();
    do {
      const waiting = this.#waiting.splice(0);
      try {
        while (!this.#isReady) await this.#begin();
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        const reason = error instanceof VerifyError ? error : this.#unwritable(codeOf(error));
        for (const { reject } of waiting) reject(reason);
        this.#failed(this.#queue.splice(0), reason);
        return false;
      }
      if (this.#queue.length === 0) return true;
    } while (await this.#flush());
    return false;
  }

  async #begin(): Promise<void> {
    this.#isOutdated = false;
    await this.#take();
    for (const month of [...this.#files.keys()]) await this.#leave(month);
    await this.#options.read();
    this.#isReady = !this.#isOutdated;
  }

  async #take(): Promise<void> {
    for (let waited = 0; ; waited += ASK_AGAIN_MS) {
      const taken = await this.#lock.take();
      if (taken === 'ours') return this.#options.ended('held-elsewhere');
      if (taken === 'theirs' || waited >= UNCLEAR_MS || this.#isClosed) {
        this.#options.began('held-elsewhere', 0);
        const { folder } = this.#options;
        throw new VerifyError('CONFIG', 'ledger-held-elsewhere', { folder }, { charged: false });
      }
      await pause(ASK_AGAIN_MS);
    }
  }

  /** @returns whether all of it is written, or is to be written anew */
  async #flush(): Promise<boolean> {
    const months = new Map<string, Queued[]>();
    for (const queued of this.#queue.splice(0)) {
      const batch = months.get(queued.month) ?? [];
      months.set(queued.month, batch);
      batch.push(queued);
    }
    let isWritten = true;
    for (const [month, batch] of months) {
      try {
        await this.#append(month, batch);
      } catch (error) {
        isWritten = false;
        this.#failed(batch, this.#unwritable(codeOf(error)));
        continue;
      }
      // Then it must be taken anew, and what was written went nowhere.
      if (!(await this.#isOurs(month))) {
        this.#isReady = false;
        this.#queue.unshift(...batch);
      } else for (const { done } of batch) done(null);
    }
    if (isWritten) this.#options.ended('unwritable');
    return isWritten;
  }

  async #append(month: string, batch: readonly Queued[]): Promise<void> {
    let file = this.#files.get(month);
    if (!file) {
      file = await MonthFile.open(monthPath(this.#options.folder, month));
      // The month before is hardly written to any more.
      for (const old of this.#files.keys()) await this.#leave(old);
      this.#files.set(month, file);
    }
    await file.append(batch.flatMap(({ records }) => records.map((record) => this.#lineOf(record))));
  }

  #lineOf(record: LedgerRecord): Appended {
    if ('entry' in record) return { line: entryLine(record) };
    const written = (offset: number, length: number) => this.#options.written(record, offset, length);
    return { line: answerLine(record), written };
  }

  /** Looked up now and then: nobody else takes a folder that was held a second ago. */
  async #isOurs(month: string): Promise<boolean> {
    // Neither clock runs through all that can stop a process.
    const seen = [performance.now(), Date.now()];
    const isRecent = seen.every((time, index) => Math.abs(time - this.#seen[index]!) < SEEN_MS);
    if (isRecent) return true;
    const [isHeld, isGone] = await Promise.all([this.#lock.holds(), this.#files.get(month)?.isGone()]);
    this.#seen = seen;
    return isHeld && !isGone;
  }

  async #leave(month: string): Promise<void> {
    await this.#files.get(month)?.close();
    this.#files.delete(month);
  }

  #failed(batch: readonly Queued[], error: VerifyError): void {
    const kept = batch.filter(({ isKept }) => isKept);
    this.#queue.unshift(...kept);
    if (kept.length > 0) this.#options.began('unwritable', kept.length);
    for (const { isKept, records, done } of batch) {
      for (const record of isKept ? [] : records) if ('entry' in record) this.#options.dropped(record);
      done(error);
    }
  }

  #unwritable(code: string): VerifyError {
    const { folder } = this.#options;
    return new VerifyError('CONFIG', 'ledger-unwritable', { code, folder }, { charged: false });
  }
}
