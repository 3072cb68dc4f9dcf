import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { KEY_DERIVATIONS, type KeyDerivation } from '../../../src/providers/westdex/account';
import { aesKey, decrypt, encrypt, otherKeys } from '../../../src/providers/westdex/cipher';
import vectors from '../../vectors.json';

describe('westdex cipher', () => {
  it('has a vector for every derivation', () => {
    assert.deepEqual(
      vectors.westdex.map(({ keyDerivation }) => keyDerivation),
      [...KEY_DERIVATIONS],
    );
  });

  for (const { keyDerivation, key, aesKeyHex, cases } of vectors.westdex) {
    const derived = aesKey(keyDerivation as KeyDerivation, key)!;
    it(`makes the AES key by ${keyDerivation}`, () => assert.equal(derived.toString('hex'), aesKeyHex));

    for (const [text, cipherText] of cases as [string, string][]) {
      it(`${keyDerivation}: encrypts and decrypts ${text}`, () => {
        assert.equal(encrypt(text, derived), cipherText);
        assert.equal(decrypt(cipherText, derived), text);
      });
    }
  }

  const unusable: [KeyDerivation, string][] = [
    ['hex', 'not hexadecimal digits, 32 of it'],
    ['hex', '0123456789abcdef'],
    ['hex', '0123456789abcdef0123456789abcde'],
    ['hex', '0123456789abcdef0123456789abcdeg'],
    ['hex', '00'.repeat(33)],
    ['utf8', 'fifteen letters'],
    ['utf8', '密钥密钥密钥'],
  ];
  for (const [keyDerivation, key] of unusable) {
    it(`cannot use ${key.length} characters such as ${key.slice(0, 8)} by ${keyDerivation}`, () =>
      assert.equal(aesKey(keyDerivation, key), null));
  }

  it('takes keys of 128, 192 and 256 bits, in capital letters too', () => {
    for (const bytes of [16, 24, 32]) {
      assert.equal(aesKey('hex', 'AB'.repeat(bytes))!.length, bytes);
      assert.equal(aesKey('utf8', 'k'.repeat(bytes))!.length, bytes);
      assert.equal(aesKey('sha1prng', 'k'.repeat(bytes))!.length, 16);
    }
    const key = aesKey('hex', 'AB'.repeat(24))!;
    assert.equal(decrypt(encrypt('欧阳测试', key), key), '欧阳测试');
  });

  it('gives null for what another key encrypted, and for what nobody did', () => {
    const [first, second] = vectors.westdex.map(({ aesKeyHex }) => Buffer.from(aesKeyHex, 'hex'));
    assert.equal(decrypt(encrypt('110101199001011237', first!), second!), null);
    for (const text of ['', 'AAAA', 'not base64 at all', 'A'.repeat(22)])
      assert.equal(decrypt(text, first!), null);
  });

  it('gives null for bytes that are well padded and no UTF-8', () => {
    const key = Buffer.alloc(16, 7);
    const cipher = createCipheriv('aes-128-ecb', key, null);
    const text = Buffer.concat([cipher.update(Buffer.from([0xc3, 0x28])), cipher.final()]).toString('base64');
    assert.equal(decrypt(text, key), null);
  });

  it('names the other derivations that a key can be used with', () => {
    const names = (key: string) => otherKeys(key, 'sha1prng').map(([name]) => name);
    assert.deepEqual(names(vectors.westdex[0]!.key), ['hex', 'utf8']);
    assert.deepEqual(names('sixteen letters!'), ['utf8']);
    assert.deepEqual(names('short'), []);
  });
});
