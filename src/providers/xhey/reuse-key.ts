/** The keys under which photos are paid for only once where `reuse` is set: docs/contract.md, "Ledger". */
import { withoutSignature } from '../../input/presigned';

export const REUSE = 'truth-create photo ';

/** @param url under which a photo is submitted */
export function reuseKey(url: string): string {
  return REUSE + withoutSignature(url);
}
