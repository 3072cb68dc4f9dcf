import type { Result } from '../result';
import type { Message } from './red';

/**
 * CONTRACT, "Action nodes", `split`: the same result once for each photo.
 * @param result with or without photos
 * @returns results with one photo each, or null where it has none
 */
export function splitPhotos(result: Result): Result[] | null {
  const { photos } = result.data;
  if (!Array.isArray(photos) || photos.length === 0) return null;
  return photos.map((photo) => ({ ...result, data: { ...result.data, photos: [photo] } }));
}

/**
 * Numbers messages so that core's Join puts them together again; parts they came with are kept inside.
 * @param messages of one result
 * @param id that all of them share
 */
export function numberParts(messages: readonly Message[], id: string): void {
  for (const [index, message] of messages.entries()) {
    const outer = message.parts;
    message.parts = { id, index, count: messages.length, type: 'array', ...(outer ? { parts: outer } : {}) };
  }
}
