/** A place where photos in hand are put so that a provider can fetch them: docs/contract.md, "Photos in hand". */
import type { StoredPhoto } from '../contract/photo-store';
import type { CallContext } from '../contract/transport';
import { formatOf } from '../input/picture';
import type { StoredTotal } from './stored-photos-sql';

/** A photo that was put, and that a test can remove again. */
export interface RemovablePhoto extends StoredPhoto {
  /**
   * Deletes it now, and waits for that.
   * @throws VerifyError NETWORK or CONFIG where that fails; it is tried again when the photo is due
   */
  remove(context: CallContext): Promise<void>;
}

export interface Store {
  /**
   * @param bytes of a picture; they are not changed
   * @param context of the message
   * @throws VerifyError NETWORK, CONFIG or CANCELLED, `charged` false
   */
  put(bytes: Buffer, context: CallContext): Promise<RemovablePhoto>;
  total(): Promise<StoredTotal>;
  /** What is due later is deleted by the next store of the same node. */
  close(): void;
}

/** What a photo's file is for a server: its type, and how its name ends. */
interface FileType {
  contentType: string;
  extension: string;
}

const FILE_TYPES: ReadonlyMap<string | null, FileType> = new Map([
  ['JPG', { contentType: 'image/jpeg', extension: '.jpg' }],
  ['PNG', { contentType: 'image/png', extension: '.png' }],
  ['BMP', { contentType: 'image/bmp', extension: '.bmp' }],
]);

/** @param photo its bytes */
export function fileTypeOf(photo: Buffer): FileType {
  return FILE_TYPES.get(formatOf(photo)) ?? { contentType: 'application/octet-stream', extension: '' };
}
