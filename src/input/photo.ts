/** Photos as messages bring them: CONTRACT, "Action nodes", `photo`. The caller's value is never changed. */
import { types } from 'node:util';

export type PhotoProblem = 'photo-missing' | 'photo-not-base64' | 'photo-format' | 'photo-too-large';

/** A photo that can be sent: its bytes, or its bare base64, whichever the message brought. */
export type Photo = { bytes: Buffer } | { base64: string };

const DATA_PREFIX = /^\s*data:[^,]{0,200};base64,/i;
/** First bytes of JPG, PNG and BMP. */
const SIGNATURES = [
  Buffer.from([0xff, 0xd8, 0xff]),
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.from('BM'),
];
const PIECE_CHARACTERS = 64 * 1024;
const LAST_GROUP = /^(?:[a-z\d+/]{2}(?:[a-z\d+/]{2}|[a-z\d+/]=|==))?$/i;

/**
 * @param value a Buffer or Uint8Array, base64 or a `data:` URI
 * @param maxBytes of the photo itself, decoded
 * @returns the photo, or what is wrong with it
 */
export function readPhoto(value: unknown, maxBytes: number): Photo | { problem: PhotoProblem } {
  // A function node's own Uint8Array comes from another realm, where `instanceof` does not know it.
  if (types.isUint8Array(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return checked({ bytes }, bytes, bytes.length, maxBytes);
  }
  if (typeof value !== 'string' || value.trim() === '')
    return { problem: value ? 'photo-not-base64' : 'photo-missing' };
  const bare =
    value.startsWith('data:') || DATA_PREFIX.test(value.slice(0, 256))
      ? value.replace(DATA_PREFIX, '')
      : value;
  // A large photo is only copied where it has white space to be taken out.
  const isClean = isBase64(bare);
  const base64 = isClean ? bare : bare.replace(/\s+/g, '');
  if (!isClean && !isBase64(base64)) return { problem: 'photo-not-base64' };
  return checked(
    { base64 },
    Buffer.from(base64.slice(0, 16), 'base64'),
    (base64.length / 4) * 3 - paddingOf(base64),
    maxBytes,
  );
}

/**
 * Reads it and writes it again, piece by piece: over a photo of some megabytes a regular expression takes forty times as
 * long. Only the last group may have padding, and bits that are not used.
 */
function isBase64(text: string): boolean {
  if (text.length % 4 !== 0) return false;
  const end = Math.max(0, text.length - 4);
  if (!LAST_GROUP.test(text.slice(end))) return false;
  const bytes = Buffer.allocUnsafe((Math.min(end, PIECE_CHARACTERS) / 4) * 3);
  for (let start = 0; start < end; start += PIECE_CHARACTERS) {
    const piece = text.slice(start, Math.min(end, start + PIECE_CHARACTERS));
    if (bytes.toString('base64', 0, bytes.write(piece, 'base64')) !== piece) return false;
  }
  return true;
}

function paddingOf(base64: string): number {
  if (base64.endsWith('==')) return 2;
  return base64.endsWith('=') ? 1 : 0;
}

function checked(
  photo: Photo,
  head: Buffer,
  size: number,
  maxBytes: number,
): Photo | { problem: PhotoProblem } {
  if (size === 0) return { problem: 'photo-missing' };
  if (size > maxBytes) return { problem: 'photo-too-large' };
  const known = SIGNATURES.some((signature) => head.subarray(0, signature.length).equals(signature));
  return known ? photo : { problem: 'photo-format' };
}
