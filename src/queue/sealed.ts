/**
 * What a job holds, encrypted, so that Redis alone tells nobody: a message, and once it is over its answer or its error in
 * the message's place. V8's own form, so that Buffers are bytes and dates and cycles survive; every Node.js from 14 to 24
 * writes the same version of it.
 */
import { deserialize, serialize } from 'node:v8';
import { VerifyError } from '../contract/errors';
import { Seal } from '../store/seal';

const PURPOSE = 'queue jobs';
/** Two photos of 8 MB. */
const LARGEST_MB = 16;
/** Properties that stay in the process: no other process could use them. */
const STAY: ReadonlySet<string> = new Set(['req', 'res']);

export type Kind = 'message' | 'answer' | 'error';

/** What is in a job; null where it cannot be read under this secret. */
export type Content = { kind: Kind; value: unknown } | null;

export class JobSecret {
  readonly #seal: Seal;
  /** Equal for equal secrets; it reveals nothing of them. */
  readonly sign: string;

  /** @param master 32 bytes */
  constructor(master: Buffer) {
    this.#seal = new Seal(master);
    this.sign = this.#seal.digest('queue sign', 'cn-verify');
  }

  /**
   * @param kind of what it is
   * @param id of the job: in no other one it can be opened
   * @param bytes as `written` gives them
   * @throws VerifyError INPUT where it is too large, or null
   */
  seal(kind: Kind, id: string, bytes: Buffer | null): Uint8Array {
    if (!bytes) throw new VerifyError('INPUT', 'job-not-plain', {}, { charged: false });
    if (bytes.length > LARGEST_MB * 1024 * 1024)
      throw new VerifyError('INPUT', 'job-too-large', { maxMB: LARGEST_MB }, { charged: false });
    return this.#seal.seal(PURPOSE, bytes, `${kind} ${id}`);
  }

  /**
   * @param id of the job
   * @param data as `textOf` gives it, or the bytes of a sealed message
   */
  open(id: string, data: unknown): Content {
    try {
      const [kind = '', text = ''] = Buffer.isBuffer(data) ? ['message'] : String(data).split(' ');
      const sealed = Buffer.isBuffer(data) ? data : Buffer.from(text, 'base64');
      const body = this.#seal.open(PURPOSE, sealed, `${kind} ${id}`);
      return { kind: kind as Kind, value: deserialize(body) };
    } catch {
      return null;
    }
  }
}

/** @returns a text as BullMQ keeps it, which takes the sealed bytes for JSON */
export function textOf(kind: Kind, sealed: Uint8Array): string {
  return `${kind} ${Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length).toString('base64')}`;
}

/**
 * @param message that a worker is to have
 * @returns as much of it as can be sent; `whole` is false where anything but `req` and `res` had to stay
 */
export function portable(message: Readonly<Record<string, unknown>>): {
  bytes: Buffer | null;
  whole: boolean;
} {
  const names = Object.keys(message).filter((name) => !STAY.has(name));
  const parts = names.flatMap((name): [string, unknown][] => {
    try {
      return [[name, message[name]]];
    } catch {
      // A getter that throws.
      return [];
    }
  });
  const bytes = written(Object.fromEntries(parts));
  if (bytes && parts.length === names.length) return { bytes, whole: true };
  const plain = parts.filter(([, value]) => written(value));
  return { bytes: written(Object.fromEntries(plain)), whole: false };
}

/** @returns null where a function or the like is in it */
export function written(value: unknown): Buffer | null {
  try {
    return serialize(value);
  } catch {
    return null;
  }
}
