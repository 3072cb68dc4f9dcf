/**
 * The ledger of one Node-RED: JSON lines, a file a month (`2026-11.jsonl`, Shanghai's month of the claim), kept for 13
 * months. An entry has all of its lines in one file: the claim, the answers for its keys, and how it ended. All that
 * came since the last flush is written and flushed at once. What it remembers of keys are the last 31 days, or as much
 * more as somebody asked for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Cancel } from '../cancel';
import { VerifyError } from '../errors';
import { nearlySpent, overBudget, type Spent } from './budget';
import { dayOf, monthAfter, monthOf, type Period } from './calendar';
import { begun, ended } from './ends';
import { entriesIn, forgetBefore, monthsIn, recall } from './folder';
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
import { codeOf, monthPath, readLine } from './month-file';
import { cancelled } from './patience';
import { type AnswerRecord, type EntryRecord, readRecord } from './record';
import { Secret } from './secret';
import { Sums, sumsBy } from './sums';
import { type LedgerRecord, Writer } from './writer';

const DAY_MS = 86_400_000;
const REMEMBERED_MS = 31 * DAY_MS;
const KEPT_MONTHS = 13;
const MOST_REMEMBERED_MS = (KEPT_MONTHS + 1) * REMEMBERED_MS;
const CLOSE_MS = 4_000;
const READER: Patience = { timeoutMs: 10_000, cancel: new Cancel() };

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

/** @returns the ledger in a folder, which is read at once */
export function openFileLedger(options: FileLedgerOptions): Ledger {
  return new FileLedger(options);
}

class FileLedger implements Ledger {
  readonly #options: FileLedgerOptions;
  readonly #writer: Writer;
  readonly #told = new Set<Trouble>();
  /** Budgets, by account and day or month, of which was told that they are nearly spent. */
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
  #isClosed = false;

  constructor(options: FileLedgerOptions) {
    this.#options = options;
    this.#writer = new Writer({
      folder: options.folder,
      read: () => this.#read(),
      written: (record, offset, length) => this.#memory.written(record, offset, length),
      dropped: (record) => {
        this.#memory.drop(record);
        this.#over(record.entry.id);
      },
      began: (trouble, count) => this.#tell(trouble, count),
      ended: (trouble) => {
        if (this.#told.delete(trouble) && trouble === 'unwritable')
          options.told('written-again', { folder: options.folder, count: 0 });
      },
    });
    this.#daily = setInterval(() => void this.#tidy().catch(() => {}), DAY_MS).unref();
  }

  async digest(account: string, key: string): Promise<string> {
    return (await this.#keyed()).digest(account, key);
  }

  async look(keys: readonly string[], maxAgeMs: number | null, patience: Patience): Promise<KnownKeys> {
    await this.#ready(patience, maxAgeMs);
    return this.#known(keys, this.#since(maxAgeMs));
  }

  async claim(call: Call, patience: Patience): Promise<Claim> {
    if (!this.#writer.isReady || patience.cancel.cancelled || (call.maxAgeMs ?? 0) > this.#remembered)
      await this.#ready(patience, call.maxAgeMs);
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
    await this.#writer.write(monthOf(now), [{ entry, keys }], false);
    if (isLimited) this.#warn(call, this.#memory.sums.spent(call.account, now), now);
    return { state: 'claimed', id: entry.id, at: entry.at };
  }

  async settle(id: string, settlement: Settlement): Promise<void> {
    const claim = this.#memory.open.get(id);
    if (!claim || !this.#secret) return;
    const entry = ended(claim.entry, settlement);
    const records: LedgerRecord[] = [];
    for (const key of settlement.fate === 'answered' ? new Set(claim.keys) : []) {
      if (!settlement.answers.has(key)) continue;
      const answer = this.#secret.seal(settlement.answers.get(key), key);
      records.push({ id, at: entry.at, key, answer });
    }
    records.push({ entry, keys: entry.state === 'uncertain' ? claim.keys : [] });
    for (const record of records) this.#memory.take(record);
    const written = this.#writer.write(monthOf(Date.parse(entry.at)), records, true);
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
    await this.#writer.write(monthOf(Date.parse(found.entry.at)), [record], true).catch(() => {});
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
    const past = new Sums();
    const { from, to } = query;
    const months = await this.#monthsOf({
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    });
    for (const month of months)
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
    for (const id of [...this.#waiters.keys()]) this.#over(id);
    // A disk that does not answer must not hold up the end of the process.
    await Promise.race([this.#writer.close(), pause(CLOSE_MS, undefined, { ref: false })]);
  }

  async #keyed(): Promise<Secret> {
    try {
      this.#secret ??= new Secret(await this.#options.key());
      return this.#secret;
    } catch (error) {
      throw new VerifyError('CONFIG', 'ledger-key-unreadable', { code: codeOf(error) }, { charged: false });
    }
  }

  /** Waits until the folder is ours and read as far back as is asked for. */
  async #ready(patience: Patience, maxAgeMs: number | null = null): Promise<void> {
    if (this.#isClosed) throw cancelled();
    const wanted = Math.min(maxAgeMs ?? 0, MOST_REMEMBERED_MS);
    if (wanted > this.#remembered) {
      this.#remembered = wanted;
      this.#writer.readAgain();
    }
    await this.#writer.ready(patience);
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
      const record = place.unwritten ?? (await this.#answerAt(place));
      if (record.key !== key)
        throw Object.assign(new Error('Another line stands there'), { code: 'EBADMSG' });
      return { state: 'answered', entry: record.id, at: record.at, answer: secret.open(record.answer, key) };
    } catch (error) {
      const { folder } = this.#options;
      const code = codeOf(error);
      throw new VerifyError('CONFIG', 'ledger-answer-unreadable', { code, folder }, { charged: false });
    }
  }

  async #answerAt(place: Place): Promise<AnswerRecord> {
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

  /** @throws VerifyError CONFIG, or Error of the file system */
  async #read(): Promise<void> {
    await this.#keyed();
    await this.#tidy();
    const { folder, now } = this.#options;
    const remembered = this.#remembered;
    const from = monthOf(now() - remembered);
    const months = (await monthsIn(folder)).filter((month) => month >= from);
    const { memory, damaged, unreadable } = await recall(folder, months);
    memory.forget(now() - remembered);
    this.#takeOver(memory);
    this.#readFrom = from;
    if (damaged > 0) this.#tell('damaged', damaged);
    if (unreadable > 0) this.#tell('unreadable', unreadable);
    if (months.some((month) => month > monthOf(now()))) this.#tell('from-the-future', 1);
  }

  /** What this process has done and is not in the files yet counts too; what nobody has under way is uncertain. */
  #takeOver(memory: Memory): void {
    const mine = this.#memory;
    this.#memory = memory;
    for (const record of this.#writer.queued()) memory.take(record);
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
    this.#memory.take(record);
    this.#writer.write(monthOf(Date.parse(record.entry.at)), [record], true).catch(() => {});
  }

  /** Deletes and forgets what is too old. */
  async #tidy(): Promise<void> {
    const { folder, now } = this.#options;
    this.#memory.forget(now() - this.#remembered);
    await forgetBefore(folder, monthAfter(monthOf(now()), -KEPT_MONTHS));
  }

  async #monthsOf({ id, from, to }: Query): Promise<string[]> {
    await this.#ready(READER);
    const first = from === undefined ? '' : monthOf(from);
    const last = to === undefined ? '9' : monthOf(to);
    const only = id === undefined ? null : (monthOfId(id) ?? '');
    const months = await monthsIn(this.#options.folder);
    return months.filter((month) => month === (only ?? month) && month >= first && month <= last);
  }

  async *#entriesOf(month: string, query: Query): AsyncGenerator<Entry> {
    for await (const entry of entriesIn(this.#options.folder, month, query)) {
      // What has no end in a file of which nothing is remembered was under way when a process ended.
      const isLost = month < this.#readFrom || this.#memory.uncertain.has(entry.id);
      yield entry.state === 'claimed' && isLost ? { ...entry, state: 'uncertain' } : entry;
    }
  }

  #tell(trouble: Trouble, count: number): void {
    if (this.#told.has(trouble)) return;
    this.#told.add(trouble);
    this.#options.told(trouble, { folder: this.#options.folder, count });
  }
}

function newestFirst(a: Entry, b: Entry): number {
  return a.at < b.at ? 1 : a.at > b.at ? -1 : 0;
}
