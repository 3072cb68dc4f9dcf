/** A ledger that several Node-REDs share, in PostgreSQL: docs/contract.md, "Ledger". */

import { VerifyError } from '../../contract/errors';
import type { SettingDefinitions } from '../../contract/settings';
import type { Ledger } from '../../ledger/ledger';
import { sharedKept } from '../../ledger/shared-kept';
import { SHARED_LEDGER_OPERATIONS } from '../../ledger/shared-ledger-sql';
import { Seen } from '../../photos/seen';
import { SEEN_OPERATIONS } from '../../photos/seen-sql';
import { openPostgres, type PostgresDatabase } from '../../store/postgres';
import { secretFrom } from '../../store/secret';
import { tlsOptions } from '../runner/connection';
import { databaseOf } from '../runner/database-of';
import { asVerifyError } from '../runner/flow-error';
import { databaseFile } from '../runner/own-settings';
import type { Node, NodeConfig, Red } from '../runner/red';
import { readSettings, requireVariable, takeCredentials } from '../runner/settings';
import { type LedgerStoreNode, openLedger } from './ledger-of';
import { readPostgresUrl } from './postgres-url';

const NOTHING_SENT = { charged: false } as const;
/** A process that gave no sign of life for so long has ended. */
const LEASE_MS = 30_000;
/** When the node is closed, calls that are under way may end for so long. */
const GRACE_MS = 6_000;
const OPERATIONS = { ...SHARED_LEDGER_OPERATIONS, ...SEEN_OPERATIONS };

/** The form is built from it, too. */
export const SETTINGS = {
  schema: { type: 'string', default: 'cn_verify' },
  /** Whether another host may be reached without TLS. */
  unencrypted: { type: 'boolean', default: false },
} as const satisfies SettingDefinitions;

interface Opened {
  database: PostgresDatabase;
  ledger: Ledger;
  seen: Seen;
}

/**
 * Makes a node hold a shared ledger, which is opened when an account first asks for it.
 * @param red Node-RED
 * @param created the node
 * @param config as it was deployed
 */
export function createLedgerStore(red: Red, created: Node, config: NodeConfig): void {
  const node = created as LedgerStoreNode;
  const { url = '', secret = '' } = takeCredentials(node);
  let opened: Opened | null = null;

  node.location = locationOf(url, String(config.schema || SETTINGS.schema.default));
  node.ledger = () => openOnce().ledger;
  node.seen = () => openOnce().seen;
  node.problem = async () => {
    try {
      return await openOnce().database.findProblem();
    } catch (reason) {
      return asVerifyError(red, node, reason);
    }
  };
  node.isSetBack = () => opened?.database.isSetBack ?? false;
  node.acknowledge = async () => opened?.database.acknowledge();
  node.master = async () => masterOf(secret);
  node.on('close', (_removed, done) => {
    const closing = opened;
    opened = null;
    Promise.resolve(closing && close(closing)).then(() => done(), done);
  });

  function openOnce(): Opened {
    opened ??= open(red, node, config, url, secret);
    return opened;
  }
}

/** @returns stores that name the same are one ledger; null where the address cannot be read */
function locationOf(url: string, schema: string): string | null {
  const address = readPostgresUrl(url);
  if (!address) return null;
  const { host, port, database } = address.connection;
  return `${host}:${port}/${database} ${schema}`;
}

function masterOf(secret: string): Buffer {
  requireVariable(secret);
  if (!secret) throw new VerifyError('CONFIG', 'ledger-secret-missing', {}, NOTHING_SENT);
  return secretFrom(secret);
}

/** @throws VerifyError CONFIG where the store is not set up */
function open(red: Red, node: LedgerStoreNode, config: NodeConfig, url: string, secret: string): Opened {
  requireVariable(url);
  const master = masterOf(secret);
  const { schema, unencrypted } = readSettings(SETTINGS, config);
  const address = readPostgresUrl(url);
  if (!address) throw new VerifyError('CONFIG', 'ledger-url-unreadable', {}, NOTHING_SENT);
  const tls = tlsOptions(red, config.tls);
  // Another host is reached without TLS only where somebody says so; this machine itself only with it where they do.
  const isPlain = !config.tls && !address.wantsTls && (unencrypted || address.isLoopback);
  const database = openPostgres({
    // Verified, by the certificates of tls-config or else of the system.
    connection: { ...address.connection, ssl: isPlain ? false : tls },
    schema,
    secret: master,
    operations: OPERATIONS,
    now: Date.now,
    ...sharedKept(databaseFile(red) === null ? null : databaseOf(red)),
    notify: (notice, values) => {
      const text = red._(`warnings.shared-ledger.${notice}`, { ...values });
      if (notice === 'reached') node.log(text);
      else node.warn(text);
    },
  });
  const ledger = openLedger(red, { database, leaseMs: LEASE_MS });
  return { database, ledger, seen: new Seen({ database, now: Date.now }) };
}

async function close({ database, ledger, seen }: Opened): Promise<void> {
  ledger.close();
  seen.close();
  await ledger.leave(GRACE_MS);
  await database.close();
}
