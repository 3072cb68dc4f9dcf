import assert from 'node:assert/strict';
import { readPhoto } from '../../../src/input/photo';
import { atOnce } from '../../../src/input/slices';
import { bodyOf } from '../../../src/providers/westdex/client';
import { jpg } from '../../input/pictures';

const FIELDS = {
  customNumber: 'a "quoted" id, 客户',
  xM: '07yyIy1BMRECn0OYpMV8Cg==',
  gMSFZHM: 'Xz14kpBevFVEPr+ODFbJvK90r1zoLlGyyGBl9BuzFkM=',
};
const TIME = '1700000000123';

const photoOf = (value: unknown) => atOnce(readPhoto(value, 'photo', 100, new Set()));

const reference = (timeStamp: string, photo: Buffer) =>
  JSON.stringify({ data: { timeStamp, ...FIELDS }, photoData: photo.toString('base64') });

describe('westdex body', () => {
  // Around the ends of the pieces that bytes are encoded in.
  const piece = 3 * 64 * 1024;
  for (const size of [96, 97, 98, 1000, piece - 1, piece, piece + 1, 2 * piece + 2]) {
    it(`is what JSON.stringify makes of it, with a photo of ${size} bytes`, () => {
      const bytes = jpg(size);
      assert.equal(bodyOf(FIELDS, photoOf(bytes))(TIME).toString(), reference(TIME, bytes));
      const base64 = bytes.toString('base64');
      assert.equal(bodyOf(FIELDS, photoOf(base64))(TIME).toString(), reference(TIME, bytes));
      const uri = `data:image/jpeg;base64,${base64.replace(/.{76}/g, '$&\r\n')}`;
      assert.equal(bodyOf(FIELDS, photoOf(uri))(TIME).toString(), reference(TIME, bytes));
    });
  }

  it('has the time stamp of each attempt, with the photo encoded once', () => {
    const bytes = jpg(1000);
    let encoded = 0;
    bytes.toString = (...given) => {
      if (given[0] === 'base64') encoded++;
      return Buffer.prototype.toString.apply(bytes, given);
    };
    const body = bodyOf(FIELDS, bytes);
    const first = body(TIME);
    const second = body('1700000000999');
    assert.equal(first, second);
    assert.equal(encoded, 1);
    assert.equal(second.toString(), reference('1700000000999', Buffer.from(bytes)));
    assert.equal(body('99').toString(), reference('99', Buffer.from(bytes)));
  });

  it('leaves a photo of 5 MB as it is', () => {
    const bytes = jpg(5 * 1024 * 1024);
    const before = Buffer.from(bytes);
    bodyOf(FIELDS, photoOf(bytes))(TIME);
    assert.ok(bytes.equals(before));
  });
});
