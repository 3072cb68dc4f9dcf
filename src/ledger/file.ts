/**
 * The ledger of one Node-RED: JSON lines, a file a month (`2026-11.jsonl`, Shanghai's month of the claim), kept for 13
 * months. An entry has all of its lines in one file: the claim, the answers for its keys, and how it ended. All that
 * came since the last flush is written and flushed at once. What it remembers of keys are the last 31 days, or as much
 * more as somebody asked for.
 */
import { readdir, unlink } from 'node:fs/promises';
import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import { Cancel } from '../cancel';
import { VerifyError } from '../errors';
import { Lock } from '../waiting/lock';
import { nearlySpent, overBudget, type Spent } from './budget';
import { dayOf, monthAfter, monthOf, type Period } from './calendar';
import { begun, ended } from './ends';
import { monthOfId } from './id';
import type {
  BudgetWarning,
  Call,
  Claim,
  Entry,
  Known,
  KnownKeys,
  Ledger,
  Patience,
  Query,
  Settlement,
  Sum,
} from './ledger';
import { Memory, monthOfPlace, type Place } from './memory';
import { linesOf, MonthFile, monthOfName, monthPath, readLine } from './month-file';
import { cancelled, patiently } from './patience';
import { type AnswerRecord, answerLine, type EntryRecord, entryLine, readRecord } from './record';
import { Secret } from './secret';
import { Sums, sumsBy } from './sums';

const DAY_MS = 86_400_000;
const REMEMBERED_MS = 31 * DAY_MS;
const KEPT_MONTHS = 13;
const TRY_AGAIN_MS = 1_000;
const CLOSE_MS = 4_000;
const SEEN_MS = 1_000;
/** How long it is asked whose the folder is, where only time can tell. */
const UNCLEAR_MS = 15_000;
const ASK_AGAIN_MS = 250;
const READER: Patience = { timeoutMs: 10_000, cancel: new Cancel() };
const TOO_MANY_OPEN: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

/**
 * Told once each, until it is over. `unwritable` when it begins, `written-again` when it is over; `unreadable`: files;
 * `damaged`: lines that are no record; `from-the-future`: a month that has not begun; `held-elsewhere`: another process
 * has the folder; `uncertain`: calls that were under way when a process ended.
 */
export type Trouble =
  | 'unwritable'
  | 'written-again'
  | 'unreadable'
  | 'damaged'
  | 'from-the-future'
  | 'held-elsewhere'
  | 'uncertain';

export interface FileLedgerOptions {
  /** The ledger's own, made where it is missing. */
  folder: string;
  /** The master key, 32 bytes. Asked for until it comes. */
  key(): Promise<Buffer>;
  /** Unix milliseconds. */
  now(): number;
  told(trouble: Trouble, values: { folder: string; count: number }): void;
  onBudget(warning: BudgetWarning): void;
}

/** What is to be written in one piece. */
interface Queued {
  month: string;
  records: (EntryRecord | AnswerRecord)[];
  /** Tried again until it is written; a claim that cannot be written is none. */
  isKept: boolean;
  done(error: unknown): void;
}

/** @returns the ledger in a folder, which is read at once */
export function openFileLedger(options: FileLedgerOptions): Ledger {
  return new FileLedger(options);
}

class FileLedger implements Ledger {
  readonly #options: FileLedgerOptions;
  readonly #lock: Lock;
  readonly #files = new Map<string, MonthFile>();
  readonly #told = new Set<Trouble>();
  readonly #warned = new Set<string>();
  readonly #listeners = new Set<(entry: Entry) => void>();
  /** By the id of a call, who waits for its end. */
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #daily: NodeJS.Timeout;
  #secret: Secret | null = null;
  #memory = new Memory();
  /** The first month that is in the memory. */
  #readFrom = '';
  #remembered = REMEMBERED_MS;
  /** Whether the folder was read, and is ours since. */
  #isRead = false;
  /** When that was last seen to be so, on both clocks. */
  #seenOurs = [0, 0];
  #readers: { resolve(): void; reject(error: unknown): void }[] = [];
  #queue: Queued[] = [];
  #working: Promise<unknown> | null = null;
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: FileLedgerOptions) {
    this.#options = options;
    this.#lock = new Lock(options.folder, () => {
      this.#isRead = false;
      // What is under way has to be on disk all the same.
      this.#wake();
    });
    this.#daily = setInterval(() => void this.#tidy().catch(() => {}), DAY_MS).unref();
    this.#wake();
  }

  async digest(account: string, key: string): Promise<string> {
    return (await this.#keyed()).digest(account, key);
  }

  async look(keys: readonly string[], maxAgeMs: number | null, patience: Patience): Promise<KnownKeys> {
    await this.#ready(patience, maxAgeMs);
    return this.#known(keys, this.#since(maxAgeMs));
  }

  async claim(call: Call, patience: Patience): Promise<Claim> {
    if (!this.#isReady(patience, call.maxAgeMs)) await this.#ready(patience, call.maxAgeMs);
    const { keys } = call;
    const since = this.#since(call.maxAgeMs);
    if (keys.some((key) => this.#memory.get(key, since)))
      return { state: 'taken', known: await this.#known(keys, since) };
    const now = this.#options.now();
    const isLimited = call.maxPerDay > 0 || call.maxPerMonth > 0;
    const over = isLimited ? overBudget(call, this.#memory.sums.spent(call.account, now), now) : null;
    if (over) throw over;

    const entry = begun(call, now);
    // From here on others find its keys under way, though it is not on disk yet.
    this.#memory.add({ entry, keys });
    await this.#write(monthOf(now), [{ entry, keys }], false);
    if (isLimited) this.#warn(call, this.#memory.sums.spent(call.account, now), now);
    return { state: 'claimed', id: entry.id, at: entry.at };
  }

  async settle(id: string, settlement: Settlement): Promise<void> {
    const claim = this.#memory.open.get(id);
    if (!claim || !this.#secret) return;
    const entry = ended(claim.entry, settlement);
    const records: (EntryRecord | AnswerRecord)[] = [];
    for (const key of settlement.fate === 'answered' ? new Set(claim.keys) : []) {
      if (!settlement.answers.has(key)) continue;
      const answer = this.#secret.seal(settlement.answers.get(key), key);
      records.push({ id, at: entry.at, key, answer });
    }
    records.push({ entry, keys: entry.state === 'uncertain' ? claim.keys : [] });
    for (const record of records) take(this.#memory, record);
    const written = this.#write(monthOf(Date.parse(entry.at)), records, true);
    this.#over(id);
    for (const listener of this.#listeners) listener(entry);
    await written.catch(() => {});
  }

  async whenOver(id: string, cancel: Cancel): Promise<void> {
    if (!this.#memory.open.has(id) || cancel.cancelled || this.#isClosed) return;
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters);
    await new Promise<void>((resolve) => {
      const end = () => {
        forget();
        waiters.delete(end);
        resolve();
      };
      const forget = cancel.onCancel(end);
      waiters.add(end);
    });
  }

  async release(id: string): Promise<boolean> {
    await this.#ready(READER);
    const found = this.#memory.uncertain.get(id);
    if (!found) return false;
    const record: EntryRecord = { entry: { ...found.entry, state: 'released' }, keys: [] };
    this.#memory.add(record);
    await this.#write(monthOf(Date.parse(found.entry.at)), [record], true).catch(() => {});
    return true;
  }

  async uncertain(): Promise<Entry[]> {
    await this.#ready(READER);
    return [...this.#memory.uncertain.values()].map(({ entry }) => entry).sort(newestFirst);
  }

  async *entries(query: Query): AsyncIterable<Entry> {
    for (const month of await this.#monthsOf(query)) yield* this.#entriesOf(month, query);
  }

  async find(query: Query, limit: number): Promise<Entry[]> {
    const found: Entry[] = [];
    for (const month of (await this.#monthsOf(query)).reverse()) {
      if (found.length >= limit) break;
      for await (const entry of this.#entriesOf(month, query)) {
        found.push(entry);
        if (found.length >= 2 * limit + 100) found.sort(newestFirst).splice(limit);
      }
      found.sort(newestFirst).splice(limit);
    }
    return found;
  }

  async sums(by: Period, query: Query): Promise<Sum[]> {
    await this.#ready(READER);
    const past = new Sums();
    const { id: _, key: __, ...wanted } = query;
    for (const month of await this.#monthsOf(wanted))
      if (month < this.#readFrom) for await (const entry of this.#entriesOf(month, {})) past.add(entry);
    return sumsBy(by, [...past.days(), ...this.#memory.sums.days()], query);
  }

  async spent(account: string): Promise<Spent> {
    await this.#ready(READER);
    return this.#memory.sums.spent(account, this.#options.now());
  }

  subscribe(listener: (entry: Entry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#daily);
    clearTimeout(this.#again);
    for (const id of [...this.#waiters.keys()]) this.#over(id);
    // A disk that does not answer must not hold up the end of the process.
    await Promise.race([this.#end(), pause(CLOSE_MS, undefined, { ref: false })]);
  }

  async #end(): Promise<void> {
    while (this.#working) await this.#working;
    if (this.#queue.length > 0) await this.#work();
    for (const file of this.#files.values()) await file.close();
    await this.#lock.release();
  }

  async #keyed(): Promise<Secret> {
    try {
      this.#secret ??= new Secret(await this.#options.key());
      return this.#secret;
    } catch (error) {
      throw new VerifyError('CONFIG', 'ledger-key-unreadable', { code: codeOf(error) }, { charged: false });
    }
  }

  #isReady({ cancel }: Patience, maxAgeMs: number | null): boolean {
    return this.#isRead && !this.#isClosed && !cancel.cancelled && (maxAgeMs ?? 0) <= this.#remembered;
  }

  /** Waits until the folder is ours and read as far back as is asked for. */
  async #ready(patience: Patience, maxAgeMs: number | null = null): Promise<void> {
    if (this.#isClosed || patience.cancel.cancelled) throw cancelled();
    const wanted = Math.min(maxAgeMs ?? 0, (KEPT_MONTHS + 1) * REMEMBERED_MS);
    if (wanted > this.#remembered) {
      this.#remembered = wanted;
      this.#isRead = false;
    }
    if (this.#isRead) return;
    const read = new Promise<void>((resolve, reject) => this.#readers.push({ resolve, reject }));
    this.#wake();
    await patiently(read, patience, () => this.#unwritable('ETIMEDOUT'));
  }

  #since(maxAgeMs: number | null): number {
    return maxAgeMs === null ? Number.NEGATIVE_INFINITY : this.#options.now() - maxAgeMs;
  }

  async #known(keys: readonly string[], since: number): Promise<KnownKeys> {
    const known = new Map<string, Known>();
    for (const key of keys) {
      const found = this.#memory.get(key, since);
      if (!found) continue;
      if ('open' in found) known.set(key, { state: 'under-way', entry: found.open });
      else if ('uncertain' in found) known.set(key, { state: 'uncertain', entry: found.uncertain });
      else known.set(key, await this.#answered(key, found.place));
    }
    return known;
  }

  async #answered(key: string, place: Place): Promise<Known> {
    const secret = await this.#keyed();
    try {
      const record = place.unwritten ?? (await this.#read(place));
      if (record.key !== key)
        throw Object.assign(new Error('Another line stands there'), { code: 'EBADMSG' });
      return { state: 'answered', entry: record.id, at: record.at, answer: secret.open(record.answer, key) };
    } catch (error) {
      const values = { code: codeOf(error), folder: this.#options.folder };
      throw new VerifyError('CONFIG', 'ledger-answer-unreadable', values, { charged: false });
    }
  }

  async #read(place: Place): Promise<AnswerRecord> {
    const path = monthPath(this.#options.folder, monthOfPlace(place));
    const record = readRecord(await readLine(path, place.offset, place.length));
    if (!record || 'entry' in record) throw Object.assign(new Error('No answer'), { code: 'EBADMSG' });
    return record;
  }

  #warn(call: Call, spent: Spent, now: number): void {
    for (const warning of nearlySpent(call, spent)) {
      const period = warning.period === 'day' ? dayOf(now) : monthOf(now);
      const key = `${period}\n${warning.account}`;
      if (this.#warned.has(key)) continue;
      this.#warned.add(key);
      this.#options.onBudget(warning);
    }
  }

  #over(id: string): void {
    for (const end of this.#waiters.get(id) ?? []) end();
    this.#waiters.delete(id);
  }

  /** @returns once it is on disk; rejects where it is not, and with `isKept` is tried again */
  #write(month: string, records: Queued['records'], isKept: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error: unknown) => (error ? reject(error) : resolve());
      this.#queue.push({ month, records, isKept, done });
      // What comes so late is written if there is still time for it, and nobody waits.
      if (this.#isClosed) reject(cancelled());
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#working || this.#isClosed) return;
    clearTimeout(this.#again);
    this.#working = this.#work().then((isDone) => {
      this.#working = null;
      // Who came meanwhile does not wait for what failed before.
      const isDue = this.#readers.length > 0 || this.#queue.some(({ isKept }) => isDone || !isKept);
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
      const readers = this.#readers.splice(0);
      try {
        if (!this.#isRead) await this.#takeAndRead();
        for (const { resolve } of readers) resolve();
      } catch (error) {
        const reason = error instanceof VerifyError ? error : this.#unwritable(codeOf(error));
        for (const { reject } of readers) reject(reason);
        this.#failed(this.#queue.splice(0), reason);
        return false;
      }
      if (this.#queue.length === 0) return true;
    } while (await this.#flush());
    return false;
  }

  /** @returns whether all of it is written */
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
        this.#isRead = false;
        this.#queue.unshift(...batch);
      } else for (const { done } of batch) done(null);
    }
    if (isWritten && this.#told.delete('unwritable')) this.#options.told('written-again', this.#values(0));
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
    const lines = batch.flatMap(({ records }) =>
      records.map((record) =>
        'entry' in record
          ? { line: entryLine(record) }
          : {
              line: answerLine(record),
              written: (at: number, length: number) => this.#memory.written(record, at, length),
            },
      ),
    );
    await file.append(lines);
  }

  /** Looked up now and then: nobody else takes a folder that was held a second ago. */
  async #isOurs(month: string): Promise<boolean> {
    // Neither clock runs through all that can stop a process.
    const seen = [performance.now(), Date.now()];
    const isRecent = seen.every((time, index) => Math.abs(time - this.#seenOurs[index]!) < SEEN_MS);
    if (isRecent) return true;
    const [isHeld, isGone] = await Promise.all([this.#lock.holds(), this.#files.get(month)?.isGone()]);
    this.#seenOurs = seen;
    return isHeld && !isGone;
  }

  async #leave(month: string): Promise<void> {
    await this.#files.get(month)?.close();
    this.#files.delete(month);
  }

  /** Claims are none then; the rest stays for later. */
  #failed(batch: readonly Queued[], error: VerifyError): void {
    const kept = batch.filter(({ isKept }) => isKept);
    this.#queue.unshift(...kept);
    if (kept.length > 0) this.#tell('unwritable', kept.length);
    for (const { isKept, records, done } of batch) {
      for (const record of isKept ? [] : records) {
        if (!('entry' in record)) continue;
        this.#memory.drop(record);
        this.#over(record.entry.id);
      }
      done(error);
    }
  }

  /** @throws VerifyError CONFIG, or Error of the file system */
  async #takeAndRead(): Promise<void> {
    await this.#keyed();
    await this.#take();
    for (const month of [...this.#files.keys()]) await this.#leave(month);
    await this.#tidy();
    const now = this.#options.now();
    const from = monthOf(now - this.#remembered);
    const memory = new Memory();
    const months = (await this.#months()).filter((month) => month >= from);
    let [damaged, unreadable] = [0, 0];
    for (const month of months) {
      try {
        for await (const { line, offset } of linesOf(monthPath(this.#options.folder, month))) {
          const record = readRecord(line);
          if (record) take(memory, record);
          else if (line !== '') damaged++;
          if (record && !('entry' in record)) memory.written(record, offset, Buffer.byteLength(line));
        }
      } catch (error) {
        if (TOO_MANY_OPEN.has(codeOf(error))) throw error;
        unreadable++;
      }
    }
    memory.forget(now - this.#remembered);
    this.#takeOver(memory);
    this.#readFrom = from;
    this.#isRead = true;
    if (damaged > 0) this.#tell('damaged', damaged);
    if (unreadable > 0) this.#tell('unreadable', unreadable);
    if (months.some((month) => month > monthOf(now))) this.#tell('from-the-future', 1);
  }

  /** What this process has done and is not in the files yet counts too; what nobody has under way is uncertain. */
  #takeOver(memory: Memory): void {
    const mine = this.#memory;
    this.#memory = memory;
    for (const { records } of this.#queue) for (const record of records) take(memory, record);
    // Somebody has emptied the folder.
    for (const record of mine.open.values()) if (!memory.open.has(record.entry.id)) this.#keep(record);
    let uncertain = 0;
    for (const { entry, keys } of [...memory.open.values()]) {
      if (mine.open.has(entry.id)) continue;
      uncertain++;
      this.#keep({ entry: { ...entry, state: 'uncertain' }, keys });
    }
    if (uncertain > 0) this.#tell('uncertain', uncertain);
  }

  #keep(record: EntryRecord): void {
    take(this.#memory, record);
    const month = monthOf(Date.parse(record.entry.at));
    this.#queue.push({ month, records: [record], isKept: true, done: () => {} });
  }

  async #take(): Promise<void> {
    for (let waited = 0; ; waited += ASK_AGAIN_MS) {
      const taken = await this.#lock.take();
      if (taken === 'ours') break;
      if (taken === 'theirs' || waited >= UNCLEAR_MS || this.#isClosed) {
        this.#tell('held-elsewhere', 0);
        const { folder } = this.#options;
        throw new VerifyError('CONFIG', 'ledger-held-elsewhere', { folder }, { charged: false });
      }
      await pause(ASK_AGAIN_MS);
    }
    this.#told.delete('held-elsewhere');
  }

  /** Deletes and forgets what is too old. */
  async #tidy(): Promise<void> {
    const now = this.#options.now();
    this.#memory.forget(now - this.#remembered);
    const first = monthAfter(monthOf(now), -KEPT_MONTHS);
    for (const month of await this.#months())
      if (month < first) await unlink(monthPath(this.#options.folder, month)).catch(() => {});
  }

  /** @returns those that have a file, oldest first */
  async #months(): Promise<string[]> {
    const names = await readdir(this.#options.folder);
    return names
      .map(monthOfName)
      .filter((month) => month !== null)
      .sort();
  }

  async #monthsOf({ id, from, to }: Query): Promise<string[]> {
    await this.#ready(READER);
    while (this.#working) await this.#working;
    const [first, last] = [from, to].map((time) => (time === undefined ? null : monthOf(time)));
    const only = id === undefined ? null : (monthOfId(id) ?? '');
    return (await this.#months()).filter(
      (month) => (only ?? month) === month && month >= (first ?? '') && month <= (last ?? '9'),
    );
  }

  async *#entriesOf(month: string, query: Query): AsyncIterable<Entry> {
    const path = monthPath(this.#options.folder, month);
    const { key, ...rest } = query;
    if (key !== undefined) {
      const ids = new Set<string>();
      for await (const { line } of linesOf(path, key)) {
        const record = readRecord(line);
        if (record && 'entry' in record && record.keys.includes(key)) ids.add(record.entry.id);
      }
      for (const id of ids)
        if (rest.id === undefined || rest.id === id) yield* this.#entriesOf(month, { ...rest, id });
      return;
    }
    const { id = '', from = 0, to = Number.POSITIVE_INFINITY, account, operation } = query;
    const isAsked = (entry: Entry) =>
      (id === '' || id === entry.id) &&
      (account === undefined || account === entry.account) &&
      (operation === undefined || operation === entry.operation) &&
      Date.parse(entry.at) >= from &&
      Date.parse(entry.at) < to;
    const open = new Map<string, Entry>();
    for await (const { line } of linesOf(path, id)) {
      const record = readRecord(line);
      if (!record || !('entry' in record) || !isAsked(record.entry)) continue;
      const { entry } = record;
      const isOver = entry.state === 'settled' || entry.state === 'released';
      if (isOver) yield entry;
      if (isOver) open.delete(entry.id);
      else open.set(entry.id, entry);
    }
    for (const entry of open.values()) {
      // What has no end in a file of which nothing is remembered was under way when a process ended.
      const isLost = month < this.#readFrom || this.#memory.uncertain.has(entry.id);
      yield isLost ? { ...entry, state: 'uncertain' } : entry;
    }
  }

  #unwritable(code: string): VerifyError {
    const values = { code, folder: this.#options.folder };
    return new VerifyError('CONFIG', 'ledger-unwritable', values, { charged: false });
  }

  #tell(trouble: Trouble, count: number): void {
    if (this.#told.has(trouble)) return;
    this.#told.add(trouble);
    this.#options.told(trouble, this.#values(count));
  }

  #values(count: number): { folder: string; count: number } {
    return { folder: this.#options.folder, count };
  }
}

function take(memory: Memory, record: EntryRecord | AnswerRecord): void {
  if ('entry' in record) memory.add(record);
  else memory.answer(record);
}

function newestFirst(a: Entry, b: Entry): number {
  return a.at < b.at ? 1 : a.at > b.at ? -1 : 0;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}
