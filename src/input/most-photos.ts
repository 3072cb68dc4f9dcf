import { VerifyError } from '../contract/errors';

/** Of one message: docs/contract.md, "What an input may look like", Photo URL and Task id. */
export const MOST_PHOTOS = 1000;

/** @returns the error of a message with more photos than that */
export function tooManyPhotos(): VerifyError {
  return new VerifyError('INPUT', 'too-many-photos', { most: MOST_PHOTOS });
}
