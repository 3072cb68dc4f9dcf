import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { addressIn, readPhoto } from '../../src/input/photo';
import { atOnce } from '../../src/input/slices';
import { BMP, jpg, PNG } from './pictures';
import { assertProblem, itRefuses, shown } from './refusal';

const JPG = jpg();
const BASE64 = JPG.toString('base64');

function read(value: unknown, maxPhotoMB = 8) {
  const repaired = new Set<string>();
  return [atOnce(readPhoto(value, 'photo', maxPhotoMB, repaired)), [...repaired]];
}

const escapeAll = (text: string) =>
  [...text].map((sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
const lines = (text: string, length: number, end: string) =>
  text.replace(new RegExp(`.{${length}}`, 'g'), `$&${end}`);

describe('input: photo', () => {
  for (const [format, bytes] of [
    ['JPG', JPG],
    ['PNG', PNG],
    ['BMP', BMP],
  ] as const) {
    it(`takes a ${format} as bytes and as base64, both as they are`, () => {
      assert.deepEqual(read(bytes), [bytes, []]);
      const base64 = bytes.toString('base64');
      assert.deepEqual(read(base64), [bytes, []]);
    });
  }

  for (const [what, giveView] of [
    ['a Buffer', (memory) => Buffer.from(memory)],
    ['a part of a larger Buffer', (memory) => Buffer.from(memory, 0, JPG.length)],
    ['an ArrayBuffer', (memory) => memory],
    ['memory that threads share', (memory) => new Uint8Array(memory)],
    ['an upload', (memory) => ({ originalname: 'a.jpg', buffer: Buffer.from(memory) })],
  ] satisfies [string, (memory: ArrayBufferLike) => unknown][]) {
    it(`keeps what it checked when ${what} is written to again`, () => {
      const memory = what.includes('share')
        ? new SharedArrayBuffer(JPG.length)
        : new ArrayBuffer(JPG.length + (what.startsWith('a part') ? 100 : 0));
      const bytesOfCaller = new Uint8Array(memory);
      bytesOfCaller.set(JPG);
      const [bytes] = read(giveView(memory)) as [Buffer, unknown];
      bytesOfCaller.fill(0);
      assert.ok(bytes.equals(JPG));
    });
  }

  const ofBytes: [string, unknown][] = [
    ["a function node's Uint8Array", runInNewContext(`new Uint8Array([${[...JPG]}])`)],
    ["a function node's ArrayBuffer", runInNewContext(`new Uint8Array([${[...JPG]}]).buffer`)],
    ['an ArrayBuffer', Uint8Array.from(JPG).buffer],
    ['a clamped array', Uint8ClampedArray.from(JPG)],
    ['a DataView', new DataView(Uint8Array.from(JPG).buffer)],
    ['a list of bytes', [...JPG]],
    ['a list of bytes as Java has them', [...JPG].map((byte) => (byte > 127 ? byte - 256 : byte))],
    ['a Buffer that went through JSON', JSON.parse(JSON.stringify(JPG))],
    ['that as a text', JSON.stringify(JPG)],
    ['a list of bytes as a text', ` ${JSON.stringify([...JPG])}`],
    ['the file of an upload', { fieldname: 'photo', originalname: 'a.jpg', buffer: JPG }],
    ['that with its buffer through JSON', { originalname: 'a.jpg', buffer: JSON.parse(JSON.stringify(JPG)) }],
    ['an upload with data', { name: 'a.jpg', data: JPG }],
    ['a Buffer with the JSON of a Buffer', Buffer.from(JSON.stringify(JPG))],
    ['a typed array that went through JSON', JSON.parse(JSON.stringify(Uint8Array.from(JPG)))],
    ['that as a text', JSON.stringify(Uint8Array.from(JPG))],
    ['the files of an upload, where there is one', [{ originalname: 'a.jpg', buffer: JPG }]],
    ['the attachment of a mail', { filename: 'a.jpg', content: JPG }],
    ['the JSON of a binary of MongoDB', { $binary: { base64: JPG, subType: '00' } }],
  ];
  for (const name of ['buffer', 'data', 'base64', 'content', 'photo', 'image', 'file', 'dataUrl', 'body'])
    ofBytes.push([`an object that has it as ${name}`, { [name]: JPG }]);
  for (const [name, given] of ofBytes) {
    it(`takes ${name}`, () => assert.deepEqual(read(given), [JPG, []]));
  }
  it('takes base64 in a Buffer that went through JSON', () =>
    assert.deepEqual(read({ type: 'Buffer', data: BASE64 }), [JPG, []]));

  // Of a length whose base64 has padding, and with all 64 signs in it.
  const padded = jpg(514);
  const text = padded.toString('base64');
  assert.match(text, /\+.*\/.*==$/s);
  const urlSafe = text.replaceAll('+', '-').replaceAll('/', '_');
  const wrappings: [string, string][] = [
    ['without padding', text.replaceAll('=', '')],
    ['with too much padding', `${text}==`],
    ['for URLs', urlSafe],
    ['for URLs, without padding', urlSafe.replaceAll('=', '')],
    ['percent-encoded', encodeURIComponent(text)],
    ['percent-encoded twice', encodeURIComponent(encodeURIComponent(text))],
    ['percent-encoded to the last sign', escapeAll(text)],
    ['with slashes escaped for JSON', text.replaceAll('/', '\\/')],
    ['quoted and escaped', `"${text.replaceAll('/', '\\/')}"`],
    ['escaped as for HTML in JSON', text.replaceAll('=', '\\u003d').replaceAll('+', '\\u002b')],
    ['escaped twice', text.replaceAll('/', '\\\\/')],
    ['escaped for HTML', text.replace(/[+/=]/g, (sign) => `&#${sign.charCodeAt(0)};`)],
    ['escaped so in hexadecimal', text.replace(/[+/=]/g, (sign) => `&#X${sign.charCodeAt(0).toString(16)};`)],
    ['escaped by name', text.replaceAll('/', '&sol;').replaceAll('+', '&plus;').replaceAll('=', '&equals;')],
    ['with the line breaks of a mail', lines(text, 76, '\r\n')],
    ['with line breaks and indentation', lines(text, 64, '\n    ')],
    ['with line breaks that became spaces', lines(text, 64, ' ')],
    ['with line breaks that became two spaces', lines(text, 76, '  ')],
    ['with line breaks written out', lines(text, 76, '\\r\\n')],
    ['with a prefix, percent-encoded', encodeURIComponent(`data:image/jpeg;base64,${text}`)],
    ['with a prefix, in JSON', JSON.stringify(`data:image/jpeg;base64,${text}`).replaceAll('/', '\\/')],
    ['with a zero-width space in it', `${text.slice(0, 40)}\u200b${text.slice(40)}`],
    ['escaped after that', encodeURIComponent(`${text.slice(0, 340)}\u200b${text.slice(340)}`)],
    ['in lines with head and foot', `-----BEGIN PHOTO-----\n${lines(text, 64, '\n')}\n-----END PHOTO-----`],
    ['with the soft line breaks of a mail', lines(text.replaceAll('=', '=3D'), 75, '=\r\n')],
    ['twice', Buffer.from(text).toString('base64')],
    ['twice, with a prefix inside', Buffer.from(`data:image/jpeg;base64,${text}`).toString('base64')],
    ['whose + became spaces', text.replaceAll('+', ' ')],
    ['whose + became spaces, behind a prefix', `data:image/jpeg;base64,${text}`.replaceAll('+', ' ')],
    ['whose + became spaces, in lines', lines(text, 76, '\r\n').replaceAll('+', ' ')],
    ['whose + became spaces, without padding', text.replaceAll('+', ' ').replaceAll('=', '')],
  ];
  /** What stands round it, which is in place of `…`. */
  const around: string[][] = [
    // Quotation marks, more than anybody needs, a half of them, those of Python; signs that nobody sees.
    ['"…"', "'…'", '"""""""""…', '…"', '…,', "b'…'", 'b"…"', "u'…'", "bytearray(b'…')", '\x02"…"\x03'],
    ['\ufeff…', '…\0', '\u3000\n… \r\n', '&quot;…&#34;', '&#x22;…&#x22;'],
    ['data:image/jpeg;base64,…', 'DATA:IMAGE/JPEG;BASE64,…', 'data:image/jpeg;charset=utf-8;base64,…'],
    ['data:image/jpeg;name=a%20photo.jpg;base64,…', 'data:image/jpeg;base64, …', 'data:image/*;base64,…'],
    // With half of a prefix, or a damaged one, or two.
    ['data:;base64,…', 'data:image;base64,…', 'data:undefined;base64,…', 'data:null;base64,…', 'base64,…'],
    [
      'data:base64,…',
      'data:image/jpeg,…',
      'undefined;base64,…',
      'image/jpeg;base64,…',
      'base64://…',
      'base64:…',
    ],
    ['data:image/jpeg;name="a,b.jpg";base64,…', 'data:image/jpeg;a=x;b="y";base64,…'],
    ['data:image/jpeg;base64，…', 'data：image/jpeg；base64，…', 'photo=…', 'photo=data:image/jpeg;base64,…'],
    ['data:image/jpeg;base64;…', 'data:image/jpeg;base64…', 'data:[object File];base64,…'],
    ["data:image/jpeg;base64,b'…'", 'data:image/jpeg;base64,data:image/jpeg;base64,…'],
    // Of a page, a style sheet, Markdown and XML.
    ['<img alt="" src="data:image/jpeg;base64,…" width="1">', 'url(data:image/jpeg;base64,…)'],
    ['![a photo](data:image/jpeg;base64,…)', '<Photo>\n…\n</Photo>', '<Photo><![CDATA[…]]></Photo>'],
  ];
  for (const each of around.flat()) wrappings.push([`in ${JSON.stringify(each)}`, each.replace('…', text)]);
  for (const [name, given] of wrappings) {
    it(`repairs base64 ${name}`, () => assert.deepEqual(read(given), [padded, ['photo']]));
  }

  it('puts back any number of + that became spaces, a multiple of four too', () => {
    const counts = new Set<number>();
    for (let size = 400; size < 600; size++) {
      const base64 = jpg(size).toString('base64');
      counts.add((base64.split('+').length - 1) % 4);
      assert.deepEqual(read(base64.replaceAll('+', ' '))[0], Buffer.from(base64, 'base64'));
    }
    assert.ok(counts.has(0) && counts.size > 1);
  });

  it('tells line breaks that became spaces from plus signs, where there may be a multiple of four of either', () => {
    for (const size of [220, 410, 600]) {
      const base64 = jpg(size)
        .fill(0, 60, size - 2)
        .toString('base64');
      assert.ok(!base64.includes('+'));
      const spaced = lines(base64, 64, ' ').trim();
      assert.deepEqual(
        read(spaced)[0],
        Buffer.from(base64, 'base64'),
        `${spaced.split(' ').length - 1} spaces`,
      );
    }
  });

  it('clears the bits that a last character may have too many', () => {
    const base64 = jpg(512).toString('base64');
    assert.match(base64, /k=$/);
    assert.deepEqual(read(base64.replace(/k=$/, 'l=')), [jpg(512), ['photo']]);
  });

  it('sees every single wrong character, wherever a large photo is cut into pieces', () => {
    const large = jpg(150_000).toString('base64');
    assert.deepEqual(read(large), [jpg(150_000), []]);
    for (const at of [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, large.length - 9]) {
      for (const wrong of ['*', '=', 'é', '\u{1f600}']) {
        const given = large.slice(0, at) + wrong + large.slice(at + 1);
        assertProblem(() => read(given), 'photo-not-base64', `${wrong} at ${at}`);
      }
    }
  });

  it('takes metadata of any size', () => {
    const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0xff, 0xff]), Buffer.alloc(0xfffd, 1)]);
    const described = Buffer.concat([JPG.subarray(0, 2), ...Array(40).fill(segment), JPG.subarray(2)]);
    assert.deepEqual(read(described), [described, []]);
  });

  const hex = JPG.toString('hex');
  const inPython = [...JPG]
    .map((byte) =>
      byte === 0x5c
        ? '\\\\'
        : byte === 0x27
          ? "\\'"
          : byte >= 0x20 && byte < 0x7f
            ? String.fromCharCode(byte)
            : `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
  const writtenOut: [string, unknown][] = [
    ['hexadecimal', hex],
    ['capitals', hex.toUpperCase()],
    ['0x before it', `0x${hex}`],
    ['\\x before it', `\\x${hex}`],
    ['a literal of SQL', `X'${hex}'`],
    ['spaces between bytes', hex.replace(/../g, '$& ')],
    ['colons between them', hex.replace(/..(?!$)/g, '$&:')],
    ['\\x before each', hex.replace(/../g, '\\x$&')],
    ['0x before each', hex.replace(/../g, '0x$&, ')],
    ['0x before each, with nothing between', hex.replace(/../g, '0x$&')],
    ['0x before each, with colons', hex.replace(/../g, ':0x$&').slice(1)],
    ['0x before each, in quotation marks', hex.replace(/../g, ',"0x$&"').slice(1)],
    ['a Buffer with hexadecimal', Buffer.from(hex)],
    ['a Buffer as Node.js prints it', `<Buffer ${hex.replace(/../g, '$& ').trim()}>`],
    ['a list of Go', `{${hex.replace(/../g, '0x$&, ')}}`],
    ['decimals', String(new Uint8Array(JPG))],
    ['decimals with spaces', [...JPG].join(' ')],
    ['decimals of Java', [...new Int8Array(JPG)].join(', ')],
    ["Python's tuple", `(${[...JPG].join(', ')})`],
    ["NumPy's array", `array([${[...JPG].join(', ')}], dtype=uint8)`],
    ["Python's bytearray", `bytearray(b'${inPython}')`],
    ["JavaScript's binary text", JPG.toString('latin1')],
    ["Python's bytes", `b'${inPython}'`],
    ["Python's bytes in a Buffer", Buffer.from(`b'${inPython}'\n`)],
  ];
  for (const [name, given] of writtenOut)
    it(`takes bytes that were written out: ${name}`, () => assert.deepEqual(read(given), [JPG, ['photo']]));

  it('takes a Buffer that holds base64, in a wrapping or without', () => {
    assert.deepEqual(read(Buffer.from(BASE64)), [JPG, []]);
    assert.deepEqual(read(new Uint8Array(Buffer.from(`data:image/jpeg;base64,${BASE64}\n`)))[0], JPG);
    assert.deepEqual(read({ originalname: 'a.txt', buffer: Buffer.from(`\ufeff${BASE64}`) })[0], JPG);
  });

  const url = 'https://p.example.com/a.jpg';
  it('knows an address wherever base64 may be, and nothing else for one', () => {
    for (const value of [
      url,
      [url],
      Buffer.from(url),
      { photo: url },
      [{ data: Buffer.from(url) }],
      { file: [url] },
    ])
      assert.equal(addressIn(value), url, shown(value));
    for (const value of [
      undefined,
      null,
      5,
      '',
      BASE64,
      JPG,
      [JPG],
      [...JPG],
      [[...JPG]],
      { buffer: JPG },
      { url },
      [url, url],
      [[url]],
      `<Error><Code>NoSuchKey</Code><RecommendDoc>${url}</RecommendDoc></Error>`,
    ])
      assert.equal(addressIn(value), null, shown(value));
    assert.deepEqual(read([[...JPG]]), [JPG, []]);
  });

  const words = 'a text of some length, as a person would write it';
  const wrapped = { buffer: { data: { buffer: { data: JPG } } } };
  const thumbnail = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0x02, 0x02]), jpg(512)]);
  const sizeless = Buffer.from(`ffd8ffe0000400000000${'00'.repeat(40)}ffd9`, 'hex');
  itRefuses(read, [
    ['photo-missing', [undefined, null, '', Buffer.alloc(0), [], { buffer: null }]],
    ['photo-not-bytes', [{ picture: BASE64 }, 5, true, [JPG, JPG], [...JPG, 256], [...JPG, 0.5], wrapped]],
    ['photo-not-bytes', [[[JPG]], [[BASE64]], { data: [[JPG]] }, JSON.stringify([[BASE64]])]],
    // A list with a hole, and an array of 16 bits that went through JSON.
    ['photo-not-bytes', [Object.assign([...JPG], { length: JPG.length + 1 }), { 0: 0xffd8, 1: 0xffe0 }]],
    ['photo-format-unknown', [{ 0: 255, 1: 216, length: 2 }, Buffer.alloc(100), btoa(words)]],
    [
      'photo-not-base64',
      ['photo.jpg', 'C:\\photos\\a.jpg', '[object Object]', '{"type":"Buffer","data":[255,'],
    ],
    ['photo-not-base64', [words, Buffer.from('照片在附件里'), `${hex.slice(0, 600)}**`, `${[...JPG]},256`]],
    ['photo-not-base64', ['****', '===='].map((wrong) => BASE64.slice(0, 8) + wrong + BASE64.slice(12))],
    ['photo-not-base64', [`${PNG.toString('base64')}/+==`]],
    // Read as UTF-8, as windows-1252, half of it as Latin-1; and one character is not of Latin-1.
    ['photo-decoded', [JPG.toString('latin1').replace('\xdc', '\u01dc')]],
    [
      'photo-decoded',
      [JPG.toString(), `ÿØÿà€${JPG.toString('latin1')}`, JPG.toString('latin1').slice(0, 200)],
    ],
    [
      'photo-not-whole',
      [JPG.subarray(0, 3), JPG.subarray(0, 400), BASE64.slice(0, 400), BASE64.slice(0, -5)],
    ],
    ['photo-not-whole', [PNG.subarray(0, -1), Buffer.concat([PNG.subarray(0, 8), PNG.subarray(33)])]],
    ['photo-not-whole', [BMP.subarray(0, -1), Buffer.from('BM this is a text about BMW cars'), sizeless]],
    // Cut off behind its thumbnail.
    ['photo-not-whole', [Buffer.concat([thumbnail, JPG.subarray(20, JPG.length - 2)])]],
  ]);

  it('names the form where spaces are all that may be wrong', () => {
    const spaced = `${BASE64.slice(0, 100)} ${BASE64.slice(103, 200)}  ${BASE64.slice(205)}`;
    assertProblem(() => read(spaced.replaceAll('+', ' ')), 'photo-spaces');
  });

  const formats: [format: string, contents: string[]][] = [
    ['GIF', ['GIF89a and the rest']],
    ['WebP', ['RIFF\x24\0\0\0WEBPVP8 ']],
    ['HEIC', ['\0\0\0\x18ftypheic\0\0\0\0', '\0\0\0\x18ftypmif1\0\0\0\0', '\0\0\0\x18ftypmsf1\0\0\0\0']],
    ['AVIF', ['\0\0\0\x18ftypavif\0\0\0\0']],
    ['MP4', ['\0\0\0\x18ftypmp42\0\0\0\0']],
    ['TIFF', ['II*\0\x08\0\0\0', 'MM\0*\0\0\0\x08']],
    ['JPEG XL', ['\xff\x0a\xfa\x1f', '\0\0\0\x0cJXL \r\n\x87\n']],
    ['JPEG 2000', ['\0\0\0\x0cjP  \r\n\x87\n']],
    ['ICO', ['\0\0\x01\0\x01\0']],
    ['PSD', ['8BPS\0\x01']],
    ['PDF', ['%PDF-1.7\n']],
    ['ZIP', ['PK\x03\x04\x14\0']],
    ['GZIP', ['\x1f\x8b\x08\0']],
    ['SVG', ['<svg xmlns="http://www.w3.org/2000/svg"/>', '<?xml version="1.0"?>\n<svg/>']],
    ['HTML', ['<!DOCTYPE html><html>', '\xef\xbb\xbf  <html lang="zh">']],
    ['HTML', ['<html xmlns="http://www.w3.org/1999/xhtml"><body>403</body></html>']],
    ['HTML', [`<html><script src="${url}"></script></html>`, `<html><body><a href="${url}">a</a></body>`]],
    ['XML', ['<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>']],
    ['XML', [`<?xml version="1.0"?><Error xmlns="${url}"><Code>AccessDenied</Code></Error>`]],
    ['XML', [`<?xml version="1.0"?><Error><RecommendDoc>${url}</RecommendDoc></Error>`]],
    ['JSON', ['{"code":404}', `{"code":40001,"message":"token expired","doc":"${url}"}`]],
  ];
  for (const [format, contents] of formats)
    for (const content of contents)
      it(`names ${format}, as bytes and in base64, whatever address is in it: ${shown(content)}`, () => {
        const bytes = Buffer.from(content, 'latin1');
        for (const given of [bytes, btoa(content)])
          assert.throws(() => read(given), { problem: 'photo-format', values: { format } });
        for (const given of [content, bytes, { photo: content }]) assert.equal(addressIn(given), null);
      });

  it('measures the photo itself, to the byte', () => {
    for (let size = 300; size < 310; size++) {
      const bytes = jpg(size);
      for (const given of [bytes, bytes.toString('base64'), bytes.toString('base64url')]) {
        assert.equal(read(given, size / 1024 / 1024).length, 2);
        assert.throws(() => read(given, (size - 1) / 1024 / 1024), {
          problem: 'photo-too-large',
          values: { maxPhotoMB: (size - 1) / 1024 / 1024 },
        });
      }
    }
  });

  it('changes nothing that it is given', () => {
    const given = { type: 'Buffer', data: [...JPG] };
    const bytes = Buffer.from(JPG);
    read(given);
    read(bytes);
    assert.deepEqual(given, { type: 'Buffer', data: [...JPG] });
    assert.ok(bytes.equals(JPG));
  });
});
