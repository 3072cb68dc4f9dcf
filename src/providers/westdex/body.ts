import type { Photo } from '../../input/photo';

/** What the body holds beside the photo: docs/providers/westdex.md, the request. */
export interface BodyFields {
  customNumber: string;
  /** The name, encrypted. */
  xM: string;
  /** The id number, encrypted. */
  gMSFZHM: string;
}

const BEFORE_TIME_STAMP = '{"data":{"timeStamp":"';
/** Whole groups of three bytes: the base64 of each piece ends without padding. */
const PIECE_BYTES = 3 * 16 * 1024;

/**
 * Puts the JSON body together without a second copy of the photo as text: what is base64 already is copied once, bytes
 * are encoded piece by piece.
 * @param fields beside the photo
 * @param photo which stays as it is
 * @returns gives the body for a time stamp. From the second attempt on only the time stamp is written again, into the
 *   same memory: the attempt before is over by then, and the photo is not encoded again
 */
export function bodyOf(fields: BodyFields, photo: Photo): (timeStamp: string) => Buffer {
  let body: Buffer | undefined;
  let written = '';
  return (timeStamp) => {
    if (!body || timeStamp.length !== written.length) body = assemble(timeStamp, fields, photo);
    else body.write(timeStamp, BEFORE_TIME_STAMP.length, 'latin1');
    written = timeStamp;
    return body;
  };
}

function assemble(timeStamp: string, { customNumber, xM, gMSFZHM }: BodyFields, photo: Photo): Buffer {
  const data = JSON.stringify({ timeStamp, customNumber, xM, gMSFZHM });
  const before = Buffer.from(`{"data":${data},"photoData":"`);
  const after = '"}';
  const length = 'base64' in photo ? photo.base64.length : Math.ceil(photo.bytes.length / 3) * 4;

  const body = Buffer.allocUnsafeSlow(before.length + length + after.length);
  let end = before.copy(body);
  if ('base64' in photo) end += body.write(photo.base64, end, 'latin1');
  else {
    for (let start = 0; start < photo.bytes.length; start += PIECE_BYTES) {
      end += body.write(photo.bytes.toString('base64', start, start + PIECE_BYTES), end, 'latin1');
    }
  }
  body.write(after, end, 'latin1');
  return body;
}
