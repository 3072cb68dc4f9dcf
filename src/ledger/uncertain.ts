import { VerifyError } from '../errors';

/**
 * @param ledger id of the entry that has the key
 * @returns the error for a message whose key may have been paid for, and nobody knows
 */
export function uncertainKey(ledger: string): VerifyError {
  return new VerifyError('UNCERTAIN', 'key-uncertain', { ledger }, { charged: false, ledger });
}
