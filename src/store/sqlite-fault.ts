/** What an error of SQLite means for the file: https://www.sqlite.org/rescode.html. */

/** `unwritable`: the disk; `damaged`: what the file holds; `held-elsewhere`: another connection has it. */
export type FileFault = 'unwritable' | 'damaged' | 'held-elsewhere';

/** By primary result code. Any other concerns a statement, not the file. */
const FAULTS: Readonly<Record<number, readonly [fault: FileFault, code: string]>> = {
  3: ['unwritable', 'EACCES'],
  5: ['held-elsewhere', 'EBUSY'],
  6: ['held-elsewhere', 'EBUSY'],
  7: ['unwritable', 'ENOMEM'],
  8: ['unwritable', 'EROFS'],
  10: ['unwritable', 'EIO'],
  11: ['damaged', 'EBADMSG'],
  13: ['unwritable', 'ENOSPC'],
  14: ['unwritable', 'EACCES'],
  15: ['held-elsewhere', 'EBUSY'],
  22: ['unwritable', 'EFBIG'],
  26: ['damaged', 'EBADMSG'],
};
/** SQLITE_IOERR_WRITE: a quota that is used up, which the operating system does not report as a full disk. */
const IOERR_WRITE = 778;

/**
 * @param error anything thrown
 * @returns what it says of the file, and the word of the operating system for it; null where it says nothing of the file
 */
export function faultOf(error: unknown): { fault: FileFault; code: string } | null {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  if (typeof errcode === 'number') {
    if (errcode === IOERR_WRITE) return { fault: 'unwritable', code: 'ENOSPC' };
    const found = FAULTS[errcode & 0xff];
    return found ? { fault: found[0], code: found[1] } : null;
  }
  // Of the file system, before SQLite has the file.
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) && 'syscall' in (error as object)
    ? { fault: 'unwritable', code }
    : null;
}
