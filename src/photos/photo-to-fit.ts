/** The photo that face-compare and westdex-three fit before they send it: docs/contract.md, "Photos in hand", `fit`. */
import { checkPhoto, readFile, readPhoto } from '../input/photo';
import type { Sliced } from '../input/slices';
import { fit } from './fit';

/** Whether and how far a photo is fitted. */
export interface FitSettings {
  fit: boolean;
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
export function readPhotoToFit(
  value: unknown,
  field: string,
  { fit: isToFit, maxPhotoMB }: FitSettings,
  repaired: Set<string>,
): Sliced<Buffer> {
  return (isToFit ? readFile : readPhoto)(value, field, maxPhotoMB, repaired);
}

/**
 * @param photo of a message
 * @param settings of the node
 * @param closing ends the waiting for others' photos
 * @returns it as it is sent, checked like one that is not fitted
 * @throws VerifyError as `fit` and `checkPhoto`
 */
export async function fitted(
  photo: Buffer,
  { fit: isToFit, maxPhotoKB, maxPhotoMB }: FitSettings,
  closing: AbortSignal,
): Promise<Buffer> {
  if (!isToFit) return photo;
  const bytes = await fit(photo, maxPhotoKB, closing);
  checkPhoto(bytes, maxPhotoMB);
  return bytes;
}
