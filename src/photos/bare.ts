/** Whether a file holds a picture and nothing else: who took it, where and with what stands in its other parts. */
import { formatOf } from '../input/picture';

/** ITU-T T.81, table B.1; ITU-T T.871, JFIF's APP0. */
const JFIF = 0xe0;
/** With a small picture in it, it is longer. */
const JFIF_BYTES = 16;
/** What a decoder needs: also Adobe's colour transform (APP14). */
const JPG_NEEDED: ReadonlySet<number> = new Set([JFIF, 0xee, 0xdb, 0xc4, 0xdd, 0xc0, 0xc1, 0xc2]);
const START_OF_SCAN = 0xda;
const END = 0xd9;
/** PNG, chapter 11: what says how the dots look. */
const PNG_NEEDED: ReadonlySet<string> = new Set(
  'IHDR PLTE IDAT IEND tRNS cHRM gAMA sRGB sBIT bKGD pHYs'.split(' '),
);

const BARE: ReadonlyMap<string, (bytes: Buffer) => boolean> = new Map([
  ['JPG', isBareJpg],
  ['PNG', isBarePng],
  ['BMP', isBareBmp],
]);

/**
 * @param bytes of a file
 * @returns whether it is a JPG, PNG or BMP without metadata, a comment, a colour profile, a second picture or a trailer
 */
export function isBare(bytes: Buffer): boolean {
  try {
    return BARE.get(formatOf(bytes) ?? '')?.(bytes) ?? false;
  } catch {
    // A length that leads out of the file.
    return false;
  }
}

function isBareJpg(bytes: Buffer): boolean {
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

/** Among the dots a marker is a byte that no escape (0) and no restart (D0 to D7) follows. */
function endOfScan(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 2)) {
    const next = bytes[at + 1]!;
    if (next !== 0 && (next < 0xd0 || next > 0xd7)) return at;
  }
  return bytes.length;
}

function isBarePng(bytes: Buffer): boolean {
  for (let at = 8; ; ) {
    const name = bytes.toString('latin1', at + 4, at + 8);
    if (!PNG_NEEDED.has(name)) return false;
    at += 12 + bytes.readUInt32BE(at);
    if (name === 'IEND') return at === bytes.length;
  }
}

/** Its header has the length of the file. */
function isBareBmp(bytes: Buffer): boolean {
  return bytes.readUInt32LE(2) === bytes.length;
}
