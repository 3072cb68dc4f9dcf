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

/**
 * @param content of a task
 * @returns its bytes, and whether they hold all of the message; null if not even the work can be written down
 */
export function packContent({ work, message }: TaskContent): { bytes: Buffer; isWhole: boolean } | null {
  const properties = propertiesOf(message);
  const whole = properties && pack(work, properties);
  if (whole && whole.length <= LARGEST_BYTES) return { bytes: whole, isWhole: true };
  // If it is only too large, everything in it can be written down.
  const plain = whole ? properties : (properties ?? []).filter(([, value]) => pack(value, []));
  const part = whole ? null : pack(work, plain);
  if (part && part.length <= LARGEST_BYTES) return { bytes: part, isWhole: false };
  const least = pack(
    work,
    plain.filter(([name]) => ALWAYS_KEPT.has(name)),
  );
  return least && least.length <= LARGEST_WORK_BYTES ? { bytes: least, isWhole: false } : null;
}

/**
 * @param bytes that `packContent` returned, in this process or an earlier one
 * @returns the content, or null if it cannot be read, for example because a later Node.js wrote it
 */
export function unpackContent(bytes: Uint8Array): TaskContent | null {
  try {
    // Buffers in the content share the memory of what is read, which must not hold anything of other tasks.
    const content: unknown = deserialize(new Uint8Array(bytes));
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

/** @returns null if a getter of the message throws */
function propertiesOf(message: TaskContent['message']): [name: string, value: unknown][] | null {
  try {
    return Object.entries(message).filter(([name]) => !NEVER_KEPT.has(name));
  } catch {
    return null;
  }
}

/** @returns null if there is a function in it, or something else that has no form on disk */
function pack(work: unknown, properties: [name: string, value: unknown][]): Buffer | null {
  try {
    return serialize({ work, message: Object.fromEntries(properties) });
  } catch {
    return null;
  }
}
