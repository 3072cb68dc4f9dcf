/** Photos that this Node-RED serves itself: files whose names are not to be guessed, and which are gone when they are due. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { formatOf } from '../input/picture';
import { Holdings, type HoldingsOptions } from './holdings';
import { CONTENT_TYPES, type Put, type Store } from './store';

/** Under the address at which Node-RED serves flows. */
export const LOCAL_PATH = '/cn-verify/photos/';
const ID = /^[\w-]{22}$/;
const HEAD_BYTES = 256;

/**
 * @param options of the one folder that a Node-RED has for photos
 * @returns what it holds, over all stores
 */
export function openLocalFolder(options: Omit<HoldingsOptions, 'remove'>): Holdings {
  // The file is the photo.
  return new Holdings({ ...options, remove: async () => {} });
}

/**
 * @param holdings of the folder
 * @param publicUrl how the world reaches the place where Node-RED serves flows
 * @param keepMs milliseconds for which a photo is kept
 */
export function openLocalStore(holdings: Holdings, publicUrl: URL, keepMs: number): Store {
  return {
    async put(bytes): Promise<Put> {
      const id = await holdings.enter(() => bytes, null, keepMs);
      const url = new URL(publicUrl);
      url.pathname = url.pathname.replace(/\/$/, '') + LOCAL_PATH + id;
      return {
        url: url.href,
        discard: () => holdings.discard(id, false),
        remove: async () => holdings.forget(id),
      };
    },
    held: () => holdings.held(),
    // The folder is every store's.
    close: () => {},
  };
}

/**
 * @param folder with the photos
 * @param id from the address that was asked for
 * @returns the name of its file and its content type; null where there is no such photo, or no longer
 */
export async function findPhoto(
  folder: string,
  id: string,
): Promise<{ name: string; contentType: string } | null> {
  if (!ID.test(id)) return null;
  const file = await open(join(folder, id)).catch(() => null);
  if (!file) return null;
  try {
    const { mtimeMs } = await file.stat();
    if (mtimeMs <= Date.now()) return null;
    const contentType = CONTENT_TYPES.get(formatOf(await headOf(file)) ?? '');
    return { name: id, contentType: contentType ?? 'application/octet-stream' };
  } finally {
    await file.close();
  }
}

async function headOf(file: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}
