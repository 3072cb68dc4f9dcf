import { base64Of, type Photo } from '../../input/photo';

/** What the body holds beside the photo: docs/providers/westdex.md, the request. */
export interface BodyFields {
  customNumber: string;
  /** The name, encrypted. */
  xM: string;
  /** The id number, encrypted. */
  gMSFZHM: string;
}

/**
 * @param fields beside the photo
 * @param photo which stays as it is
 * @returns gives the body for a time stamp
 */
export function bodyOf(
  { customNumber, xM, gMSFZHM }: BodyFields,
  photo: Photo,
): (timeStamp: string) => Buffer {
  const photoData = base64Of(photo);
  return (timeStamp) => {
    const data = JSON.stringify({ timeStamp, customNumber, xM, gMSFZHM });
    return Buffer.from(`{"data":${data},"photoData":"${photoData}"}`);
  };
}
