/** The request's body: docs/providers/tencent-market.md, the table of body fields. */
import type { Photo } from '../../input/photo';

/** What the provider compares. */
export interface Person {
  name: string;
  idNumber: string;
  /** The photo itself, or where the provider downloads it. */
  photo: Photo | { url: string };
}

/** Whole groups of three bytes, so that base64 is padded in the last slice only. */
const SLICE_BYTES = 3 * 16 * 1024;
const SLICE_CHARACTERS = 64 * 1024;

const PERCENT = '%'.charCodeAt(0);
const EQUALS = '='.charCodeAt(0);
const HEX_DIGITS = Buffer.from('0123456789ABCDEF');
/** "`+`, `/` and `=` of the base64 must be percent-encoded." */
const IS_ESCAPED = new Uint8Array(256);
for (const character of '+/=') IS_ESCAPED[character.charCodeAt(0)] = 1;

/**
 * Writes the form, percent-encoded. A photo of some megabytes becomes one Buffer of the right size and, in passing, one
 * short string after the other: neither its base64 nor its escaped form ever exists as a second copy.
 * @param person whose name, id number and photo it is; the photo is not changed
 * @returns the body; of `image` and `url` it has the one that is used
 */
export function writeForm({ name, idNumber, photo }: Person): Buffer {
  const fields = `name=${encodeURIComponent(name)}&idcard=${encodeURIComponent(idNumber)}`;
  if ('url' in photo) return Buffer.from(`${fields}&url=${encodeURIComponent(photo.url)}`, 'latin1');

  const head = `${fields}&image=`;
  let size = head.length;
  for (const slice of slices(photo)) size += slice.length + 2 * countEscaped(slice);

  const body = Buffer.allocUnsafeSlow(size);
  let at = body.write(head, 'latin1');
  for (const slice of slices(photo)) at = writeEscaped(body, at, slice);
  return body;
}

/**
 * The photo's base64, piece by piece, as bytes that the next piece overwrites: those of a string are slow to read. Each
 * is whole groups of four, in memory of its own.
 */
function* slices(photo: Photo): Generator<Buffer> {
  const characters = 'bytes' in photo ? Math.ceil(photo.bytes.length / 3) * 4 : photo.base64.length;
  const slice = Buffer.allocUnsafeSlow(Math.min(SLICE_CHARACTERS, characters));
  if ('bytes' in photo) {
    const { bytes } = photo;
    for (let start = 0; start < bytes.length; start += SLICE_BYTES)
      yield slice.subarray(0, slice.write(bytes.toString('base64', start, start + SLICE_BYTES), 'latin1'));
  } else {
    const { base64 } = photo;
    for (let start = 0; start < base64.length; start += SLICE_CHARACTERS)
      yield slice.subarray(0, slice.write(base64.slice(start, start + SLICE_CHARACTERS), 'latin1'));
  }
}

/** Four at a time: a byte by itself takes as long as its being written. */
function countEscaped(base64: Buffer): number {
  const groups = new Int32Array(base64.buffer, base64.byteOffset, base64.length / 4);
  let others = 0;
  for (let index = 0; index < groups.length; index++) {
    // `+` and `/` differ in one bit; without it they are zero here, and all others carry into their highest bit.
    const different = ((groups[index]! & 0xfbfbfbfb) ^ 0x2b2b2b2b) + 0x7f7f7f7f;
    others += (((different >>> 7) & 0x01010101) * 0x01010101) >>> 24;
  }
  const padding = Number(base64.at(-1) === EQUALS) + Number(base64.at(-2) === EQUALS);
  return base64.length - others + padding;
}

/** @returns the position behind what was written */
function writeEscaped(body: Buffer, start: number, base64: Buffer): number {
  let at = start;
  for (let index = 0; index < base64.length; index++) {
    const code = base64[index]!;
    if (IS_ESCAPED[code] === 0) body[at++] = code;
    else {
      body[at++] = PERCENT;
      body[at++] = HEX_DIGITS[code >> 4]!;
      body[at++] = HEX_DIGITS[code & 15]!;
    }
  }
  return at;
}
