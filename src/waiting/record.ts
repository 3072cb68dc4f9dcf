/**
 * One record of the journal: a line of base64 of nonce, ciphertext and tag (AES-256-GCM), within which is a value in
 * V8's own form, so that Buffers, dates and cycles survive.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The first line of a segment; another form of the lines needs another, and no line can be read under another. */
export const FIRST_LINE = Buffer.from('cn-verify waiting 1\n');
/** Longer ones are neither written nor read. */
export const LONGEST_LINE_BYTES = 64 * 1024 * 1024;
/** A larger message is not kept: the ids of its tasks are what was paid for. */
const LARGEST_BYTES = 1024 * 1024;
/** Of these a process has the only copy, and no other process could use one. */
const NEVER_KEPT: ReadonlySet<string> = new Set(['req', 'res']);
const ALWAYS_KEPT: ReadonlySet<string> = new Set(['_msgid', 'topic']);

/** One thing that waits, as it is on disk: plain data. */
export interface Kept {
  id: string;
  /** Id of the node. */
  node: string;
  /** Type of the node: its id may become that of another. */
  type: string;
  /** Unix time in milliseconds, when the node took the message. */
  since: number;
  /** Unix time in milliseconds, or null where the work is over and only has to be told. */
  deadline: number | null;
  /** Unix time in milliseconds since which it has no node, null where it has one. */
  orphanedAt: number | null;
  taskIds: readonly string[];
  /** Plain data: what there is to do with the message. */
  work: unknown;
  message: Record<string, unknown>;
}

/** A thing that waits, or the id of one that is over. */
export type Entry = Kept | string;

/**
 * @param entry what to write
 * @param key 32 bytes
 * @returns the line with its end; `whole` is false where the message was too large, or parts of it could not be kept;
 *   null where nothing of it can be written down
 */
export function seal(entry: Entry, key: Buffer): { line: Buffer; whole: boolean } | null {
  const packed = typeof entry === 'string' ? { body: serialize(entry), whole: true } : packKept(entry);
  if (!packed) return null;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(FIRST_LINE);
  const sealed = Buffer.concat([nonce, cipher.update(packed.body), cipher.final(), cipher.getAuthTag()]);
  return { line: Buffer.from(`${sealed.toString('base64')}\n`, 'latin1'), whole: packed.whole };
}

/**
 * @param line without its end
 * @param key 32 bytes
 * @returns what `seal` was given, or undefined where it is anything else
 */
export function unseal(line: Buffer, key: Buffer): Entry | undefined {
  try {
    const bytes = Buffer.from(line.toString('latin1'), 'base64');
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(FIRST_LINE).setAuthTag(bytes.subarray(-TAG_BYTES));
    const body = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    decipher.final();
    const entry: unknown = deserialize(body);
    return typeof entry === 'string' || isKept(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** Whoever reads this goes on to work with it at every start of the process. */
function isKept(value: unknown): value is Kept {
  return (
    isObject(value) &&
    [value.id, value.node, value.type].every((text) => typeof text === 'string') &&
    Number.isFinite(value.since) &&
    [value.deadline, value.orphanedAt].every((time) => time === null || Number.isFinite(time)) &&
    Array.isArray(value.taskIds) &&
    value.taskIds.every((id) => typeof id === 'string') &&
    'work' in value &&
    isObject(value.message)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Which parts of a message are kept, and in how many bytes; what does not fit is tried with the next. */
const ATTEMPTS: readonly [number, (name: string, value: unknown) => boolean][] = [
  [LARGEST_BYTES, (name) => !NEVER_KEPT.has(name)],
  [LARGEST_BYTES, (name, value) => !NEVER_KEPT.has(name) && isPlain(value)],
  [LONGEST_LINE_BYTES / 2, (name, value) => ALWAYS_KEPT.has(name) && isPlain(value)],
];

function packKept({ id, node, type, since, deadline, orphanedAt, taskIds, work, message }: Kept) {
  for (const [most, isWanted] of ATTEMPTS) {
    try {
      const parts = Object.entries(message).filter(([name, value]) => isWanted(name, value));
      const head = { id, node, type, since, deadline, orphanedAt, taskIds, work };
      const kept = { ...head, message: Object.fromEntries(parts) };
      const body = serialize(kept);
      if (body.length <= most) return { body, whole: isWanted === ATTEMPTS[0]![1] };
    } catch {
      // Something in it is a function, or of another kind that cannot be written down.
    }
  }
  return null;
}

function isPlain(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}
