/** The segments of a journal, `NNNNNNNN.log`: records go to the end of the last, and old segments go as a whole. */
import { type FileHandle, stat, unlink } from 'node:fs/promises';
import { createFile, syncFolder, writeAt } from './lines';
import { FIRST_LINE } from './record';
import { type Recovered, segmentPath } from './recover';

const COMPACT_FROM_BYTES = 4 * 1024 * 1024;
/** Each start of the process begins a new one. */
const MOST_SEGMENTS = 8;

interface Segment {
  file: FileHandle;
  path: string;
  /** Where the next record goes; what stands behind it failed to be written. */
  position: number;
}

export class Log {
  readonly #folder: string;
  /** Of the segments that exist, oldest first, and what they hold. */
  #numbers: number[];
  #bytes: number;
  /** Of those that go once all that waits stands in later ones. */
  #old: number[] = [];
  #oldBytes = 0;
  #next: number;
  #segment: Segment | null = null;

  /**
   * @param folder that was read
   * @param found what it holds
   */
  constructor(folder: string, found: Recovered) {
    this.#folder = folder;
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
   * @param liveBytes of the records of all that waits
   * @param isDaily whatever is over has to go
   * @returns whether it is worth it to write all that waits anew; false while that is under way
   */
  isDue(liveBytes: number, isDaily = false): boolean {
    if (this.#old.length > 0) return false;
    const least = isDaily ? 0 : Math.max(COMPACT_FROM_BYTES, liveBytes);
    return this.#bytes - liveBytes > least || this.#numbers.length > MOST_SEGMENTS;
  }

  /** What is appended from now on goes into a new segment; those that there are become old. */
  async turn(): Promise<void> {
    await this.close();
    this.#old.push(...this.#numbers.splice(0));
    this.#oldBytes = this.#bytes;
  }

  /** Removes the old segments, oldest first: were an end removed before what it ends, that would come back. */
  async forgetOld(): Promise<void> {
    for (const number of this.#old.splice(0)) {
      await unlink(segmentPath(this.#folder, number)).catch(() => {});
      await syncFolder(this.#folder);
    }
    this.#bytes -= this.#oldBytes;
    this.#oldBytes = 0;
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const segment = this.#segment;
    this.#segment = null;
    await segment?.file.close().catch(() => {});
  }

  async #begin(): Promise<Segment> {
    const number = this.#next++;
    const path = segmentPath(this.#folder, number);
    const file = await createFile(path);
    this.#numbers.push(number);
    return { file, path, position: 0 };
  }
}
