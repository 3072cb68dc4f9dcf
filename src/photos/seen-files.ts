/** The files of what came before, `00000001.seen`: a line a photo. When there are too many, the oldest file goes whole. */
import { type FileHandle, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createFile, linesOf, syncFolder, writeAt } from '../waiting/lines';
import { DIGEST_BYTES, type SeenRecord } from './seen-memory';

const NAME = /^(\d{8})\.seen$/;
const LINE = /^([\w-]{16}) ([\w-]{16}) (\d{10})$/;
const LINE_BYTES = 16 + 1 + 16 + 1 + 10 + 1;
/** In how many files all that is remembered is. */
const FILES = 10;

export class SeenFiles {
  readonly #folder: string;
  readonly #capacity: number;
  /** Lines by the number of each file, oldest first. */
  readonly #lines: Map<number, number>;
  #last: { file: FileHandle; number: number; position: number } | null = null;

  /**
   * Reads all files, and yields to the event loop.
   * @param folder that is ours
   * @param capacity lines that have to be kept
   * @param since Unix seconds; a file whose last line is older is deleted
   * @param take gets each record, oldest first
   * @throws Error of the file system
   */
  static async open(
    folder: string,
    capacity: number,
    since: number,
    take: (record: SeenRecord) => void,
  ): Promise<SeenFiles> {
    const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
    const lines = new Map<number, number>();
    let damaged = 0;
    for (const name of names) {
      let count = 0;
      let latest = Number.POSITIVE_INFINITY;
      for await (const line of linesOf(join(folder, name), LINE_BYTES)) {
        count++;
        const record = recordOf(line);
        if (!record) damaged++;
        else if (record.seconds >= since) take(record);
        latest = record?.seconds ?? latest;
      }
      if (latest < since) {
        await unlink(join(folder, name)).catch(() => {});
        continue;
      }
      lines.set(Number(name.slice(0, 8)), count);
    }
    return new SeenFiles(folder, capacity, lines, damaged);
  }

  private constructor(
    folder: string,
    capacity: number,
    lines: Map<number, number>,
    /** Lines that are no record. */
    readonly damaged: number,
  ) {
    this.#folder = folder;
    this.#capacity = capacity;
    this.#lines = lines;
  }

  /**
   * Writes and flushes all of them. What a kill or a full disk has cut is less than a line, and is written over.
   * @throws Error of the file system
   */
  async append(records: readonly SeenRecord[]): Promise<void> {
    this.#last ??= await this.#continue();
    const { file, number, position } = this.#last;
    const bytes = Buffer.from(records.map(lineOf).join(''));
    await writeAt(file, bytes, position);
    await file.datasync();
    this.#last.position += bytes.length;
    const count = this.#lines.get(number)! + records.length;
    this.#lines.set(number, count);
    if (count >= this.#capacity / FILES) await this.close();
    await this.#forget();
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const last = this.#last;
    this.#last = null;
    await last?.file.close().catch(() => {});
  }

  /** @returns the last file, where it has room and was only ever cut, or a new one */
  async #continue(): Promise<{ file: FileHandle; number: number; position: number }> {
    const number = Math.max(0, ...this.#lines.keys());
    const count = this.#lines.get(number) ?? Number.POSITIVE_INFINITY;
    if (count < this.#capacity / FILES) {
      const file = await open(pathOf(this.#folder, number), 'r+');
      const { size } = await file.stat();
      if (size - count * LINE_BYTES >= 0 && size - count * LINE_BYTES < LINE_BYTES)
        return { file, number, position: count * LINE_BYTES };
      await file.close();
    }
    const file = await createFile(pathOf(this.#folder, number + 1));
    this.#lines.set(number + 1, 0);
    return { file, number: number + 1, position: 0 };
  }

  async #forget(): Promise<void> {
    let all = 0;
    for (const count of this.#lines.values()) all += count;
    for (const [number, count] of this.#lines) {
      all -= count;
      if (all < this.#capacity) return;
      this.#lines.delete(number);
      await unlink(pathOf(this.#folder, number)).catch(() => {});
      await syncFolder(this.#folder);
    }
  }
}

function pathOf(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(8, '0')}.seen`);
}

function lineOf({ code, photo, seconds }: SeenRecord): string {
  const [first, second] = [code, photo].map((digest) => digest.toString('base64url', 0, DIGEST_BYTES));
  return `${first} ${second} ${String(seconds).padStart(10, '0')}\n`;
}

function recordOf(line: Buffer): SeenRecord | null {
  const [, code, photo, seconds] = LINE.exec(line.toString('latin1')) ?? [];
  if (!code || !photo) return null;
  return {
    code: Buffer.from(code, 'base64url'),
    photo: Buffer.from(photo, 'base64url'),
    seconds: Number(seconds),
  };
}
