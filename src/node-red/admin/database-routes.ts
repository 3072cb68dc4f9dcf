/** The admin routes over the database itself: docs/contract.md, "Ledger", "Editor sidebar". */
import { pipeline } from 'node:stream/promises';
import { VerifyError } from '../../contract/errors';
import type { Database } from '../../store/database';
import type { LedgerStoreNode } from '../ledger/ledger-of';
import { databaseFile } from '../runner/database-file';
import { withText } from '../runner/explain';
import type { AdminHandler, AdminRequest, AdminResponse, Red } from '../runner/red';
import { languageOfReader } from '../runner/texts';

const READ = 'cn-verify.read';
/** A copy has everything in it that the process has, so that who may change something may take one. */
const WRITE = 'cn-verify.write';
const BACKUP_HEADERS = {
  'Content-Type': 'application/vnd.sqlite3',
  'Content-Disposition': 'attachment; filename="cn-verify.db"',
  'Cache-Control': 'no-store',
};

/** Each runtime's admin application once. */
const registered = new WeakSet<object>();

/** @param red Node-RED, as any node has it */
export function registerDatabaseRoutes(red: Red): void {
  const { httpAdmin, auth } = red;
  if (registered.has(httpAdmin)) return;
  registered.add(httpAdmin);
  const mayRead = auth.needsPermission(READ);
  const mayWrite = auth.needsPermission(WRITE);
  const answer =
    (work: (request: AdminRequest, response: AdminResponse) => Promise<unknown>): AdminHandler =>
    (request, response) => {
      work(request, response).catch((reason: unknown) => refuse(red, request, response, reason));
    };
  httpAdmin.get(
    '/cn-verify/database',
    mayRead,
    answer(async (request, response) => {
      const database = databases().databaseOf(red);
      // That it is still being opened is no state to show.
      await database.ready().catch(() => {});
      const setBack = setBackStores(red).length > 0 ? new VerifyError('CONFIG', 'ledger-set-back') : null;
      const problem = database.problem() ?? setBack;
      const { text } = problem ? withText(red, problem, languageOfReader(request)) : { text: null };
      response.json({ state: problem === setBack && setBack ? 'damaged' : database.state(), text });
    }),
  );
  httpAdmin.get(
    '/cn-verify/backup',
    mayWrite,
    answer(async (_request, response) => {
      const { backupOf } = require('../../store/backup') as typeof import('../../store/backup');
      const copy = backupOf(databases().databaseOf(red), databaseFile(red) ?? '');
      // What cannot be read at all is said before anything is sent.
      const first = await copy.next();
      response.status(200).set(BACKUP_HEADERS);
      await pipeline(async function* () {
        yield first.value ?? '';
        yield* copy;
      }, response);
    }),
  );
  const decide = (path: string, decision: (database: Database) => Promise<void>) =>
    httpAdmin.post(
      path,
      mayWrite,
      answer(async (_request, response) => {
        await decision(databases().databaseOf(red));
        response.json({});
      }),
    );
  decide('/cn-verify/secret/start-anew', (database) => database.startAnew());
  decide('/cn-verify/damage/acknowledge', async (database) => {
    for (const store of setBackStores(red)) await store.acknowledge();
    await database.acknowledge();
  });
}

/** @returns shared ledgers in which calls are missing that this process has seen there */
function setBackStores(red: Red): LedgerStoreNode[] {
  const ids: string[] = [];
  red.nodes.eachNode(({ id, type }) => type === 'verify-ledger-store' && ids.push(id));
  const stores = ids.map((id) => red.nodes.getNode(id) as LedgerStoreNode | null);
  return stores.filter((store): store is LedgerStoreNode => store?.isSetBack?.() === true);
}

/** Loaded when somebody asks. */
function databases(): typeof import('../runner/database-of') {
  return require('../runner/database-of') as typeof import('../runner/database-of');
}

/** `problem` and `values` are those of an error's `cause`; `text` says it in the language of the reader. */
function refuse(red: Red, request: AdminRequest, response: AdminResponse, reason: unknown): void {
  if ('headersSent' in response && response.headersSent) return;
  const { code, problem, values } =
    reason instanceof VerifyError ? reason : new VerifyError('PROTOCOL', 'internal');
  response
    .status(code === 'CONFIG' ? 503 : 500)
    .json(withText(red, { code, problem, values }, languageOfReader(request)));
}
