/** Where photos in hand are put: docs/contract.md, "Photos in hand". */
import type { CallContext } from './transport';

/** A photo in hand that was put where a provider can fetch it. */
export interface StoredPhoto {
  url: string;
  /** It is not needed: deletes it, at once or as soon as that can be done. */
  discard(): void;
}

/** Where photos in hand are put: docs/contract.md, "Photos in hand". */
export interface PhotoStore {
  /**
   * @param bytes of a whole picture; they are not changed
   * @param context of the message
   * @throws VerifyError NETWORK, CONFIG, INPUT or CANCELLED, `charged` false
   */
  put(bytes: Buffer, context: CallContext): Promise<StoredPhoto>;
}
