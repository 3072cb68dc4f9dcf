/**
 * The one cipher for what is kept: AES-256-GCM for what has to be read again, HMAC-SHA256 for what only has to be
 * recognised. Each use has a key of its own, made from the secret by HKDF-SHA256, so that nothing that was sealed for
 * one use opens for another.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Random bytes are dear one by one. */
const NONCES_AT_ONCE = 256;
/** 128 bits: no two texts ever have the same digest, and 22 characters are short enough to keep. */
const DIGEST_BYTES = 16;

export class Seal {
  readonly #secret: Buffer;
  /** As Node.js wants keys: it makes a key of bytes at each use, which takes 18 µs on 24.21. */
  readonly #keys = new Map<string, KeyObject>();
  #nonces = Buffer.alloc(0);

  /** @param secret 32 bytes, as `secretOf` gives it */
  constructor(secret: Uint8Array) {
    this.#secret = Buffer.from(secret);
  }

  /** What may be kept beside the sealed: equal for equal secrets, and nothing of the secret can be learnt from it. */
  get sign(): string {
    return this.digest('sign', 'cn-verify');
  }

  /**
   * @param use a fixed word, such as `waiting`
   * @param plain bytes, or a text
   * @param associated what it belongs to, an id say: it opens for nothing else
   * @returns nonce, ciphertext and tag
   */
  seal(use: string, plain: Uint8Array | string, associated: string): Uint8Array {
    const nonce = this.#nonce();
    const cipher = createCipheriv(CIPHER, this.#key(use), nonce).setAAD(Buffer.from(associated));
    const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
    return Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()]);
  }

  /**
   * @param use as it was sealed for
   * @param sealed what `seal` returned
   * @param associated as it was sealed with
   * @returns the bytes that were sealed
   * @throws Error where it is anything else, or was sealed under another secret
   */
  open(use: string, sealed: Uint8Array, associated: string): Buffer {
    const key = this.#key(use);
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(associated)).setAuthTag(sealed.subarray(-TAG_BYTES));
    const body = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([body, decipher.final()]);
  }

  /** As `seal`, of a value as JSON can hold it. */
  sealJson(use: string, value: unknown, associated: string): Uint8Array {
    return this.seal(use, JSON.stringify(value ?? null), associated);
  }

  /** As `open`, of what `sealJson` returned. */
  openJson(use: string, sealed: Uint8Array, associated: string): unknown {
    return JSON.parse(this.open(use, sealed, associated).toString('utf8'));
  }

  /**
   * @param use a fixed word
   * @param parts texts or bytes; where one ends counts
   * @returns 22 characters, equal for equal parts, that tell nothing of them
   */
  digest(use: string, ...parts: readonly (string | Uint8Array)[]): string {
    const hmac = createHmac('sha256', this.#key(`digest ${use}`));
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      hmac.update(`${bytes.length} `).update(bytes);
    }
    return hmac.digest().toString('base64url', 0, DIGEST_BYTES);
  }

  #key(use: string): KeyObject {
    let key = this.#keys.get(use);
    if (!key) {
      const bytes = hkdfSync('sha256', this.#secret, '', `cn-verify ${use}`, KEY_BYTES);
      key = createSecretKey(new Uint8Array(bytes));
      this.#keys.set(use, key);
    }
    return key;
  }

  #nonce(): Buffer {
    if (this.#nonces.length === 0) this.#nonces = randomBytes(NONCE_BYTES * NONCES_AT_ONCE);
    const nonce = this.#nonces.subarray(0, NONCE_BYTES);
    this.#nonces = this.#nonces.subarray(NONCE_BYTES);
    return nonce;
  }
}
