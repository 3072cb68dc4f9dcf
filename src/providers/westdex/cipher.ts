/** AES-ECB as westdex wants it. */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { KEY_DERIVATIONS, type KeyDerivation } from './account';

/** docs/providers/westdex.md, "Which AES key": how it is made of the configured one, if that can be used so. */
const DERIVE: Readonly<Record<KeyDerivation, (key: string) => Buffer | null>> = {
  sha1prng: (key) => sha1(sha1(Buffer.from(key))).subarray(0, 16),
  hex: (key) => (/^(?:[0-9A-Fa-f]{2})+$/.test(key) ? ofAesLength(Buffer.from(key, 'hex')) : null),
  utf8: (key) => ofAesLength(Buffer.from(key)),
};

/** Of base64: whole blocks. */
export const BEGINNING_CHARACTERS = 4_096;
/** A byte sequence that is not UTF-8 must not pass as text. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * @param keyDerivation the account's choice
 * @param key the account's
 * @returns the AES key, or null where the key does not fit the choice
 */
export function aesKey(keyDerivation: KeyDerivation, key: string): Buffer | null {
  return DERIVE[keyDerivation](key);
}

/**
 * docs/providers/westdex.md: base64( AES-ECB/PKCS#7( UTF-8(text) ) ).
 * @param text in the clear
 * @param key of `aesKey`
 */
export function encrypt(text: string, key: Buffer): string {
  const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
}

/**
 * @param text of `encrypt`
 * @param key of `aesKey`
 * @returns the text in the clear, or null where it does not come out with valid padding and as UTF-8
 */
export function decrypt(text: string, key: Buffer): string | null {
  const decipher = createDecipheriv(`aes-${key.length * 8}-ecb`, key, null);
  try {
    return UTF8.decode(Buffer.concat([decipher.update(text, 'base64'), decipher.final()]));
  } catch {
    return null;
  }
}

/**
 * @param text of `encrypt`
 * @param key of `aesKey`
 * @returns how the text begins in the clear, or null where that is not UTF-8
 */
export function decryptBeginning(text: string, key: Buffer): string | null {
  const decipher = createDecipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  try {
    // More may follow, so the last character may come in part.
    return new TextDecoder('utf-8', { fatal: true }).decode(
      decipher.update(text.slice(0, BEGINNING_CHARACTERS), 'base64'),
      { stream: true },
    );
  } catch {
    return null;
  }
}

/**
 * @param key the account's, as it is configured
 * @param except a derivation that was tried already
 * @returns the AES keys of all others that it can be used with
 */
export function otherKeys(key: string, except: KeyDerivation): [KeyDerivation, Buffer][] {
  return KEY_DERIVATIONS.filter((each) => each !== except).flatMap((each): [KeyDerivation, Buffer][] => {
    const derived = aesKey(each, key);
    return derived ? [[each, derived]] : [];
  });
}

function sha1(data: Buffer): Buffer {
  return createHash('sha1').update(data).digest();
}

function ofAesLength(key: Buffer): Buffer | null {
  return key.length === 16 || key.length === 24 || key.length === 32 ? key : null;
}
