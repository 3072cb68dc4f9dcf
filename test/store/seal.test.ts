import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Seal } from '../../src/store/seal';

const secret = Buffer.alloc(32, 7);

describe('the seal', () => {
  const seal = new Seal(secret);
  const text = '一句话, and bytes';

  it('opens what it sealed, in this process and in the next', () => {
    for (const opener of [seal, new Seal(secret)])
      for (const plain of [text, '', randomBytes(100_000)])
        assert.deepEqual(
          opener.open('a purpose', seal.seal('a purpose', plain, 'an id'), 'an id'),
          Buffer.from(plain),
        );
    for (const value of [null, 'a', 1.5, { a: [text] }])
      assert.deepEqual(
        seal.openJson('a purpose', seal.sealJson('a purpose', value, 'an id'), 'an id'),
        value,
      );
  });

  it('opens it for nothing else', () => {
    const sealed = seal.seal('a purpose', text, 'an id');
    assert.throws(() => seal.open('another', sealed, 'an id'));
    assert.throws(() => seal.open('a purpose', sealed, 'another id'));
    assert.throws(() => new Seal(Buffer.alloc(32, 8)).open('a purpose', sealed, 'an id'));
    for (const index of [0, 12, sealed.length - 17, sealed.length - 1]) {
      const changed = Uint8Array.from(sealed);
      changed[index]! ^= 1;
      assert.throws(() => seal.open('a purpose', changed, 'an id'), `byte ${index}`);
    }
    for (const length of [0, 11, 12, 27, 28, sealed.length - 1])
      assert.throws(() => seal.open('a purpose', sealed.subarray(0, length), 'an id'), `${length} bytes`);
  });

  it('never seals twice under the same nonce', () => {
    const nonces = Array.from({ length: 1_000 }, () =>
      Buffer.from(seal.seal('a purpose', text, '').subarray(0, 12)).toString('hex'),
    );
    assert.equal(new Set(nonces).size, nonces.length);
  });

  it('makes a digest that is the same for the same parts alone', () => {
    const digest = seal.digest('a purpose', 'ab', 'c');
    assert.match(digest, /^[\w-]{22}$/);
    assert.equal(new Seal(secret).digest('a purpose', Buffer.from('ab'), 'c'), digest);
    const others = [
      seal.digest('another', 'ab', 'c'),
      seal.digest('a purpose', 'a', 'bc'),
      seal.digest('a purpose', 'ab', 'c', ''),
      new Seal(Buffer.alloc(32, 8)).digest('a purpose', 'ab', 'c'),
    ];
    assert.equal(new Set([digest, ...others]).size, 5);
  });

  it('has a sign by which the secret is recognised', () => {
    assert.equal(new Seal(secret).sign, seal.sign);
    assert.notEqual(new Seal(Buffer.alloc(32, 8)).sign, seal.sign);
  });
});
