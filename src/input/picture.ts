/** What kind of file bytes are, and whether a picture is whole. */
import { BMP } from 'image-size/types/bmp';
import { JPG } from 'image-size/types/jpg';
import { PNG } from 'image-size/types/png';

/** The formats that providers take: westdex.md, `photoData`; tencent-market.md, `image`. */
const WHOLE: ReadonlyMap<string, (bytes: Buffer) => boolean> = new Map([
  ['JPG', isWholeJpg],
  ['PNG', isWholePng],
  ['BMP', isWholeBmp],
]);

/** How files begin; the first row that fits counts. Spelled in Latin-1. */
const FORMATS: readonly (readonly [format: string, at: number, beginning: string])[] = [
  ['JPG', 0, '\xff\xd8\xff'],
  ['PNG', 0, '\x89PNG\r\n\x1a\n'],
  ['BMP', 0, 'BM'],
  ['GIF', 0, 'GIF8'],
  ['WebP', 8, 'WEBP'],
  ['AVIF', 4, 'ftypavi'],
  ['HEIC', 4, 'ftyphe'],
  ['HEIC', 4, 'ftypmif1'],
  ['HEIC', 4, 'ftypmsf1'],
  ['MP4', 4, 'ftyp'],
  ['TIFF', 0, 'II*\0'],
  ['TIFF', 0, 'MM\0*'],
  ['JPEG XL', 0, '\xff\x0a'],
  ['JPEG XL', 4, 'JXL '],
  ['JPEG 2000', 4, 'jP  '],
  ['ICO', 0, '\0\0\x01\0'],
  ['PSD', 0, '8BPS'],
  ['PDF', 0, '%PDF'],
  ['ZIP', 0, 'PK\x03\x04'],
  ['GZIP', 0, '\x1f\x8b'],
];
/** Texts that come in place of a photo; they may begin with white space or a byte order mark. */
const TEXTS: readonly (readonly [format: string, beginning: RegExp])[] = [
  ['SVG', /^(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*>\s*)?(?:<!doctype svg[^>]*>\s*)?<svg/i],
  ['HTML', /^<(?:!doctype html|html|head|body)/i],
  ['XML', /^<\?xml/i],
  ['JSON', /^[[{]/],
  ['base64', /^(?:data:|\/9j\/|iVBORw0KGgo)/],
  ['hex', /^(?:0x|\\x)?(?:ffd8ff|89504e47)/i],
];
const HEAD_BYTES = 256;

const JPG_END = Buffer.from([0xff, 0xd9]);
/** The library reads up to so many bytes behind what it is given, which must still be the photo's own. */
const JPG_OVERRUN = 10;
/** Tables and comments before the size; the library goes byte by byte over what it does not know. */
const JPG_WINDOW = 64 * 1024;
const PNG_END = Buffer.from([0, 0, 0, 0, ...Buffer.from('IEND'), 0xae, 0x42, 0x60, 0x82]);
const BMP_HEADER_BYTES = 26;

/**
 * @param bytes of a file
 * @returns the name of its format, or null where it is none that is known
 */
export function formatOf(bytes: Buffer): string | null {
  const head = bytes.toString('latin1', 0, HEAD_BYTES);
  const found = FORMATS.find(([, at, beginning]) => head.startsWith(beginning, at));
  if (found) return found[0];
  const text = head.replace(/^(?:\xef\xbb\xbf)?\s*/, '');
  return TEXTS.find(([, beginning]) => beginning.test(text))?.[0] ?? null;
}

/**
 * @param format as `formatOf` names it
 * @returns whether providers take it
 */
export function isSendable(format: string): boolean {
  return WHOLE.has(format);
}

/**
 * @param bytes of a file
 * @returns whether it is a JPG, PNG or BMP with a size that can be read and with its end
 */
export function isWholePicture(bytes: Buffer): boolean {
  try {
    return WHOLE.get(formatOf(bytes) ?? '')?.(bytes) ?? false;
  } catch {
    // The library throws where it finds no size.
    return false;
  }
}

/** Phones append to it, so its end need not be the last of the bytes. */
function isWholeJpg(bytes: Buffer): boolean {
  const end = bytes.lastIndexOf(JPG_END) - JPG_OVERRUN;
  // Segments with metadata, of which there may be megabytes, are skipped by their lengths, but for the last of them.
  let last = 2;
  let next = 2;
  while (next < end && bytes[next] === 0xff && isMetadata(bytes[next + 1]!)) {
    last = next;
    next += 2 + bytes.readUInt16BE(next + 2);
  }
  // It takes no notice of the first two bytes, and looks for the size behind the first segment.
  return next < end && hasSize(JPG.calculate(bytes.subarray(last - 2, Math.min(end, next + JPG_WINDOW))));
}

/** ITU-T T.81, table B.1: APP0 to APP15 and COM. */
function isMetadata(marker: number): boolean {
  return (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
}

function isWholePng(bytes: Buffer): boolean {
  return bytes.lastIndexOf(PNG_END) > 0 && PNG.validate(bytes) && hasSize(PNG.calculate(bytes));
}

/** Its header has the length of the file, and where the picture begins in it. */
function isWholeBmp(bytes: Buffer): boolean {
  if (bytes.length < BMP_HEADER_BYTES) return false;
  const length = bytes.readUInt32LE(2);
  const start = bytes.readUInt32LE(10);
  return (
    length <= bytes.length && start >= BMP_HEADER_BYTES && start < length && hasSize(BMP.calculate(bytes))
  );
}

function hasSize({ width, height }: { width: number; height: number }): boolean {
  return width > 0 && height > 0;
}
