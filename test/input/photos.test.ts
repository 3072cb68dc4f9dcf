import assert from 'node:assert/strict';
import { readFileName } from '../../src/input/file-name';
import { readPhotos } from '../../src/input/photos';
import { atOnce } from '../../src/input/slices';
import { BMP, jpg, PNG } from './pictures';
import { assertProblem } from './refusal';

const URL_A = 'https://p.example.com/a.jpg';
const URL_B = 'https://p.example.com/b.jpg';
const JPG = jpg();
/** Its base64 begins with Qk3, as that of a quarter of all does. */
const LONG_BMP = Buffer.concat([BMP, Buffer.alloc(0xc6 - BMP.length)]);
LONG_BMP.writeUInt32LE(0xc6, 2);
const NOW = Date.parse('2026-11-30T00:00:00Z');
const BASE64 = JPG.toString('base64');

function read(value: unknown, fits = false) {
  const repaired = new Set<string>();
  const photos = atOnce(
    readPhotos(value, {
      field: 'photos',
      environment: 'production',
      now: NOW,
      store: { fits },
      repaired,
    }),
  );
  return photos.map(({ photo, name }) => {
    const kinds = Object.entries({ JPG, PNG, BMP });
    const what = 'url' in photo ? photo.url : kinds.find(([, each]) => each.equals(photo))?.[0];
    return name === null ? (what ?? 'other') : `${what} ${name}`;
  });
}

describe('input: photos', () => {
  const given: [string, unknown, string[]][] = [
    ['a Buffer', JPG, ['JPG']],
    ['a Uint8Array', new Uint8Array(PNG), ['PNG']],
    ['a byte array', [...BMP], ['BMP']],
    ['a Buffer that went through JSON', JSON.parse(JSON.stringify(JPG)), ['JPG']],
    ['base64', BASE64, ['JPG']],
    ['base64 for URLs', JPG.toString('base64url'), ['JPG']],
    ['base64 as JSON', JSON.stringify(BASE64), ['JPG']],
    ['base64 of a BMP', BMP.toString('base64'), ['BMP']],
    ['base64 of a BMP whose length begins otherwise', LONG_BMP.toString('base64'), ['other']],
    ['base64 in a Buffer', Buffer.from(BASE64), ['JPG']],
    ['hexadecimal', JPG.toString('hex'), ['JPG']],
    ['a data URI', `data:image/jpeg;base64,${BASE64}`, ['JPG']],
    ['an uploaded file', { originalname: 'a.jpg', mimetype: 'image/jpeg', buffer: JPG }, ['JPG a.jpg']],
    ['a file of another framework', { name: 'a.jpg', data: JPG }, ['JPG a.jpg']],
    ['a file of busboy', { filename: 'a.jpg', data: JPG }, ['JPG a.jpg']],
    ['a photo with its name', { photo: JPG, name: 'a.jpg' }, ['JPG a.jpg']],
    [
      'an upload with a name of its own',
      { photo: { originalname: 'in.jpg', buffer: JPG }, name: 'out.jpg' },
      ['JPG in.jpg'],
    ],
    ['an address with a name', { url: URL_A, name: 'a.jpg' }, [`${URL_A} a.jpg`]],
    ['a mixed array', [JPG, URL_A, { photo: PNG }, BASE64], ['JPG', URL_A, 'PNG', 'JPG']],
    ['a mixed array in an object', { photoUrls: [URL_A, JPG] }, [URL_A, 'JPG']],
    ['JSON of a mixed array', JSON.stringify([BASE64, URL_A]), ['JPG', URL_A]],
    ['several addresses in one text of an array', [JPG, `${URL_A} ${URL_B}`], ['JPG', URL_A, URL_B]],
    ['a row with the address of its photo', [{ photoUrl: URL_A, name: 'a.jpg' }], [`${URL_A} a.jpg`]],
    ['an array of arrays of bytes', [[...JPG], [...PNG]], ['JPG', 'PNG']],
  ];
  for (const [name, value, expected] of given)
    it(`takes ${name}`, () => assert.deepEqual(read(value), expected));

  const refused: [string, unknown, string][] = [
    ['nothing', null, 'no-photos'],
    ['an empty Buffer', Buffer.alloc(0), 'photo-missing'],
    ['a photo that was cut off', JPG.subarray(0, -2), 'photo-not-whole'],
    ['a WebP', Buffer.from('RIFF\x24\0\0\0WEBPVP8 '), 'photo-format'],
    ['bytes that were decoded as text', JPG.toString(), 'photo-decoded'],
    ['the name of a file', 'photo.jpg', 'not-a-url'],
    ['a path that is base64 too', '/data/photos/of/a/site/in/the/north/ab', 'not-a-url'],
    ['words', 'a photo of the site that somebody took', 'url-with-space'],
    ['a number', 5, 'photo-not-bytes'],
    ['an object without a photo', { name: 'a.jpg' }, 'photo-not-bytes'],
    ['more than a thousand', Array.from({ length: 1_001 }, () => JPG), 'too-many-photos'],
    ['a photo of 21 MB', Buffer.alloc(21 * 1024 * 1024), 'photo-too-large'],
    [
      'a photo whose photo is a photo, and so on',
      { photo: { photo: { photo: { photo: { photo: { photo: { photo: { photo: JPG } } } } } } } },
      'photo-not-bytes',
    ],
  ];
  for (const [name, value, problem] of refused)
    it(`refuses ${name}`, () => assertProblem(() => read(value), problem));

  it('takes other formats where they are fitted', () => {
    assert.deepEqual(read(Buffer.from('RIFF\x24\0\0\0WEBPVP8 '), true), ['other']);
  });

  it('says which one is wrong, and changes nothing of the message', () => {
    const value = [JPG, { photo: JPG.subarray(0, -2), name: 'a.jpg' }];
    const before = JSON.stringify(value);
    assert.throws(() => read(value), { problem: 'photo-not-whole', values: { format: 'JPG', position: 2 } });
    assert.equal(JSON.stringify(value), before);
  });

  const names: [string, unknown, string | null][] = [
    ['a name', 'a.jpg', 'a.jpg'],
    ['Chinese', '工地 一.jpg', '工地 一.jpg'],
    ['UTF-8 that was read as Latin-1', Buffer.from('工地.jpg').toString('latin1'), '工地.jpg'],
    ['what is Latin-1', 'café.jpg', 'café.jpg'],
    ['a path of Windows', 'C:\\fakepath\\a.jpg', 'a.jpg'],
    ['a path', '/srv/photos/a.jpg', 'a.jpg'],
    ['what nobody sees', 'a\u202egpj\0.exe\n', 'agpj.exe'],
    ['far too long', 'a'.repeat(300), 'a'.repeat(255)],
    ['a text of folders', '/srv/', null],
    ['no text', 5, null],
  ];
  for (const [name, value, expected] of names)
    it(`reads a file's name: ${name}`, () => assert.equal(readFileName(value), expected));
});
