/** Shared ledgers of a test, each as a process of its own would have it: with a database of its own beside it. */
import { join } from 'node:path';
import { Ledger } from '../../src/ledger/ledger';
import { sharedKept } from '../../src/ledger/shared-kept';
import { SHARED_LEDGER_OPERATIONS } from '../../src/ledger/shared-ledger-sql';
import { readPostgresUrl } from '../../src/node-red/ledger/postgres-url';
import { Seen } from '../../src/photos/seen';
import { SEEN_OPERATIONS } from '../../src/photos/seen-sql';
import { openPostgres } from '../../src/store/postgres';
import { secretFrom } from '../../src/store/secret';
import { temporaryDirectory } from '../demo-process';
import { openTestDatabase } from '../store/open';

export interface Shared {
  ledger: Ledger;
  seen: Seen;
  database: ReturnType<typeof openPostgres>;
  /** Of its own database. */
  file: string;
  notices: string[];
  /** @returns how many calls wait in its own database to be delivered */
  outbox(): Promise<number>;
  /** Looks at the shared database again, as after a connection that broke. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
  /** Ends without a word, as a process does that is killed; what it was writing to its own database is there. */
  vanish(): Promise<void>;
}

const open = new Set<Shared>();

export async function openShared({
  url,
  schema,
  file = join(temporaryDirectory(), 'cn-verify.db'),
  leaseMs = 60_000,
  ssl = false,
  secret = 'a secret of the test',
}: {
  url: string;
  schema: string;
  file?: string;
  leaseMs?: number;
  ssl?: false | { ca?: string; rejectUnauthorized: true };
  secret?: string;
}): Promise<Shared> {
  const notices: string[] = [];
  const own = openTestDatabase(file, { notify: (notice) => notices.push(`own ${notice}`) });
  await own.ready();
  const { connection } = readPostgresUrl(url)!;
  const database = openPostgres({
    connection: { ...connection, ssl },
    schema,
    secret: secretFrom(secret),
    operations: { ...SHARED_LEDGER_OPERATIONS, ...SEEN_OPERATIONS },
    now: Date.now,
    notify: (notice) => notices.push(notice),
    ...sharedKept(own),
  });
  const ledger = new Ledger({
    database,
    leaseMs,
    now: Date.now,
    notify: (notice) => notices.push(notice),
    onBudget: () => {},
  });
  const seen = new Seen({ database, now: Date.now });
  const one: Shared = {
    ledger,
    seen,
    database,
    file,
    notices,
    outbox: async () =>
      (await own.call<object, unknown[]>('outbox.list', { location: database.locationDigest })).length,
    reconnect: () => database.look(),
    close: async () => {
      if (!open.has(one)) return;
      ledger.close();
      await ledger.leave(1_000);
      await one.vanish();
    },
    vanish: async () => {
      open.delete(one);
      ledger.close();
      seen.close();
      await database.close();
      await own.close();
    },
  };
  open.add(one);
  return one;
}

export async function closeShared(): Promise<void> {
  for (const one of [...open]) await one.close();
}
