/** What a ledger on disk remembers of its files: keys, calls that have not ended well, and sums. */
import { monthOf } from './calendar';
import type { AnswerRecord, EntryRecord } from './record';
import { Sums } from './sums';

/** Where the answer for a key is. There is one for each key of each call: it is to be small. */
export class Place {
  /** Bytes; -1 until it is on disk. */
  offset = -1;
  length = 0;
  /** Unix seconds, when the call was claimed. */
  readonly at: number;
  /** Until it is on disk. */
  unwritten: AnswerRecord | null;

  constructor(record: AnswerRecord) {
    this.at = Math.floor(Date.parse(record.at) / 1000);
    this.unwritten = record;
  }

  isAt(offset: number, length: number): void {
    this.offset = offset;
    this.length = length;
    this.unwritten = null;
  }
}

export class Memory {
  readonly sums = new Sums();
  /** Of this process, under way. After files were read also those of processes that are no more. */
  readonly open = new Map<string, EntryRecord>();
  readonly uncertain = new Map<string, EntryRecord>();
  /** The answer for a key, or the id of the open or uncertain call that has it. */
  readonly #keys = new Map<string, string | Place>();

  /**
   * @param since Unix milliseconds; an older answer does not count
   * @returns what a key stands for
   */
  get(key: string, since: number): { place: Place } | { open: string } | { uncertain: string } | null {
    const found = this.#keys.get(key);
    if (found === undefined) return null;
    if (typeof found !== 'string') return found.at * 1000 + 999 < since ? null : { place: found };
    return this.open.has(found) ? { open: found } : { uncertain: found };
  }

  /** Takes up a line of a file. */
  take(record: EntryRecord | AnswerRecord): void {
    if ('entry' in record) this.add(record);
    else this.answer(record);
  }

  /** Takes up a call as it was claimed, or as it ended. */
  add(record: EntryRecord): void {
    const { entry } = record;
    const before = this.open.get(entry.id) ?? this.uncertain.get(entry.id);
    if (entry.state === 'claimed') {
      this.open.set(entry.id, record);
      // Another process may have thought that this one had ended.
      this.uncertain.delete(entry.id);
      if (before) return;
      for (const key of record.keys) this.#keys.set(key, entry.id);
      this.sums.add(entry);
      return;
    }
    if (before) this.sums.add(before.entry, -1);
    this.sums.add(entry);
    this.open.delete(entry.id);
    this.uncertain.delete(entry.id);
    if (entry.state === 'uncertain')
      this.uncertain.set(entry.id, { entry, keys: before?.keys ?? record.keys });
    else this.#free(before?.keys ?? [], entry.id);
  }

  /** Takes up the answer for a key of a call that has not ended yet, unless the key is another call's by now. */
  answer(record: AnswerRecord): void {
    const holder = this.#keys.get(record.key);
    if (typeof holder !== 'string' || holder === record.id) this.#keys.set(record.key, new Place(record));
  }

  /** An answer is on disk, at this place of the file of its call. */
  written(record: AnswerRecord, offset: number, length: number): void {
    const place = this.#keys.get(record.key);
    if (typeof place === 'object' && place.unwritten === record) place.isAt(offset, length);
  }

  /** As if a claim had never been. */
  drop({ entry, keys }: EntryRecord): void {
    if (!this.open.delete(entry.id)) return;
    this.sums.add(entry, -1);
    this.#free(keys, entry.id);
  }

  /** @param before Unix milliseconds: older answers go */
  forget(before: number): void {
    for (const [key, found] of this.#keys)
      if (typeof found !== 'string' && found.at * 1000 < before && !found.unwritten) this.#keys.delete(key);
  }

  #free(keys: readonly string[], id: string): void {
    for (const key of keys) if (this.#keys.get(key) === id) this.#keys.delete(key);
  }
}

/** @returns the file in which the answer is: that of its call */
export function monthOfPlace({ at }: Place): string {
  return monthOf(at * 1000);
}
