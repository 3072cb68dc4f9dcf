import assert from 'node:assert/strict';
import { isWholePicture } from '../../src/input/picture';
import { BMP, jpg, PNG } from './pictures';

/** Of OS/2 1.x, 8 by 8 dots of 24 bits. */
const OS2 = Buffer.from('424d00000000000000001a0000000c0000000800080001001800', 'hex');

describe('input: a whole picture', () => {
  const changed = (picture: Buffer, at: number, ...bytes: number[]) => {
    const copy = Buffer.from(picture);
    copy.set(bytes, at);
    return copy;
  };
  const frame = jpg().indexOf(Buffer.from([0xff, 0xc0]));

  /** ITU-T T.81, B.1.1.2. */
  const filled = (marker: string) => {
    const at = jpg().lastIndexOf(Buffer.from(marker, 'hex'));
    return Buffer.concat([jpg().subarray(0, at), Buffer.alloc(3, 0xff), jpg().subarray(at)]);
  };
  const unmeasured = changed(BMP, 2, 0);

  const rows: [name: string, picture: Buffer, isWhole: boolean][] = [
    ['a JPG', jpg(), true],
    ['a JPG behind whose end a phone wrote more', Buffer.concat([jpg(), Buffer.alloc(99)]), true],
    ['a JPG whose frame ends behind the end of the picture', changed(jpg(), frame + 2, 0x7f, 0xff), false],
    ['a JPG without a frame', changed(jpg(), frame + 1, 0xe1), false],
    [
      'a JPG with nothing behind its frame',
      Buffer.concat([jpg().subarray(0, 39), jpg().subarray(-2)]),
      false,
    ],
    ['a JPG of no height', changed(jpg(), frame + 5, 0, 0), false],
    ['a JPG with fill bytes before its first segment', filled('ffe0'), true],
    ['a JPG with fill bytes before its frame', filled('ffc0'), true],
    ['a JPG with fill bytes before its end', filled('ffd9'), true],
    ...[1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15].map((kind): (typeof rows)[number] => {
      return [`a JPG of SOF${kind}`, changed(jpg(), frame + 1, 0xc0 + kind), true];
    }),
    // DHT, JPG and DAC.
    ...[4, 8, 12].map((kind): (typeof rows)[number] => {
      return [
        `a JPG with marker ${kind} in place of its frame`,
        changed(jpg(), frame + 1, 0xc0 + kind),
        false,
      ];
    }),
    ['a PNG', PNG, true],
    ['a PNG of no width', changed(PNG, 16, 0, 0, 0, 0), false],
    ['a PNG of no height', changed(PNG, 20, 0, 0, 0, 0), false],
    ['a PNG without dots', Buffer.concat([PNG.subarray(0, 33), PNG.subarray(-12)]), false],
    ['a PNG without its end', PNG.subarray(0, -12), false],
    ['a BMP', BMP, true],
    ['an old BMP of 8 by 8 dots', Buffer.concat([OS2, Buffer.alloc(8 * 24)]), true],
    ['an old BMP whose dots are cut off', Buffer.concat([OS2, Buffer.alloc(8 * 24 - 1)]), false],
    ['a BMP whose length field is 0', unmeasured, true],
    ['a BMP whose length field is 0 and whose dots are cut off', unmeasured.subarray(0, -1), false],
    ['a BMP of zeros', Buffer.concat([Buffer.from('BM'), Buffer.alloc(60)]), false],
    ['the beginning of a PNG', PNG.subarray(0, 8), false],
    ['a BMP that says it is longer', changed(BMP, 2, 0xff), false],
    ['a BMP whose dots are cut off', BMP.subarray(0, -1), false],
    ['a BMP of bit fields whose dots are cut off', changed(unmeasured, 30, 3).subarray(0, -1), false],
    // RLE8: the dots take less room than their number says.
    ['a compressed BMP of 64 by 64 dots', changed(changed(BMP, 18, 64, 0, 0, 0, 64), 30, 1), true],
    ['a BMP of 64 by 64 dots with the bytes of one', changed(BMP, 18, 64, 0, 0, 0, 64), false],
  ];
  for (const [name, picture, isWhole] of rows)
    it(`${isWhole ? 'is' : 'is not'} ${name}`, () => assert.equal(isWholePicture(picture), isWhole));
});
