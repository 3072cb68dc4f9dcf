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
  // A search for white space costs nothing next to a second copy of a large photo.
  const bare =
    value.startsWith('data:') || DATA_PREFIX.test(value.slice(0, 256))
      ? value.replace(DATA_PREFIX, '')
      : value;
  const base64 = /\s/.test(bare) ? bare.replace(/\s+/g, '') : bare;
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64))
    return { problem: 'photo-not-base64' };
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return checked(
    { base64 },
    Buffer.from(base64.slice(0, 16), 'base64'),
    (base64.length / 4) * 3 - padding,
    maxBytes,
  );
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
