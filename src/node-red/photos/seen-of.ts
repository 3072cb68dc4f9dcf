/** What a runtime remembers of photos that came: one memory, however many nodes ask it. */
import { VerifyError } from '../../contract/errors';
import { Seen } from '../../photos/seen';
import type { LedgerStoreNode } from '../ledger/ledger-of';
import { databaseOf } from '../runner/database-of';
import { oncePerRuntime } from '../runner/once-per-runtime';
import type { Red } from '../runner/red';

const ownMemory = oncePerRuntime((red) => new Seen({ database: databaseOf(red), now: Date.now }));

/**
 * @param red Node-RED
 * @param store id of the `verify-ledger-store` that several Node-REDs share; none for what this one remembers
 * @returns what it remembers, in its database
 * @throws VerifyError CONFIG where the store is missing or not set up, or there is no user directory for a database
 */
export function seenOf(red: Red, store?: unknown): Seen {
  if (store) {
    const node = red.nodes.getNode(String(store)) as LedgerStoreNode | null;
    if (!node?.seen) throw new VerifyError('CONFIG', 'ledger-store-missing');
    return node.seen();
  }
  if (!red.settings.userDir) throw new VerifyError('CONFIG', 'seen-no-folder');
  return ownMemory(red);
}
