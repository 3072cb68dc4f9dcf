/** The request's body: docs/providers/tencent-market.md, the table of body fields. */
import { base64Of, type Photo } from '../../input/photo';

/** What the provider compares. */
export interface Person {
  name: string;
  idNumber: string;
  /** The photo itself, or where the provider downloads it. */
  photo: Photo | { url: string };
}

/**
 * Writes the form. "`+`, `/` and `=` of the base64 must be percent-encoded."
 * @param person whose name, id number and photo it is; the photo is not changed
 * @returns the body; of `image` and `url` it has the one that is used
 */
export function writeForm({ name, idNumber, photo }: Person): Buffer {
  const [field, value] = 'url' in photo ? ['url', photo.url] : ['image', base64Of(photo)];
  const fields = Object.entries({ name, idcard: idNumber, [field]: value });
  return Buffer.from(fields.map(([key, text]) => `${key}=${encodeURIComponent(text)}`).join('&'), 'latin1');
}
