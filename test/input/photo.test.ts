import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { type PhotoProblem, readPhoto } from '../../src/input/photo';

const JPG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from('rest of a photo')]);
const PNG = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.alloc(20, 251),
]);
const BMP = Buffer.from('BM and the rest of it');
const BASE64 = PNG.toString('base64');
const ENOUGH = 1000;

describe('input: photo', () => {
  for (const [name, bytes] of Object.entries({ JPG, PNG, BMP })) {
    it(`takes ${name}, as bytes and as base64`, () => {
      assert.deepEqual(readPhoto(bytes, ENOUGH), { bytes });
      const base64 = bytes.toString('base64');
      assert.deepEqual(readPhoto(base64, ENOUGH), { base64 });
    });
  }

  it('takes a Uint8Array that is part of a larger one, without a copy of it', () => {
    const large = new Uint8Array([1, 2, ...JPG, 3]);
    const read = readPhoto(large.subarray(2, 2 + JPG.length), ENOUGH);
    assert.ok('bytes' in read && read.bytes.equals(JPG));
    assert.equal(read.bytes.buffer, large.buffer);
  });

  it('takes the Uint8Array of a function node, which has globals of its own', () => {
    const photo: unknown = runInNewContext(`new Uint8Array([${[...JPG]}])`);
    assert.ok(!(photo instanceof Uint8Array));
    const read = readPhoto(photo, ENOUGH);
    assert.ok('bytes' in read && read.bytes.equals(JPG));
  });

  describe('in base64 of several pieces', () => {
    const large = Buffer.concat([JPG, Buffer.alloc(200_000, 251)]).toString('base64');
    const piece = 64 * 1024;

    it('is taken', () => {
      assert.deepEqual(readPhoto(large, large.length), { base64: large });
    });

    // Two that Node.js decodes, and one whose low byte is that of "A".
    for (const foreign of ['-', '_', '=', '\u0141', '照', '.']) {
      it(`is refused for one ${foreign}`, () => {
        for (const at of [0, piece - 1, piece, 3 * piece + 5, large.length - 5, large.length - 4]) {
          const text = large.slice(0, at) + foreign + large.slice(at + 1);
          assert.deepEqual(readPhoto(text, large.length), { problem: 'photo-not-base64' }, `at ${at}`);
        }
      });
    }

    it('is taken with bits at its end that nobody uses', () => {
      const base64 = `${large}QR==`;
      assert.deepEqual(readPhoto(base64, large.length), { base64 });
    });
  });

  const wrapped = BASE64.replace(/.{10}/g, '$&\r\n');
  for (const [name, value] of [
    ['line breaks', wrapped],
    ['white space around it', `\n ${BASE64}\t`],
    ['a data prefix', `data:image/png;base64,${BASE64}`],
    ['a data prefix with a parameter, in capitals', ` DATA:image/png;charset=utf-8;BASE64,${BASE64}`],
    ['a data prefix and line breaks', `data:image/png;base64,\n${wrapped}`],
  ] as const) {
    it(`takes base64 with ${name}, bare`, () => {
      assert.deepEqual(readPhoto(value, ENOUGH), { base64: BASE64 });
    });
  }

  const problems: [string, unknown, PhotoProblem][] = [
    ['nothing', undefined, 'photo-missing'],
    ['null', null, 'photo-missing'],
    ['an empty text', '', 'photo-missing'],
    ['an empty Buffer', Buffer.alloc(0), 'photo-missing'],
    ['a data prefix with nothing behind it', 'data:image/png;base64,', 'photo-missing'],
    ['an object', { photo: BASE64 }, 'photo-not-base64'],
    ['a number', 5, 'photo-not-base64'],
    ['the name of a file', 'photo.jpg', 'photo-not-base64'],
    ['base64 cut short', BASE64.slice(0, -1), 'photo-not-base64'],
    ['base64 with something else in it', `${BASE64.slice(0, 8)}****${BASE64.slice(12)}`, 'photo-not-base64'],
    ['padding within', `${BASE64.slice(0, 8)}====${BASE64.slice(12)}`, 'photo-not-base64'],
    ['base64 of the other alphabet', BASE64.replaceAll('+', '-'), 'photo-not-base64'],
    ['data that is not base64', 'data:image/svg+xml,<svg/>', 'photo-not-base64'],
    ['a GIF', Buffer.from('GIF89a and the rest'), 'photo-format'],
    ['a text in base64', Buffer.from('not a photo').toString('base64'), 'photo-format'],
    ['the beginning of a JPG', JPG.subarray(0, 2), 'photo-format'],
  ];
  for (const [name, value, problem] of problems) {
    it(`${name}: ${problem}`, () => assert.deepEqual(readPhoto(value, ENOUGH), { problem }));
  }

  it('measures the photo itself, whatever the base64 around it', () => {
    for (const size of [28, 29, 30]) {
      const bytes = Buffer.concat([PNG, Buffer.alloc(size - PNG.length)]);
      for (const value of [
        bytes,
        bytes.toString('base64'),
        `data:image/png;base64,${bytes.toString('base64')}`,
      ]) {
        assert.ok(!('problem' in readPhoto(value, size)), String(size));
        assert.deepEqual(readPhoto(value, size - 1), { problem: 'photo-too-large' }, String(size));
      }
    }
  });

  it('does not change what it is given', () => {
    const bytes = Buffer.from(JPG);
    readPhoto(bytes, ENOUGH);
    assert.ok(bytes.equals(JPG));
  });
});
