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
export const VERSION = 'cn-verify waiting 1';
const BOUND_TO = Buffer.from(VERSION);
/** Longer ones are neither written nor read. */
export const LONGEST_LINE_BYTES = 64 * 1024 * 1024;
/** A larger message is not kept: the ids of its tasks are what was paid for. */
const LARGEST_MESSAGE_BYTES = 1024 * 1024;
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

/** `end`: the thing of that id is over. `void`: nothing that stands before this record counts. */
export type Entry = { put: Kept } | { end: string } | 'void';

/**
 * @param entry what to write
 * @param key 32 bytes
 * @returns the line with its end; `whole` is false where the message was too large, or parts of it could not be kept;
 *   null where nothing of it can be written down
 */
export function seal(entry: Entry, key: Buffer): { line: Buffer; whole: boolean } | null {
  const packed =
    typeof entry === 'object' && 'put' in entry ? packPut(entry.put) : { body: pack(entry), whole: true };
  if (!packed.body || packed.body.length > LONGEST_LINE_BYTES / 2) return null;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(BOUND_TO);
  const sealed = [nonce, cipher.update(packed.body), cipher.final(), cipher.getAuthTag()];
  return {
    line: Buffer.from(`${Buffer.concat(sealed).toString('base64')}\n`, 'latin1'),
    whole: packed.whole,
  };
}

/**
 * @param line with or without its end
 * @param key 32 bytes
 * @returns what `seal` was given, or null where it is anything else
 */
export function unseal(line: Buffer, key: Buffer): Entry | null {
  const bytes = Buffer.from(line.toString('latin1'), 'base64');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(BOUND_TO).setAuthTag(bytes.subarray(-TAG_BYTES));
    const body = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    decipher.final();
    const entry: unknown = deserialize(body);
    return isEntry(entry) ? entry : null;
  } catch {
    return null;
  }
}

/** By hand, because whoever reads this goes on to work with it at every start of the process. */
function isEntry(entry: unknown): entry is Entry {
  if (entry === 'void') return true;
  if (!isObject(entry)) return false;
  if ('end' in entry) return typeof entry.end === 'string';
  const { put } = entry;
  return (
    isObject(put) &&
    [put.id, put.node, put.type].every((text) => typeof text === 'string') &&
    Number.isFinite(put.since) &&
    [put.deadline, put.orphanedAt].every((time) => time === null || Number.isFinite(time)) &&
    Array.isArray(put.taskIds) &&
    put.taskIds.every((id) => typeof id === 'string') &&
    'work' in put &&
    isObject(put.message)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function packPut({ id, node, type, since, deadline, orphanedAt, taskIds, work, message }: Kept): {
  body: Buffer | null;
  whole: boolean;
} {
  const packWith = (some: Record<string, unknown>) =>
    pack({ put: { id, node, type, since, deadline, orphanedAt, taskIds, work, message: some } });
  const kept = only(message, (name) => !NEVER_KEPT.has(name));
  let body = packWith(kept);
  const whole = body !== null && body.length <= LARGEST_MESSAGE_BYTES;
  body ??= packWith(only(kept, isPlain));
  if (body && body.length > LARGEST_MESSAGE_BYTES)
    body = packWith(only(kept, (name, value) => ALWAYS_KEPT.has(name) && isPlain(name, value)));
  return { body, whole };
}

/** @returns null where the value holds what cannot be written down, such as a function */
function pack(value: unknown): Buffer | null {
  try {
    return serialize(value);
  } catch {
    return null;
  }
}

function isPlain(_name: string, value: unknown): boolean {
  return pack(value) !== null;
}

function only(
  message: Record<string, unknown>,
  isWanted: (name: string, value: unknown) => boolean,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).filter(([name, value]) => isWanted(name, value)));
}
