/** Whether a file holds a picture and nothing else: its other parts say who took it, where and with which device. */
import { formatOf } from '../input/picture';
import { endOfScan } from './jpg-scans';

/** ITU-T T.81, table B.1; ITU-T T.871, JFIF's APP0. */
const JFIF = 0xe0;
/** It is longer with a thumbnail in it. */
const JFIF_BYTES = 16;
/** What a decoder needs: also Adobe's colour transform (APP14). */
const JPG_NEEDED: ReadonlySet<number> = new Set([JFIF, 0xee, 0xdb, 0xc4, 0xdd, 0xc0, 0xc1, 0xc2]);
const START_OF_SCAN = 0xda;
const END = 0xd9;
/** PNG, chapter 11: the chunks that say how the pixels look. */
const PNG_NEEDED: ReadonlySet<string> = new Set(
  'IHDR PLTE IDAT IEND tRNS cHRM gAMA sRGB sBIT bKGD pHYs'.split(' '),
);

const WITHOUT_METADATA: ReadonlyMap<string, (bytes: Buffer) => boolean> = new Map([
  ['JPG', isPictureOnlyJpg],
  ['PNG', isPictureOnlyPng],
  ['BMP', isPictureOnlyBmp],
]);

/**
 * @param bytes of a file
 * @returns whether it is a JPG, PNG or BMP without metadata, a comment, a colour profile, a second picture or a trailer
 */
export function hasNoMetadata(bytes: Buffer): boolean {
  try {
    return WITHOUT_METADATA.get(formatOf(bytes) ?? '')?.(bytes) ?? false;
  } catch {
    // A length that leads out of the file.
    return false;
  }
}

function isPictureOnlyJpg(bytes: Buffer): boolean {
  let at = 2;
  for (;;) {
    if (bytes[at] !== 0xff) return false;
    const marker = bytes[at + 1]!;
    if (marker === END) return at + 2 === bytes.length;
    if (marker === START_OF_SCAN) at = endOfScan(bytes, at + 2 + bytes.readUInt16BE(at + 2));
    else {
      const length = bytes.readUInt16BE(at + 2);
      if (!JPG_NEEDED.has(marker) || (marker === JFIF && length > JFIF_BYTES)) return false;
      at += 2 + length;
    }
  }
}

function isPictureOnlyPng(bytes: Buffer): boolean {
  for (let at = 8; ; ) {
    const name = bytes.toString('latin1', at + 4, at + 8);
    if (!PNG_NEEDED.has(name)) return false;
    at += 12 + bytes.readUInt32BE(at);
    if (name === 'IEND') return at === bytes.length;
  }
}

/** Its header has the length of the file. */
function isPictureOnlyBmp(bytes: Buffer): boolean {
  return bytes.readUInt32LE(2) === bytes.length;
}
