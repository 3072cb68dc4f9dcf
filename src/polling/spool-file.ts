/** One file of the spool: a line with a digest, then the message in V8's own form, Buffers and all. */
import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';

/** The first line, in front of the digest; another form of the rest needs another. */
const MARK = 'cn-verify task 1 ';
/** A larger message is not kept: the ids of its tasks are what was paid for. */
const LARGEST_MESSAGE_BYTES = 1024 * 1024;
/** Of these a process has the only copy, and no other process could use one. */
const NEVER_KEPT: ReadonlySet<string> = new Set(['req', 'res']);
const ALWAYS_KEPT: ReadonlySet<string> = new Set(['_msgid', 'topic']);

/** What is kept of one message. */
export interface Kept {
  /** Type of the node: its id may become that of another. */
  type: string;
  /** Unix time in milliseconds, when the node took the message. */
  since: number;
  /** Unix time in milliseconds, or null where the work is over and only has to be told. */
  deadline: number | null;
  taskIds: readonly string[];
  /** Plain data: what there is to do with the message. */
  work: unknown;
  message: Record<string, unknown>;
}

/**
 * @param kept what to write
 * @returns the bytes of the file; `whole` is false where the message was too large, or parts of it could not be kept
 */
export function encode(kept: Kept): { bytes: Buffer; whole: boolean } {
  const message = without(kept.message, NEVER_KEPT);
  let body = pack({ ...kept, message });
  const whole = body !== null && body.length <= LARGEST_MESSAGE_BYTES;
  if (body === null) body = pack({ ...kept, message: plainOnly(message) })!;
  if (body.length > LARGEST_MESSAGE_BYTES)
    body = pack({ ...kept, message: plainOnly(only(message, ALWAYS_KEPT)) })!;
  return { bytes: Buffer.concat([Buffer.from(`${MARK}${digest(body)}\n`), body]), whole };
}

/**
 * @param bytes of a file
 * @returns what `encode` was given, or null where they are anything else
 */
export function decode(bytes: Buffer): Kept | null {
  const end = bytes.indexOf('\n');
  const body = bytes.subarray(end + 1);
  try {
    return bytes.toString('latin1', 0, end) === MARK + digest(body) ? deserialize(body) : null;
  } catch {
    return null;
  }
}

/** @returns null where the message holds what cannot be written down, such as a function */
function pack(value: object): Buffer | null {
  try {
    return serialize(value);
  } catch {
    return null;
  }
}

function without(message: Record<string, unknown>, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).filter(([name]) => !names.has(name)));
}

function only(message: Record<string, unknown>, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).filter(([name]) => names.has(name)));
}

function plainOnly(message: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).filter(([name, value]) => pack({ [name]: value })));
}

function digest(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
