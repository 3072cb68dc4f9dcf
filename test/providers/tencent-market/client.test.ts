import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Person, writeForm } from '../../../src/providers/tencent-market/client';

const NAME = '阿卜杜拉·买买提 O\'Neil & "co" +100%=~!*()';
const ID_NUMBER = '11010519491231002X';

/** As it is written in the provider's document. */
function reference({ name, idNumber, photo }: Person): Buffer {
  const [field, value] =
    'url' in photo ? (['url', photo.url] as const) : (['image', photo.toString('base64')] as const);
  return Buffer.from(
    `name=${encodeURIComponent(name)}&idcard=${encodeURIComponent(idNumber)}&${field}=${encodeURIComponent(value)}`,
  );
}

const person = (photo: Person['photo']): Person => ({ name: NAME, idNumber: ID_NUMBER, photo });

describe('tencent-market form', () => {
  for (const size of [1, 2, 3, 4, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 300_000]) {
    it(`writes ${size} bytes as encodeURIComponent does, and leaves them as they are`, () => {
      const bytes = randomBytes(size);
      const before = Buffer.from(bytes);
      assert.ok(writeForm(person(bytes)).equals(reference(person(before))));
      assert.ok(bytes.equals(before));
    });
  }

  it('writes bytes that are all escaped', () => {
    for (const byte of [0xff, 0xfb]) {
      const bytes = Buffer.alloc(100_000, byte);
      assert.ok(writeForm(person(bytes)).equals(reference(person(bytes))));
    }
  });

  it('is read back by any form parser', () => {
    const bytes = Buffer.from([...Array(256).keys()]);
    const read = new URLSearchParams(writeForm(person(bytes)).toString('latin1'));
    assert.deepEqual([...read.keys()], ['name', 'idcard', 'image']);
    assert.deepEqual([read.get('name'), read.get('idcard')], [NAME, ID_NUMBER]);
    assert.ok(Buffer.from(read.get('image')!, 'base64').equals(bytes));
  });

  it('writes a URL in place of the image, and no empty field', () => {
    const url = 'https://example.com/照片.jpg?a=1&b=%2F+#x';
    const body = writeForm(person({ url }));
    assert.ok(body.equals(reference(person({ url }))));
    assert.deepEqual([...new URLSearchParams(body.toString('latin1'))][2], ['url', url]);
    assert.ok(!body.includes('image'));
  });
});
