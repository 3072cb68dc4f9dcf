/** What is kept of keys and answers: digests, and what only this secret can open. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { purposeKey } from '../waiting/key';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Random bytes are dear one by one. */
const NONCES_AT_ONCE = 256;
/** Enough for no two keys ever to meet, and less to remember. */
const DIGEST_BYTES = 16;

export class Secret {
  readonly #digests: Buffer;
  readonly #answers: Buffer;
  #nonces = Buffer.alloc(0);

  /** @param master 32 bytes */
  constructor(master: Buffer) {
    this.#digests = purposeKey(master, 'ledger keys');
    this.#answers = purposeKey(master, 'ledger answers');
  }

  /** @returns 22 characters */
  digest(account: string, key: string): string {
    const hmac = createHmac('sha256', this.#digests).update(`${account.length} ${account} `).update(key);
    return hmac.digest().toString('base64url', 0, DIGEST_BYTES);
  }

  /**
   * @param answer as JSON can hold it
   * @param digest of the key it is for: no other one opens it
   * @returns base64
   */
  seal(answer: unknown, digest: string): string {
    if (this.#nonces.length === 0) this.#nonces = randomBytes(NONCE_BYTES * NONCES_AT_ONCE);
    const nonce = this.#nonces.subarray(0, NONCE_BYTES);
    this.#nonces = this.#nonces.subarray(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#answers, nonce).setAAD(Buffer.from(digest));
    const body = cipher.update(JSON.stringify(answer ?? null), 'utf8');
    return Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()]).toString('base64');
  }

  /**
   * @returns what `seal` was given
   * @throws Error where it is anything else
   */
  open(sealed: string, digest: string): unknown {
    const bytes = Buffer.from(sealed, 'base64');
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, this.#answers, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(digest)).setAuthTag(bytes.subarray(-TAG_BYTES));
    const body = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return JSON.parse(Buffer.concat([body, decipher.final()]).toString('utf8'));
  }
}
