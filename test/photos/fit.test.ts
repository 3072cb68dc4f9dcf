import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { VerifyError } from '../../src/contract/errors';
import { fit as made } from '../../src/photos/fit';
import { acquireSlot } from '../../src/photos/fit-slot';
import { ROOT, temporaryDirectory } from '../demo-process';
import { BMP, PNG } from '../input/pictures';
import { colourAt, photo, plain, quarters } from './pictures';

const KB = 1024;
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';

/** @returns the code and the problem of the error that a photo gives */
async function refusal(bytes: Buffer, maxPhotoKB: number, longestMs?: number): Promise<string> {
  const error = await made(bytes, maxPhotoKB, undefined, 'remove', longestMs).then(
    () => assert.fail('It was fitted.'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof VerifyError, String(error));
  return `${error.code} ${error.problem}`;
}

function pngChunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name), data]);
  const ends = [Buffer.alloc(4), Buffer.alloc(4)] as const;
  ends[0].writeUInt32BE(data.length);
  ends[1].writeUInt32BE(crc32(named));
  return Buffer.concat([ends[0], named, ends[1]]);
}

/** A PNG that says it is so large. */
function largePng(width: number, height: number, bits = 8): Buffer {
  const header = Buffer.from('0000000000000000080200000000'.slice(0, 26), 'hex');
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header[8] = bits;
  const dots = deflateSync(Buffer.alloc(100_000));
  return Buffer.concat([
    ...[Buffer.from('89504e470d0a1a0a', 'hex'), pngChunk('IHDR', header), pngChunk('IDAT', dots)],
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** @param dots red, green and blue */
function bmpOf(dots: Buffer, width: number, height: number, fromAbove = false): Buffer {
  const lineBytes = Math.ceil((width * 3) / 4) * 4;
  const bytes = Buffer.alloc(54 + lineBytes * height, 0x5a);
  Buffer.from('424d0000000000000000360000002800000000000000000000000100180000000000', 'hex').copy(bytes);
  bytes.fill(0, 34, 54);
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(fromAbove ? -height : height, 22);
  for (let line = 0; line < height; line++) {
    const at = 54 + lineBytes * (fromAbove ? line : height - 1 - line);
    for (let index = 0; index < width * 3; index++)
      bytes[at + index] = dots[line * width * 3 + (index - (index % 3)) + (2 - (index % 3))]!;
  }
  return bytes;
}

/** A grey one, with a byte of its header changed. */
function bmp(width: number, height: number, change: (at: number) => number | null = () => null): Buffer {
  return bmpOf(Buffer.alloc(width * height * 3, 128), width, height).map((byte, at) =>
    at < 54 ? (change(at) ?? byte) : byte,
  ) as Buffer;
}

/**
 * A grey JPG of empty scans, a coefficient and a bit of it at a time: some hundred bytes each, and a way through the whole
 * picture for a decoder.
 */
function scannedJpg(side: number, scans: number): Buffer {
  const segment = (marker: number, data: Buffer | number[]) => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(data.length + 2, 2);
    return Buffer.concat([head, Buffer.from(data)]);
  };
  const frame = Buffer.from([8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  frame.writeUInt16BE(side, 1);
  frame.writeUInt16BE(side, 3);
  const blocks = Math.ceil(side / 8) ** 2;
  // One bit says that 16,384 blocks and as many as the next 14 bits say are empty, two bits that one is.
  let bits = '';
  for (let left = blocks, run = 0; left > 0; left -= run) {
    run = left < 16_384 ? 1 : Math.min(32_767, left);
    bits += run === 1 ? '10' : `0${(run - 16_384).toString(2).padStart(14, '0')}`;
  }
  const empty = Array.from(bits.match(/.{1,8}/g)!, (byte) => Number.parseInt(byte.padEnd(8, '1'), 2));
  const codes = (counts: number[], ...symbols: number[]) => [
    ...counts,
    ...Array(16 - counts.length).fill(0),
    ...symbols,
  ];
  const parts = [
    ...[Buffer.from('ffd8', 'hex'), segment(0xdb, [0, ...Array(64).fill(1)]), segment(0xc2, frame)],
    ...[segment(0xc4, [0x00, ...codes([1], 0)]), segment(0xc4, [0x10, ...codes([1, 1], 0xe0, 0)])],
    ...[segment(0xda, [1, 1, 0, 0, 0, 0]), Buffer.alloc(Math.ceil(blocks / 8))],
  ];
  for (let index = 0; index < scans - 1; index++) {
    const [coefficient, bit] = [1 + Math.floor(index / 14), 13 - (index % 14)];
    const before = bit === 13 ? 0 : bit + 1;
    parts.push(segment(0xda, [1, 1, 0, coefficient, coefficient, (before << 4) | bit]));
    parts.push(Buffer.from(empty.flatMap((byte) => (byte === 0xff ? [byte, 0] : [byte]))));
  }
  return Buffer.concat([...parts, Buffer.from('ffd9', 'hex')]);
}

/** Comments and fill bytes stand between the scans, with an end in each comment. */
function filledBetweenScans(jpg: Buffer): Buffer {
  const between = Buffer.from('fffe0006ffd9ffd9ffffff', 'hex');
  const parts = jpg.toString('latin1').split('\xff\xda');
  return Buffer.from(parts.join(`${between.toString('latin1')}\xff\xda`), 'latin1');
}

async function largeJpg(width: number, height: number): Promise<Buffer> {
  const jpg = await (await quarters()).jpeg().toBuffer();
  const frame = jpg.indexOf(Buffer.from([0xff, 0xc0]));
  jpg.writeUInt16BE(height, frame + 5);
  jpg.writeUInt16BE(width, frame + 7);
  return jpg;
}

describe('photos: fit, with the real sharp', () => {
  describe('turns a photo upright', () => {
    /** EXIF, Orientation: where the red quarter comes to stand, and the green one. */
    const corners: Record<number, [red: string, green: string]> = {
      1: ['top left', 'top right'],
      2: ['top right', 'top left'],
      3: ['bottom right', 'bottom left'],
      4: ['bottom left', 'bottom right'],
      5: ['top left', 'bottom left'],
      6: ['top right', 'bottom right'],
      7: ['bottom right', 'top right'],
      8: ['bottom left', 'top left'],
    };
    const at = (bytes: Buffer, corner: string) =>
      colourAt(bytes, corner.endsWith('left') ? 0.25 : 0.75, corner.startsWith('top') ? 0.25 : 0.75);
    for (const [orientation, [red, green]] of Object.entries(corners)) {
      for (const maxPhotoKB of [0, 1]) {
        it(`of orientation ${orientation}, ${maxPhotoKB ? 'made smaller' : 'as large as it is'}`, async () => {
          const given = await (await quarters(maxPhotoKB === 0 ? 2 : 10))
            .withMetadata({ orientation: Number(orientation) })
            .jpeg()
            .toBuffer();
          const fitted = await made(given, maxPhotoKB);
          assert.deepEqual([await at(fitted, red), await at(fitted, green)], ['red', 'green']);
          const found = await sharp(fitted).metadata();
          assert.equal(found.orientation, undefined);
          const [across, down] = Number(orientation) < 5 ? [3, 2] : [2, 3];
          assert.ok(Math.abs((found.width * down) / found.height / across - 1) < 0.05);
          if (maxPhotoKB === 0) assert.equal(found.width * found.height, 240 * 160);
          else assert.ok(found.width * found.height < 600 * 400);
        });
      }
    }
  });

  describe('removes what is not the picture', () => {
    const SECRETS = ['Somebody Somewhere', 'a comment of somebody', 'xmp of somebody', 'trailer of somebody'];
    const secretIn = (bytes: Buffer) => SECRETS.filter((secret) => bytes.includes(secret));

    it('of a JPG: EXIF with the place, XMP, profile, comment, and what a phone appends', async () => {
      const bare = await (await quarters())
        .withExif({ IFD0: { Artist: SECRETS[0]! }, IFD3: { GPSLatitude: '39/1 54/1 0/1' } })
        .withXmp(`<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x>${SECRETS[2]}</x><?xpacket end="w"?>`)
        .withIccProfile('p3')
        .jpeg()
        .toBuffer();
      const comment = Buffer.concat([
        Buffer.from([0xff, 0xfe, 0, SECRETS[1]!.length + 2]),
        Buffer.from(SECRETS[1]!),
      ]);
      const given = Buffer.concat([bare.subarray(0, 2), comment, bare.subarray(2), Buffer.from(SECRETS[3]!)]);
      assert.deepEqual(secretIn(given), SECRETS);
      const fitted = await made(given, 500);
      assert.deepEqual(secretIn(fitted), []);
      const { exif, xmp, icc, comments, iptc } = await sharp(fitted).metadata();
      assert.deepEqual([exif, xmp, icc, comments, iptc], Array(5).fill(undefined));
      assert.equal(await colourAt(fitted, 0.25, 0.25), 'red');
    });

    const withApp1 = (jpg: Buffer) =>
      Buffer.concat([jpg.subarray(0, 2), Buffer.from('ffe10004abcd', 'hex'), jpg.subarray(2)]);
    const parts: [string, (bytes: Buffer) => Buffer][] = [
      ['an APP1', withApp1],
      ['a second picture behind its end', (jpg) => Buffer.concat([jpg, jpg])],
    ];
    for (const [name, dressed] of parts) {
      it(`of a JPG with no more than ${name}`, async () => {
        const bare = await (await quarters()).jpeg({ quality: 95 }).toBuffer();
        assert.equal(await made(bare, 500), bare);
        const given = dressed(bare);
        const fitted = await made(given, 500);
        assert.notEqual(fitted, given);
        assert.equal(await made(fitted, 500), fitted);
        assert.ok(!fitted.includes('abcd', 0, 'hex'));
        assert.equal(fitted.indexOf('ffd9', 0, 'hex'), fitted.length - 2);
      });
    }

    it('of a PNG with a chunk of text', async () => {
      const bare = await (await quarters()).png().toBuffer();
      assert.equal(await made(bare, 500), bare);
      const text = pngChunk('tEXt', Buffer.from('of somebody'));
      const fitted = await made(Buffer.concat([bare.subarray(0, 33), text, bare.subarray(33)]), 500);
      assert.ok(!fitted.includes('of somebody'));
    });
  });

  describe('keeps a photo that fits already, where that is asked for', () => {
    const kept = (bytes: Buffer, maxPhotoKB = 0) => made(bytes, maxPhotoKB, undefined, 'keep');
    const dressed = async (orientation = 1) =>
      (await quarters())
        .withExif({ IFD0: { Artist: 'Somebody Somewhere' } })
        .withIccProfile('p3')
        .withMetadata({ orientation })
        .jpeg()
        .toBuffer();

    it('byte for byte: with EXIF, profile, comment, and what a phone appends', async () => {
      const jpg = await dressed();
      const { exif, icc } = await sharp(jpg).metadata();
      assert.ok(exif && icc);
      for (const given of [jpg, Buffer.concat([jpg, Buffer.from('a film of a phone')]), PNG, BMP])
        assert.equal(await kept(given, 500), given);
    });

    it('and not one that has to be turned, shrunk or converted, or is cut off', async () => {
      const sideways = await dressed(6);
      const webp = await (await quarters()).webp().toBuffer();
      for (const [given, maxPhotoKB] of [
        [sideways, 0],
        [webp, 0],
        [await photo(800, 600), 20],
      ] as const) {
        const fitted = await kept(given, maxPhotoKB);
        const { format, exif, icc, orientation } = await sharp(fitted).metadata();
        assert.deepEqual([format, exif, icc, orientation], ['jpeg', undefined, undefined, undefined]);
      }
      const whole = await dressed();
      const error = await kept(whole.subarray(0, whole.length - 50)).catch((reason: unknown) => reason);
      assert.equal((error as VerifyError).problem, 'photo-damaged');
    });
  });

  describe('makes a JPG of', () => {
    for (const format of ['webp', 'avif', 'tiff', 'gif', 'png'] as const) {
      it(`${format}, with what is transparent on white`, async () => {
        const colours = await (await quarters()).toBuffer();
        const half = Buffer.alloc(120 * 80);
        half.fill(255, 0, 120 * 40);
        const alpha = { raw: { width: 120, height: 80, channels: 1 as const } };
        const given = await sharp(await sharp(colours).joinChannel(half, alpha).png().toBuffer())
          .toFormat(format, format === 'tiff' ? { compression: 'lzw' } : {})
          .toBuffer();
        const fitted = await made(given, 500);
        assert.equal((await sharp(fitted).metadata()).format, 'jpeg');
        assert.equal(await colourAt(fitted, 0.25, 0.25), 'red');
        assert.equal(await colourAt(fitted, 0.25, 0.75), 'white');
      });
    }

    it('a BMP, from below or from above, whatever its lines are padded with', async () => {
      for (const width of [120, 121, 122, 123]) {
        for (const fromAbove of [false, true]) {
          const dots = (await quarters()).resize(width, 80, { fit: 'fill', kernel: 'nearest' });
          const data = await dots.raw().toBuffer();
          const fitted = await made(bmpOf(data, width, 80, fromAbove), 5);
          const corners = [await colourAt(fitted, 0.25, 0.25), await colourAt(fitted, 0.75, 0.25)];
          assert.deepEqual([...corners, await colourAt(fitted, 0.25, 0.75)], ['red', 'green', 'blue']);
        }
      }
    });

    it('a picture that is longer than a JPG can be', async () => {
      const given = await sharp(await plain('red', 70_000, 20))
        .tiff({ compression: 'lzw' })
        .toBuffer();
      const { width, height } = await sharp(await made(given, 500)).metadata();
      assert.deepEqual([width, height], [65_500, 19]);
    });

    it('the first picture of a GIF and of a TIFF', async () => {
      for (const format of ['gif', 'tiff'] as const) {
        const colours = await Promise.all(['red', 'blue', 'lime'].map((colour) => plain(colour, 40, 30)));
        const pages = await sharp(colours, { join: { animated: true } })
          .toFormat(format)
          .toBuffer();
        assert.equal((await sharp(pages).metadata()).pages, 3);
        const fitted = await made(pages, 500);
        const { width, height } = await sharp(fitted).metadata();
        assert.deepEqual([width, height], [40, 30]);
        assert.equal(await colourAt(fitted, 0.5, 0.5), 'red');
      }
    });

    it('what JPG and PNG have that providers do not read: CMYK, and 16 bits', async () => {
      const cmyk = await (await quarters()).toColourspace('cmyk').jpeg().toBuffer();
      assert.equal((await sharp(cmyk).metadata()).space, 'cmyk');
      const deep = await (await quarters()).toColourspace('rgb16').png().toBuffer();
      assert.equal((await sharp(deep).metadata()).depth, 'ushort');
      for (const given of [cmyk, deep]) {
        const { space, depth, format } = await sharp(await made(given, 500)).metadata();
        assert.deepEqual([space, depth, format], ['srgb', 'uchar', 'jpeg']);
      }
    });
  });

  describe('makes a photo small enough', () => {
    let large: Buffer;
    before(async () => {
      large = await photo(2000, 1500);
    });

    for (const maxPhotoKB of [500, 50, 5, 1]) {
      it(`for ${maxPhotoKB} KB, and uses a good part of them`, async () => {
        const fitted = await made(large, maxPhotoKB);
        assert.ok(fitted.length <= maxPhotoKB * KB, `${fitted.length}`);
        if (maxPhotoKB >= 20) assert.ok(fitted.length > 0.6 * maxPhotoKB * KB, `${fitted.length}`);
        const { width, height } = await sharp(fitted).metadata();
        assert.ok(Math.abs(width / height - 4 / 3) < 0.1, `${width} × ${height}`);
      });
    }

    it('by its quality first: one that is a third too large keeps every dot', async () => {
      const once = await made(large, 0);
      const fitted = await made(large, Math.floor(once.length / KB / 1.33));
      const { width, height } = await sharp(fitted).metadata();
      assert.deepEqual([width, height], [2000, 1500]);
      assert.ok(fitted.length < once.length / 1.33);
    });

    it('and leaves one alone that it made before, or that is as it should be', async () => {
      for (const maxPhotoKB of [0, 500, 50, 5]) {
        const fitted = await made(large, maxPhotoKB);
        assert.equal(await made(fitted, maxPhotoKB), fitted);
      }
      for (const given of [PNG, BMP]) assert.equal(await made(given, 1), given);
    });

    it('without changing the bytes that came in', async () => {
      const copy = Buffer.from(large);
      await made(large, 50);
      assert.ok(copy.equals(large));
    });
  });

  describe('refuses', () => {
    it('what is damaged, whatever it begins as', async () => {
      const large = await photo(800, 600);
      const whole = {
        jpg: large,
        png: await sharp(large).png().toBuffer(),
        webp: await sharp(large).webp().toBuffer(),
        gif: await sharp(large).gif().toBuffer(),
        tiff: await sharp(large).tiff().toBuffer(),
        avif: await sharp(large).avif({ effort: 0 }).toBuffer(),
      };
      for (const [format, bytes] of Object.entries(whole)) {
        const cut = bytes.subarray(0, Math.floor(bytes.length * 0.6));
        assert.equal(await refusal(cut, 20), 'INPUT photo-damaged', format);
        assert.equal(await refusal(bytes.subarray(0, 40), 20), 'INPUT photo-damaged', format);
        assert.ok((await made(bytes, 20)).length <= 20 * KB, format);
      }
      const wrong = Buffer.from(large);
      wrong.fill(0xaa, 20_000, 20_200);
      assert.equal(await refusal(wrong, 20), 'INPUT photo-damaged');
    });

    it('but not what a decoder only complains of', async () => {
      const jpg = await (await quarters())
        .withExif({ IFD0: { Make: 'a phone' } })
        .jpeg()
        .toBuffer();
      const scan = jpg.indexOf(Buffer.from([0xff, 0xda]));
      // Se, the end of the spectral selection: some phones write 0.
      jpg[scan + 2 + jpg.readUInt16BE(scan + 2) - 2] = 0;
      await assert.rejects(sharp(jpg).jpeg().toBuffer(), /Invalid SOS parameters/);
      assert.equal(await colourAt(await made(jpg, 500), 0.25, 0.25), 'red');
    });

    const others: [string, string, Buffer | string][] = [
      ['nothing', 'photo-missing', ''],
      ['an SVG', 'fit-format', SVG],
      ['a PDF', 'fit-format', '%PDF-1.7\n'],
      ['an SVG that begins like a WebP', 'fit-format', `<!--    WEBP-->${SVG}`],
      ['random bytes', 'fit-format-unknown', Buffer.from('0102030405060708', 'hex')],
      [
        'a BMP of 8 bits that would have to be made smaller',
        'fit-format',
        bmp(40, 40, (at) => (at === 28 ? 8 : null)),
      ],
      ['a BMP without its last line', 'fit-format', bmp(40, 40).subarray(0, -10)],
      ['a HEIC that sharp was built without', 'fit-heic', Buffer.from('000000186674797068656963', 'hex')],
    ];
    for (const [name, problem, bytes] of others)
      it(name, async () => assert.equal(await refusal(Buffer.from(bytes), 1), `INPUT ${problem}`));

    it('bombs', async () => {
      const bombs = {
        png: largePng(50_000, 50_000),
        jpg: await largeJpg(50_000, 50_000),
        wide: await largeJpg(65_500, 2_000),
        deep: largePng(10_000, 9_000, 16),
      };
      for (const [name, bomb] of Object.entries(bombs)) {
        assert.ok(bomb.length < 50_000);
        assert.equal(await refusal(bomb, 50), 'INPUT photo-bomb', name);
      }
    });

    it('what is read for too long', async () => {
      const slow = 'INPUT photo-too-slow';
      // It takes any machine longer than a second, which is the least limit that sharp knows.
      assert.equal(await refusal(filledBetweenScans(scannedJpg(9_000, 100)), 0, 1_000), slow);
      // In several attempts.
      assert.equal(await refusal(await photo(800, 600), 2, 0), slow);
      for (const bytes of [scannedJpg(64, 101), filledBetweenScans(scannedJpg(64, 101))])
        assert.equal(await refusal(bytes, 1), slow);
      const film = Buffer.concat([await photo(800, 600), Buffer.alloc(4_000, 'ffda0002', 'hex')]);
      for (const bytes of [scannedJpg(64, 100), film]) await made(bytes, 5);
    });
  });

  it('works on two photos at once, and on the others in turn', async () => {
    const order: number[] = [];
    const turns = [1, 2, 3].map(async (number) => {
      const release = await acquireSlot(undefined);
      order.push(number);
      return release;
    });
    const [release] = await Promise.all(turns.slice(0, 2));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(order, [1, 2]);
    release!();
    for (const turn of turns.slice(1)) (await turn)();
    assert.deepEqual(order, [1, 2, 3]);
  });

  it('stops waiting when its node closes, and keeps the slot free', async () => {
    const releases = await Promise.all([acquireSlot(undefined), acquireSlot(undefined)]);
    const closing = new AbortController();
    const waits = made(await photo(64, 64), 1, closing.signal);
    closing.abort();
    await assert.rejects(waits, { code: 'CANCELLED', details: { charged: false } });
    await assert.rejects(acquireSlot(closing.signal), { code: 'CANCELLED' });
    for (const release of releases) release();
    for (const slot of [acquireSlot(undefined), acquireSlot(undefined)]) (await slot)();
  });

  it('says what to install where sharp is not', async () => {
    const cwd = temporaryDirectory();
    cpSync(join(ROOT, 'dist/src'), join(cwd, 'src'), { recursive: true });
    const script = `
      const { fit, checkSharp } = require('./src/photos/fit.js');
      const show = (error) => console.log(error.code, error.problem);
      try { checkSharp() } catch (error) { show(error) }
      fit(Buffer.from('${PNG.toString('hex')}', 'hex'), 50).catch(show);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd, encoding: 'utf8' });
    assert.equal(stdout, 'CONFIG sharp-missing\nCONFIG sharp-missing\n', stderr);
  });
});
