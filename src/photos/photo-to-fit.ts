/** The photo that face-compare and westdex-three fit before they send it: docs/contract.md, "Photos in hand", `fit`. */
import { checkPhoto, type Photo, readFile, readPhoto } from '../input/photo';
import type { Sliced } from '../input/slices';
import { fit } from './fit';

/** A photo in any format, and the limits that it has to meet. */
export interface PhotoToFit {
  unfitted: Buffer;
  maxPhotoKB: number;
  maxPhotoMB: number;
}

/**
 * @param maxPhotoKB that the provider's page recommends
 * @returns the settings of an action
 */
export function fitSettings(maxPhotoKB: number) {
  return {
    fit: { type: 'boolean', default: false },
    maxPhotoKB: { type: 'number', default: maxPhotoKB, min: 0, integer: true },
  } as const;
}

/**
 * @param value as `readPhoto` takes it, but in whatever format where it is fitted
 * @param field name of the node's property
 * @param settings of the node
 * @param repaired gets the field's name where base64 was changed
 * @throws VerifyError INPUT
 */
export function* readPhotoToFit(
  value: unknown,
  field: string,
  { fit: isToFit, maxPhotoKB, maxPhotoMB }: { fit: boolean; maxPhotoKB: number; maxPhotoMB: number },
  repaired: Set<string>,
): Sliced<Photo | PhotoToFit> {
  if (!isToFit) return yield* readPhoto(value, field, maxPhotoMB, repaired);
  return { unfitted: yield* readFile(value, field, maxPhotoMB, repaired), maxPhotoKB, maxPhotoMB };
}

/**
 * @param photo of a message
 * @param closing ends the waiting for others' photos
 * @returns it as it is sent, checked like one that is not fitted
 * @throws VerifyError as `fit` and `checkPhoto`
 */
export async function fitted<Other extends object>(
  photo: Other | PhotoToFit,
  closing: AbortSignal,
): Promise<Other | Photo> {
  if (!('unfitted' in photo)) return photo;
  const bytes = await fit(photo.unfitted, photo.maxPhotoKB, closing);
  checkPhoto(bytes, photo.maxPhotoMB);
  return { bytes };
}
