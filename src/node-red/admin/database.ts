/** The database itself, for the sidebar: its state, a copy, and what an operator decides about it. */
import { VerifyError } from '../../contract/errors';
import { backupOf } from '../../store/backup';
import type { LedgerStoreNode } from '../ledger/ledger-of';
import { databaseOf } from '../runner/database-of';
import { nodesOf } from '../runner/deployed';
import { withText } from '../runner/flow-error';
import { databaseFile } from '../runner/own-settings';
import type { Red } from '../runner/red';
import type { AdminQuestion, Download } from './question';

/** @returns how the database is, and what is wrong in the words of the reader */
export async function stateOf({ red, language }: AdminQuestion): Promise<unknown> {
  const database = databaseOf(red);
  // That it is still being opened is no state to show.
  await database.ready().catch(() => {});
  // Another process may have noticed it, or confirmed it.
  await Promise.all(ledgerStores(red).map((store) => store.problem()));
  const setBack = setBackStores(red).length > 0 ? new VerifyError('CONFIG', 'ledger-set-back') : null;
  const problem = database.problem() ?? setBack;
  const { text } = problem ? withText(red, problem, language) : { text: null };
  return { state: problem === setBack && setBack ? 'damaged' : database.state(), text };
}

/** @returns a copy of the database */
export function backup({ red }: AdminQuestion): Download {
  return {
    contentType: 'application/vnd.sqlite3',
    name: 'cn-verify.db',
    pieces: backupOf(databaseOf(red), databaseFile(red) ?? ''),
  };
}

/** Gives up what cannot be read any more. */
export async function startAnew({ red }: AdminQuestion): Promise<object> {
  await databaseOf(red).startAnew();
  return {};
}

/** Goes on with what is left of a database, or of a shared ledger, that was damaged. */
export async function acknowledge({ red }: AdminQuestion): Promise<object> {
  for (const store of setBackStores(red)) await store.acknowledge();
  await databaseOf(red).acknowledge();
  return {};
}

/** @returns shared ledgers in which calls are missing that this process has seen there */
function setBackStores(red: Red): LedgerStoreNode[] {
  return ledgerStores(red).filter((store) => store.isSetBack());
}

function ledgerStores(red: Red): LedgerStoreNode[] {
  return nodesOf<LedgerStoreNode>(red, 'verify-ledger-store', 'isSetBack');
}
