/** The segments of a journal, `NNNNNNNN.log`: records go to the end of the last; what is over goes when it is much. */
import { type FileHandle, rename, stat, unlink } from 'node:fs/promises';
import { createFile, syncFolder, writeAt } from './lines';
import { FIRST_LINE, seal } from './record';
import { type Live, type Recovered, segmentPath } from './recover';

/** As much as is encrypted in a few milliseconds. */
const PIECE_BYTES = 64 * 1024;
const COMPACT_FROM_BYTES = 4 * 1024 * 1024;
/** Each start of the process begins a new one. */
const MOST_SEGMENTS = 8;
const COMPACT_AGAIN_MS = 60_000;

interface Segment {
  file: FileHandle;
  path: string;
  /** Where the next record goes; what stands behind it failed to be written. */
  position: number;
}

export class Log {
  readonly #folder: string;
  readonly #key: Buffer;
  /** Of the segments that exist, oldest first, and what they hold. */
  #numbers: number[];
  #bytes: number;
  #next: number;
  #segment: Segment | null = null;
  #compacting: Promise<void> | null = null;
  #compactAfter = 0;
  #isClosed = false;

  /**
   * @param folder that was read
   * @param key 32 bytes
   * @param found what it holds
   */
  constructor(folder: string, key: Buffer, found: Recovered) {
    this.#folder = folder;
    this.#key = key;
    this.#numbers = found.numbers;
    this.#bytes = found.bytes;
    this.#next = found.next;
  }

  /**
   * Writes and flushes; after a failure the next call writes to the same place.
   * @param lines with their ends
   * @throws Error of the file system
   */
  async append(lines: readonly Buffer[]): Promise<void> {
    this.#segment ??= await this.#begin();
    const { file, position } = this.#segment;
    const bytes = Buffer.concat(position === 0 ? [FIRST_LINE, ...lines] : lines);
    // What failed to be written is there in part, and would be read as if it came after what is written now.
    if ((await file.stat()).size > position) await file.truncate(position);
    await writeAt(file, bytes, position);
    await file.datasync();
    this.#segment.position += bytes.length;
    this.#bytes += bytes.length;
  }

  /** @returns whether somebody deleted the file that is written to */
  async isGone(): Promise<boolean> {
    if (!this.#segment) return false;
    return stat(this.#segment.path).then(
      () => false,
      ({ code }) => code === 'ENOENT' || code === 'ENOTDIR',
    );
  }

  /**
   * Begins to replace all segments by one, where that is worth it. What is appended meanwhile goes into a later one, so
   * that nothing waits for this.
   * @param live all that waits; may change meanwhile
   * @param liveBytes of their records
   * @param isOurs asked before anything is removed: whether the folder still is
   * @param isDaily whatever is over has to go
   */
  compactWhereDue(
    live: ReadonlyMap<string, Live>,
    liveBytes: number,
    isOurs: () => Promise<boolean>,
    isDaily = false,
  ): void {
    const least = isDaily ? 0 : Math.max(COMPACT_FROM_BYTES, liveBytes);
    const isDue = this.#bytes - liveBytes > least || this.#numbers.length > MOST_SEGMENTS;
    if (!isDue || this.#compacting || performance.now() < this.#compactAfter) return;
    this.#compacting = this.#compact(live, isOurs).then(() => {
      this.#compacting = null;
    });
  }

  /** Removes all segments, where nothing waits. */
  async clear(): Promise<void> {
    await this.#leave();
    await this.#remove(this.#numbers.splice(0));
    this.#bytes = 0;
  }

  /** Ends what is under way. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#compacting;
    await this.#leave();
  }

  async #begin(): Promise<Segment> {
    const number = this.#next++;
    const path = segmentPath(this.#folder, number);
    const file = await createFile(path);
    this.#numbers.push(number);
    return { file, path, position: 0 };
  }

  async #leave(): Promise<void> {
    const segment = this.#segment;
    this.#segment = null;
    await segment?.file.close().catch(() => {});
  }

  async #compact(live: ReadonlyMap<string, Live>, isOurs: () => Promise<boolean>): Promise<void> {
    const old = this.#numbers.splice(0);
    const oldBytes = this.#bytes;
    const number = this.#next++;
    const unfinished = segmentPath(this.#folder, number, true);
    try {
      await this.#leave();
      const bytes = await this.#writeSnapshot(unfinished, live);
      if (!(await isOurs())) throw new Error('The folder is no longer ours');
      await rename(unfinished, segmentPath(this.#folder, number));
      await syncFolder(this.#folder);
      this.#numbers.unshift(number);
      this.#bytes += bytes - oldBytes;
      await this.#remove(old);
    } catch {
      // The old ones say the same.
      this.#numbers.unshift(...old);
      this.#compactAfter = performance.now() + COMPACT_AGAIN_MS;
      await unlink(unfinished).catch(() => {});
    }
  }

  /** Its first record makes void what came before it. */
  async #writeSnapshot(path: string, live: ReadonlyMap<string, Live>): Promise<number> {
    const file = await createFile(path);
    try {
      let [piece, size, position] = [[FIRST_LINE, seal(null, this.#key)!.line], 0, 0];
      for (const { kept, bytes } of live.values()) {
        if (this.#isClosed) throw new Error('There is no time for it');
        // What was never written is left out: its end would not be written either.
        const sealed = bytes > 0 ? seal(kept, this.#key) : null;
        if (sealed) piece.push(sealed.line);
        size += sealed?.line.length ?? 0;
        if (size >= PIECE_BYTES) {
          position += await writeAt(file, Buffer.concat(piece), position);
          [piece, size] = [[], 0];
        }
      }
      position += await writeAt(file, Buffer.concat(piece), position);
      await file.datasync();
      return position;
    } finally {
      await file.close();
    }
  }

  /** Oldest first: were an end removed before what it ends, that would come back. */
  async #remove(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) await unlink(segmentPath(this.#folder, number)).catch(() => {});
  }
}
