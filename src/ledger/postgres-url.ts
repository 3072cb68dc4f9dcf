/** Where a PostgreSQL is, as libpq writes it: `postgresql://user:password@host:5432/database?sslmode=require`. */
import { isLoopback } from '../http/address';

const DEFAULT_PORT = 5432;
/** Values of `sslmode` with which a connection is encrypted for certain. */
const ENCRYPTED: ReadonlySet<string> = new Set(['require', 'verify-ca', 'verify-full']);

export interface PostgresAddress {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** Whether the connection is encrypted where nothing else says so: always, except to this machine itself. */
  isEncrypted: boolean;
}

/**
 * @param text of a person; white space around it does not matter
 * @returns null where it is no address of a PostgreSQL
 */
export function readPostgresUrl(text: string): PostgresAddress | null {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return null;
  }
  const { protocol, hostname, port, username, password, pathname, searchParams, hash } = url;
  if (!['postgres:', 'postgresql:'].includes(protocol) || hostname === '' || hash !== '') return null;
  const parameters = [...searchParams.keys()];
  if (parameters.some((name) => name !== 'sslmode')) return null;
  try {
    const database = decodeURIComponent(pathname.slice(1));
    if (database.includes('/')) return null;
    const user = decodeURIComponent(username);
    return {
      host: decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
      port: port === '' ? DEFAULT_PORT : Number(port),
      user,
      password: decodeURIComponent(password),
      database: database || user,
      isEncrypted: ENCRYPTED.has(searchParams.get('sslmode') ?? '') || !isLoopback(hostname),
    };
  } catch {
    return null;
  }
}
