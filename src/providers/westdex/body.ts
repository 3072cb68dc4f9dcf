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
 * Puts the JSON body together without a second copy of the photo as text: it is encoded piece by piece.
 * @param fields beside the photo
 * @param photo which stays as it is
 * @returns gives the body for a time stamp. From the second attempt on only the time stamp is written again, into the
 *   same memory: the attempt before is over by then, and the photo is not encoded again
 */
export function bodyOf(fields: BodyFields, photo: Buffer): (timeStamp: string) => Buffer {
  let body: Buffer | undefined;
  let written = '';
  return (timeStamp) => {
    if (!body || timeStamp.length !== written.length) body = assemble(timeStamp, fields, photo);
    else body.write(timeStamp, BEFORE_TIME_STAMP.length, 'latin1');
    written = timeStamp;
    return body;
  };
}

function assemble(timeStamp: string, { customNumber, xM, gMSFZHM }: BodyFields, photo: Buffer): Buffer {
  const data = JSON.stringify({ timeStamp, customNumber, xM, gMSFZHM });
  const before = Buffer.from(`{"data":${data},"photoData":"`);
  const after = '"}';
  const length = Math.ceil(photo.length / 3) * 4;

  const body = Buffer.allocUnsafeSlow(before.length + length + after.length);
  let end = before.copy(body);
  for (let start = 0; start < photo.length; start += PIECE_BYTES)
    end += body.write(photo.toString('base64', start, start + PIECE_BYTES), end, 'latin1');
  body.write(after, end, 'latin1');
  return body;
}
