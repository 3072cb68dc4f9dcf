/**
 * What a task is made of, as bytes: its work and its message in V8's own form, so that Buffers, dates and cycles
 * survive a restart.
 */
import { deserialize, serialize } from 'node:v8';

/** A larger message is not kept whole: the ids of its tasks are what was paid for. */
const LARGEST_BYTES = 1024 * 1024;
/** The state of a task with thousands of photos is larger than that; beyond this limit nothing is kept. */
const LARGEST_WORK_BYTES = 32 * 1024 * 1024;
/** The open HTTP request of a message exists in this process only. */
const NEVER_KEPT: ReadonlySet<string> = new Set(['req', 'res']);
const ALWAYS_KEPT: ReadonlySet<string> = new Set(['_msgid', 'topic']);

/** The part of a task that only its node understands. */
export interface TaskContent {
  /** Plain data: what is left to do with the message. */
  work: unknown;
  message: Record<string, unknown>;
}

/** Which properties of a message are kept, and in how many bytes. If the result is too large, the next row is tried. */
const ATTEMPTS: readonly { most: number; keeps(name: string, value: unknown): boolean }[] = [
  { most: LARGEST_BYTES, keeps: (name) => !NEVER_KEPT.has(name) },
  { most: LARGEST_BYTES, keeps: (name, value) => !NEVER_KEPT.has(name) && isPlain(value) },
  { most: LARGEST_WORK_BYTES, keeps: (name, value) => ALWAYS_KEPT.has(name) && isPlain(value) },
];

/**
 * @param content of a task
 * @returns its bytes, and whether they hold all of the message; null if not even the work can be written down
 */
export function packContent({ work, message }: TaskContent): { bytes: Uint8Array; isWhole: boolean } | null {
  for (const attempt of ATTEMPTS) {
    try {
      const kept = Object.entries(message).filter(([name, value]) => attempt.keeps(name, value));
      const bytes = serialize({ work, message: Object.fromEntries(kept) });
      if (bytes.length <= attempt.most) return { bytes, isWhole: attempt === ATTEMPTS[0] };
    } catch {
      // The message holds a function, or something else that has no form on disk.
    }
  }
  return null;
}

/**
 * @param bytes that `packContent` returned, in this process or an earlier one
 * @returns the content, or null if it cannot be read, for example because a later Node.js wrote it
 */
export function unpackContent(bytes: Uint8Array): TaskContent | null {
  try {
    // Buffers in the content share the memory of what is read, which must not hold anything of other tasks.
    const content: unknown = deserialize(bytes.slice());
    return isObject(content) && 'work' in content && isObject(content.message)
      ? { work: content.work, message: content.message }
      : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function isPlain(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}
