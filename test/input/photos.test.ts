import assert from 'node:assert/strict';
import { readFileName, readPhotos } from '../../src/input/photos';
import { atOnce } from '../../src/input/slices';
import { BMP, jpg, PNG } from './pictures';
import { itRefuses, shown } from './refusal';

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
  const given: [found: string[], values: unknown[]][] = [
    [['JPG'], [JPG, JSON.parse(JSON.stringify(JPG)), JPG.toString('base64url'), JPG.toString('hex')]],
    [['JPG'], [BASE64, JSON.stringify(BASE64), Buffer.from(BASE64), `data:image/jpeg;base64,${BASE64}`]],
    [['PNG'], [new Uint8Array(PNG)]],
    [['BMP'], [[...BMP], BMP.toString('base64')]],
    [['other'], [LONG_BMP.toString('base64')]],
    // Files of several frameworks.
    [
      ['JPG a.jpg'],
      [
        { originalname: 'a.jpg', mimetype: 'image/jpeg', buffer: JPG },
        { name: 'a.jpg', data: JPG },
      ],
    ],
    [
      ['JPG a.jpg'],
      [
        { filename: 'a.jpg', data: JPG },
        { photo: JPG, name: 'a.jpg' },
      ],
    ],
    [['JPG in.jpg'], [{ photo: { originalname: 'in.jpg', buffer: JPG }, name: 'out.jpg' }]],
    [[`${URL_A} a.jpg`], [{ url: URL_A, name: 'a.jpg' }, [{ photoUrl: URL_A, name: 'a.jpg' }]]],
    [['JPG', URL_A, 'PNG', 'JPG'], [[JPG, URL_A, { photo: PNG }, BASE64]]],
    [
      [URL_A, 'JPG'],
      [{ photoUrls: [URL_A, JPG] }, JSON.stringify([URL_A, BASE64])],
    ],
    [['JPG', URL_A, URL_B], [[JPG, `${URL_A} ${URL_B}`]]],
    [['JPG', 'PNG'], [[[...JPG], [...PNG]]]],
  ];
  for (const [found, values] of given)
    for (const value of values) it(`takes ${shown(value)}`, () => assert.deepEqual(read(value), found));

  const wrapped = (times: number): unknown => (times === 0 ? JPG : { photo: wrapped(times - 1) });
  itRefuses(read, [
    ['no-photos', [null]],
    ['photo-missing', [Buffer.alloc(0)]],
    ['photo-not-whole', [JPG.subarray(0, -2)]],
    ['photo-format', [Buffer.from('RIFF\x24\0\0\0WEBPVP8 ')]],
    ['photo-decoded', [JPG.toString()]],
    [
      'photo-spaces',
      [`${BASE64.slice(0, 100)} ${BASE64.slice(103, 200)}  ${BASE64.slice(205)}`.replaceAll('+', ' ')],
    ],
    // The second is base64 as well.
    ['not-a-url', ['photo.jpg', '/data/photos/of/a/site/in/the/north/ab']],
    ['url-with-space', ['a photo of the site that somebody took']],
    ['photo-not-bytes', [5, { name: 'a.jpg' }, wrapped(8)]],
    ['too-many-photos', [Array(1_001).fill(JPG)]],
    ['photo-too-large', [Buffer.alloc(21 * 1024 * 1024), 'A'.repeat(90 * 1024 * 1024)]],
  ]);

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
