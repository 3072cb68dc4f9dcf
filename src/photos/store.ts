/** A place where photos in hand are put so that a provider can fetch them: docs/contract.md, "Photos in hand". */
import type { StoredPhoto } from '../contract/photo-store';
import type { CallContext } from '../contract/transport';
import type { Held } from './stored-photos-sql';

/** A photo that a store has put. */
export interface Put extends StoredPhoto {
  /**
   * Deletes it while somebody watches.
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
  put(bytes: Buffer, context: CallContext): Promise<Put>;
  held(): Promise<Held>;
  /** What is due later is deleted by the next store of the same node. */
  close(): void;
}

/** By the name of a format, as a server names it. */
export const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ['JPG', 'image/jpeg'],
  ['PNG', 'image/png'],
  ['BMP', 'image/bmp'],
]);
