/** The ledger of a runtime, and those that several share. */
import { VerifyError } from '../../contract/errors';
import { Ledger, type LedgerOptions } from '../../ledger/ledger';
import type { Seen } from '../../photos/seen';
import { databaseOf } from '../runner/database-of';
import { oncePerRuntime } from '../runner/once-per-runtime';
import { ownSettings } from '../runner/own-settings';
import type { Node, Red } from '../runner/red';

/** A `verify-ledger-store`. */
export interface LedgerStoreNode extends Node {
  /** @throws VerifyError CONFIG where it is not set up */
  ledger(): Ledger;
  /**
   * @returns which photos came before, to any Node-RED that shares it
   * @throws VerifyError CONFIG where it is not set up
   */
  seen(): Seen;
  /**
   * @returns 32 bytes, made from its secret
   * @throws VerifyError CONFIG where it has none
   */
  master(): Promise<Buffer>;
  /** @returns what is wrong with it now, as this process reaches it; null where it can be used */
  problem(): Promise<VerifyError | null>;
  /** @returns whether it was set back to an older state, and no operator has said since that paid calls may go on */
  isSetBack(): boolean;
  /** An operator has compared the books with the provider's bill: paid calls go on. */
  acknowledge(): Promise<void>;
  /** Stores that name the same are one ledger; null where that is not known. */
  location: string | null;
}

const ownLedger = oncePerRuntime((red) => openLedger(red, { database: databaseOf(red) }));

/**
 * @param red Node-RED
 * @param store id of the account's `verify-ledger-store`; none for the ledger of this Node-RED
 * @returns the ledger; null where the user wants none, or there is no user directory for one
 * @throws VerifyError CONFIG where the store is missing or not set up
 */
export function ledgerOf(red: Red, store?: unknown): Ledger | null {
  if (store) {
    const node = red.nodes.getNode(String(store)) as LedgerStoreNode | null;
    if (!node?.ledger) throw new VerifyError('CONFIG', 'ledger-store-missing');
    return node.ledger();
  }
  return ownSettings(red).ledger === false || !red.settings.userDir ? null : ownLedger(red);
}

/**
 * @param red Node-RED, which is warned of what the ledger meets, and of a budget at 80 %
 * @param options its database, and for how long a process holds a claim where several share it
 */
export function openLedger(red: Red, options: Pick<LedgerOptions, 'database' | 'leaseMs'>): Ledger {
  return new Ledger({
    ...options,
    now: Date.now,
    notify: (notice, count) => red.log.warn(red._(`warnings.ledger.${notice}`, { count })),
    onBudget: ({ account, period, limit, spent }) => {
      const name = red.nodes.getNode(account)?.name || account;
      red.log.warn(red._(`warnings.budget.${period}`, { account: name, limit, spent }));
    },
  });
}
