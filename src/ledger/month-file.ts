/** A file of a ledger, `2026-11.jsonl`: lines are only ever appended, whole and flushed. */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

const NAME = /^(\d{4}-(?:0[1-9]|1[0-2]))\.jsonl$/;
const READ_BYTES = 256 * 1024;
/** Of a longer line only that it is there is told: an answer has at most 4 MB. */
const LONGEST_LINE_BYTES = 64 * 1024 * 1024;
/** Milliseconds for which the event loop may be held. */
const HOLD_MS = 5;
const LINE_END = 0x0a;
/**
 * What is written is flushed by that, which is half the work of writing and flushing; and it never overwrites what another
 * process, that thought this one dead, has written meanwhile.
 */
const APPEND_FLUSHED = constants.O_APPEND | constants.O_DSYNC;

/** @param month such as `2026-11` */
export function monthPath(folder: string, month: string): string {
  return join(folder, `${month}.jsonl`);
}

/** @returns the month of a file's name, or null where it is another file */
export function monthOfName(name: string): string | null {
  return NAME.exec(name)?.[1] ?? null;
}

/** Something to append; `line` has its end. */
export interface Appended {
  line: string;
  /** Told where it is, once it is flushed. */
  written?(offset: number, length: number): void;
}

export class MonthFile {
  readonly #path: string;
  readonly #file: FileHandle;
  /** Where the next line goes. */
  #position: number;
  /** Whether something that failed to be written may stand behind that. */
  #isTorn = false;

  /**
   * @param path of a file that is made where it is missing
   * @throws Error of the file system, or where this is no regular file
   */
  static async open(path: string): Promise<MonthFile> {
    const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | APPEND_FLUSHED, 0o600);
    try {
      const { size } = await regular(file, path);
      if (size === 0) await syncFolder(dirname(path));
      const month = new MonthFile(path, file, size);
      // What a kill has cut must not become the beginning of our line.
      if (size > 0 && (await lastByte(file, size)) !== LINE_END) await month.append([{ line: '\n' }]);
      return month;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private constructor(path: string, file: FileHandle, position: number) {
    this.#path = path;
    this.#file = file;
    this.#position = position;
  }

  /**
   * Writes and flushes all of them, or nothing.
   * @throws Error of the file system
   */
  async append(lines: readonly Appended[]): Promise<void> {
    const bytes = Buffer.from(lines.map(({ line }) => line).join(''));
    if (this.#isTorn) await this.#mend();
    try {
      for (let done = 0; done < bytes.length; ) {
        const at = this.#position + done;
        const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, at);
        if (bytesWritten === 0) throw new Error('The disk takes nothing');
        done += bytesWritten;
      }
    } catch (error) {
      this.#isTorn = true;
      await this.#mend().catch(() => {});
      throw error;
    }
    let offset = this.#position;
    for (const { line, written } of lines) {
      const length = Buffer.byteLength(line);
      written?.(offset, length);
      offset += length;
    }
    this.#position = offset;
  }

  /** @returns whether somebody deleted it */
  isGone(): Promise<boolean> {
    return stat(this.#path).then(
      () => false,
      ({ code }) => code === 'ENOENT',
    );
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => {});
  }

  async #mend(): Promise<void> {
    await this.#file.truncate(this.#position);
    this.#isTorn = false;
  }
}

/**
 * Reads a file line by line, yielding to the event loop.
 * @param wanted a text, where only lines matter that hold it
 * @returns lines without their ends, the last one too where it has none, and where they begin
 * @throws Error of the file system, or where this is no regular file
 */
export async function* linesOf(path: string, wanted = ''): AsyncGenerator<{ line: string; offset: number }> {
  const file = await openToRead(path);
  const lineOf = (bytes: Buffer, offset: number) =>
    wanted === '' || bytes.includes(wanted) ? { line: bytes.toString('utf8'), offset } : null;
  try {
    let since = performance.now();
    let begun: Buffer[] = [];
    let begunBytes = 0;
    let position = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position);
      const piece = buffer.subarray(0, bytesRead);
      let from = 0;
      for (let end = piece.indexOf(LINE_END); end >= 0; end = piece.indexOf(LINE_END, from)) {
        const found = lineOf(
          Buffer.concat([...begun, piece.subarray(from, end)]),
          position + from - begunBytes,
        );
        begun = [];
        begunBytes = 0;
        from = end + 1;
        if (found) yield found;
        if (performance.now() - since < HOLD_MS) continue;
        await setImmediate();
        since = performance.now();
      }
      if (bytesRead === 0) {
        const found = begunBytes > 0 && lineOf(Buffer.concat(begun), position - begunBytes);
        if (found) yield found;
        return;
      }
      if (begunBytes < LONGEST_LINE_BYTES) begun.push(piece.subarray(from));
      begunBytes += bytesRead - from;
      position += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/**
 * @returns what stands there
 * @throws Error of the file system
 */
export async function readLine(path: string, offset: number, length: number): Promise<string> {
  const file = await openToRead(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** @returns the code of an error of the file system */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}

async function openToRead(path: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    await regular(file, path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function regular(file: FileHandle, path: string): Promise<{ size: number }> {
  const found = await file.stat();
  if (!found.isFile()) throw Object.assign(new Error(`${path} is no regular file`), { code: 'EINVAL' });
  return found;
}

async function lastByte(file: FileHandle, size: number): Promise<number | undefined> {
  return (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0];
}

/** Makes what was created in a folder durable, where the file system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}
