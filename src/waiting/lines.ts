/** Files of lines: how one is made, written at a place, and read line by line. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';

const READ_BYTES = 256 * 1024;
/** Milliseconds for which the event loop may be held. */
const HOLD_MS = 5;
const LINE_END = 0x0a;

/**
 * @param path of a file that is not there yet
 * @returns it, empty and sure to be there after a power cut
 * @throws Error of the file system
 */
export async function createFile(path: string): Promise<FileHandle> {
  const file = await open(path, 'wx', 0o600);
  await syncFolder(dirname(path));
  return file;
}

/** Makes what was created or renamed in a folder durable, where the file system can. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}

/**
 * Writes all of it, however little the disk takes at a time.
 * @param position in bytes
 * @returns how many bytes that were
 * @throws Error of the file system; then any part of it may be there
 */
export async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw new Error('The disk takes nothing');
    done += bytesWritten;
  }
  return bytes.length;
}

/**
 * Opens nothing but a regular file, and yields to the event loop.
 * @param longest in bytes; of a longer line only the beginning comes
 * @returns its lines without their ends; what follows the last line end is none
 * @throws Error of the file system
 */
export async function* linesOf(path: string, longest: number): AsyncGenerator<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    if (!(await file.stat()).isFile()) throw new Error(`${path} is no regular file`);
    const breathe = pacer();
    let begun: Buffer[] = [];
    let length = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, null);
      if (bytesRead === 0) return;
      let rest = buffer.subarray(0, bytesRead);
      for (let end = rest.indexOf(LINE_END); end >= 0; end = rest.indexOf(LINE_END)) {
        await breathe();
        yield Buffer.concat([...begun, rest.subarray(0, end)]);
        begun = [];
        length = 0;
        rest = rest.subarray(end + 1);
      }
      if (length < longest) begun.push(rest);
      length += rest.length;
    }
  } finally {
    await file.close();
  }
}

/** @returns what to wait for between two short pieces of work, so that the event loop is never held for long */
export function pacer(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < HOLD_MS) return;
    await setImmediate();
    since = performance.now();
  };
}
