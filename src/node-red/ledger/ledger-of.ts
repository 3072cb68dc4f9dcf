/** The ledger of a runtime, and those that several share. */
import { channel } from 'node:diagnostics_channel';
import { VerifyError } from '../../contract/errors';
import type { BudgetWarning } from '../../ledger/budget';
import { Ledger } from '../../ledger/ledger';
import type { Seen } from '../../photos/seen';
import { databaseOf } from '../runner/database-of';
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

/** `cnVerify` in settings.js. */
interface Settings {
  /** false: nothing is written down, and neither budgets nor keys hold. */
  ledger?: false;
}

/** docs/contract.md, "Ledger": each entry when it is settled, for metrics and traces. */
const settled = channel('cn-verify:call');

const ledgers = new WeakMap<object, Ledger>();

/**
 * @param red Node-RED
 * @param store id of the account's `verify-ledger-store`; none for the ledger of this Node-RED
 * @returns the ledger; null where the user wants none, or there is no user directory for one
 * @throws VerifyError CONFIG where the store is missing or not set up
 */
export function ledgerOf(red: Red, store?: unknown): Ledger | null {
  const { userDir, cnVerify } = red.settings;
  const { ledger } = (cnVerify ?? {}) as Settings;
  if (store) {
    const node = red.nodes.getNode(String(store)) as LedgerStoreNode | null;
    if (!node?.ledger) throw new VerifyError('CONFIG', 'ledger-store-missing');
    return node.ledger();
  }
  if (ledger === false || !userDir) return null;
  const known =
    ledgers.get(red.events) ??
    publish(
      new Ledger({
        database: databaseOf(red),
        now: Date.now,
        notify: (trouble, count) => red.log.warn(red._(`warnings.ledger.${trouble}`, { count })),
        onBudget: (warning) => warnOfBudget(red, warning),
      }),
    );
  ledgers.set(red.events, known);
  return known;
}

/** @param ledger whose entries everybody may see as they are settled */
export function publish(ledger: Ledger): Ledger {
  ledger.subscribe((entry) => settled.publish(entry));
  return ledger;
}

/** At 80 %, once a day or month. */
export function warnOfBudget(red: Red, { account, period, limit, spent }: BudgetWarning): void {
  const name = red.nodes.getNode(account)?.name || account;
  red.log.warn(red._(`warnings.budget.${period}`, { account: name, limit, spent }));
}
