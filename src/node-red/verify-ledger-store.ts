/** A ledger that several Node-REDs share: docs/contract.md, "Ledger". */
import { VerifyError } from '../errors';
import { secretFrom } from '../store/secret';
import type { LedgerStoreNode } from './ledger-of';
import type { Node, Red } from './red';
import { requireVariable } from './settings';

/**
 * Makes a node hold a shared ledger.
 * @param _red Node-RED
 * @param created the node
 */
export function holdLedgerStore(_red: Red, created: Node): void {
  const node = created as LedgerStoreNode;
  // Only the closure knows the credentials: whatever prints the node must not print them.
  const { url = '', secret = '' } = node.credentials ?? {};
  delete node.credentials;

  node.place = null;
  node.ledger = () => {
    for (const credential of [url, secret]) requireVariable(credential);
    if (!secret) throw new VerifyError('CONFIG', 'ledger-secret-missing', {}, { charged: false });
    throw new VerifyError('CONFIG', 'ledger-url-unreadable', {}, { charged: false });
  };
  node.master = async () => {
    requireVariable(secret);
    if (!secret) throw new VerifyError('CONFIG', 'ledger-secret-missing', {}, { charged: false });
    return secretFrom(secret);
  };
}
