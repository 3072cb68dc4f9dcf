/** The request's body: docs/providers/tencent-market.md, the table of body fields. */

/** What the provider compares. */
export interface Person {
  name: string;
  idNumber: string;
  /** The photo itself, or where the provider downloads it. */
  photo: Buffer | { url: string };
}

/** Whole groups of three bytes, so that only the last piece is padded. */
const PIECE_BYTES = 48 * 1024;

/**
 * Writes the form. "`+`, `/` and `=` of the base64 must be percent-encoded." A photo is encoded piece by piece, so that no text of
 * its size is made.
 * @param person with name, id number and photo, which is not changed
 * @returns the body; of `image` and `url` it has the one that is used
 */
export function writeForm({ name, idNumber, photo }: Person): Buffer {
  const fields = `name=${encodeURIComponent(name)}&idcard=${encodeURIComponent(idNumber)}`;
  if ('url' in photo) return Buffer.from(`${fields}&url=${encodeURIComponent(photo.url)}`);
  const body = [Buffer.from(`${fields}&image=`)];
  for (let start = 0; start < photo.length; start += PIECE_BYTES)
    body.push(
      Buffer.from(encodeURIComponent(photo.toString('base64', start, start + PIECE_BYTES)), 'latin1'),
    );
  return Buffer.concat(body);
}
