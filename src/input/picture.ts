/** What kind of file bytes are, and whether a picture is whole. */

/** The formats that providers take: docs/providers/westdex.md, `photoData`; docs/providers/tencent-market.md, `image`. */
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
/** ITU-T T.81, table B.1: SOF0 to SOF15 but for DHT, JPG and DAC, which lie among them. */
const FRAMES: ReadonlySet<number> = new Set([
  0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf,
]);
/** The same table: the size comes before the scan, and nothing after the end. */
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const PNG_DATA = Buffer.from('IDAT');
const PNG_END = Buffer.from([0, 0, 0, 0, ...Buffer.from('IEND'), 0xae, 0x42, 0x60, 0x82]);
const BMP_HEADER_BYTES = 26;
/** The header of OS/2 has its size in 16 bits. */
const BMP_OS2_HEADER = 12;
/** BI_RGB and BI_BITFIELDS: each line has its full length. */
const BMP_UNCOMPRESSED: ReadonlySet<number> = new Set([0, 3]);

/**
 * @param bytes of a file
 * @returns the name of its format, or null where it is not known
 */
export function formatOf(bytes: Buffer): string | null {
  const file = fileFormatOf(bytes);
  if (file !== null) return file;
  const head = bytes.toString('latin1', 0, HEAD_BYTES);
  const text = head.replace(/^(?:\xef\xbb\xbf)?\s*/, '');
  return TEXTS.find(([, beginning]) => beginning.test(text))?.[0] ?? null;
}

/**
 * @param bytes of a file
 * @returns the name of its format, or null where it is not known or the bytes are a text
 */
export function fileFormatOf(bytes: Buffer): string | null {
  const head = bytes.toString('latin1', 0, HEAD_BYTES);
  return FORMATS.find(([, at, beginning]) => head.startsWith(beginning, at))?.[0] ?? null;
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
    // A length that leads out of the file.
    return false;
  }
}

/** Phones append to it, so its end need not be the last of the bytes. */
function isWholeJpg(bytes: Buffer): boolean {
  const end = bytes.lastIndexOf(JPG_END);
  let at = 2;
  while (at < end && bytes[at] === 0xff) {
    // ITU-T T.81, B.1.1.2: any number of fill bytes may stand before a marker.
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++]!;
    const length = bytes.readUInt16BE(at);
    // Its dots come behind it.
    if (FRAMES.has(marker))
      return at + length < end && hasSize(bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 3));
    if (marker === START_OF_SCAN || marker === END_OF_IMAGE || length < 2) return false;
    at += length;
  }
  return false;
}

/** PNG, chapter 5.6: the first chunk is the one with the size, and the dots come between it and the end. */
function isWholePng(bytes: Buffer): boolean {
  const isHeader = bytes.toString('latin1', 12, 16) === 'IHDR';
  const data = bytes.indexOf(PNG_DATA);
  const isFull = data > 0 && data < bytes.lastIndexOf(PNG_END);
  return isHeader && isFull && hasSize(bytes.readUInt32BE(16), bytes.readUInt32BE(20));
}

/** Windows GDI, BITMAPFILEHEADER and what follows it. Some programs leave the length of the file at 0. */
function isWholeBmp(bytes: Buffer): boolean {
  if (bytes.length < BMP_HEADER_BYTES) return false;
  const [length, start] = [bytes.readUInt32LE(2), bytes.readUInt32LE(10)];
  const isOs2 = bytes.readUInt32LE(14) === BMP_OS2_HEADER;
  const width = isOs2 ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const height = isOs2 ? bytes.readUInt16LE(20) : Math.abs(bytes.readInt32LE(22));
  const bits = bytes.readUInt16LE(isOs2 ? 24 : 28);
  const isFull = isOs2 || BMP_UNCOMPRESSED.has(bytes.readUInt32LE(30));
  const dots = isFull ? Math.ceil((width * bits) / 32) * 4 * height : 1;
  const isInFile = start >= BMP_HEADER_BYTES && start + dots <= bytes.length && length <= bytes.length;
  return isInFile && hasSize(width, height);
}

function hasSize(width: number, height: number): boolean {
  return width > 0 && height > 0;
}
