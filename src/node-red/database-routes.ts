/** The admin routes over the database itself: docs/contract.md, "Ledger", "Editor sidebar". */
import { pipeline } from 'node:stream/promises';
import { VerifyError } from '../errors';
import { databaseFile } from './database-file';
import type { AdminHandler, AdminResponse, Red } from './red';

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
  const mayWrite = auth.needsPermission(WRITE);
  const answer =
    (work: (response: AdminResponse) => Promise<unknown>): AdminHandler =>
    (_request, response) => {
      work(response).catch((reason: unknown) => refuse(response, reason));
    };
  httpAdmin.get(
    '/cn-verify/backup',
    mayWrite,
    answer(async (response) => {
      const { backupOf } = require('../store/backup') as typeof import('../store/backup');
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
  httpAdmin.post(
    '/cn-verify/secret/start-anew',
    mayWrite,
    answer(async (response) => {
      await databases().databaseOf(red).startAnew();
      response.json({});
    }),
  );
  httpAdmin.post(
    '/cn-verify/damage/acknowledge',
    mayWrite,
    answer(async (response) => {
      await databases().databaseOf(red).acknowledge();
      response.json({});
    }),
  );
}

/** Loaded when somebody asks. */
function databases(): typeof import('./database-of') {
  return require('./database-of') as typeof import('./database-of');
}

/** `problem` and `values`, so that who asks can say it in his own words, as in an error's `cause`. */
function refuse(response: AdminResponse, reason: unknown): void {
  if ('headersSent' in response && response.headersSent) return;
  const { code, problem, values } =
    reason instanceof VerifyError ? reason : new VerifyError('PROTOCOL', 'internal');
  response.status(code === 'CONFIG' ? 503 : 500).json({ code, problem, values });
}
