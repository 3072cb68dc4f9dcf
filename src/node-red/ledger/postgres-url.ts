/** Where a PostgreSQL is, as libpq writes it: `postgresql://user:password@host:5432/database?sslmode=require`. */
import { isLoopback, readServerUrl } from '../../http/address';

const DEFAULT_PORT = 5432;
const PROTOCOLS = ['postgres:', 'postgresql:'];
/** A database, and how it is to be encrypted. */
const PATH = /^(?:\/[^/?]*)?(?:\?sslmode=[a-z-]+)?$/;
/** Values of `sslmode` with which a connection is encrypted for certain. */
const ENCRYPTED: ReadonlySet<string> = new Set(['require', 'verify-ca', 'verify-full']);

interface PostgresAddress {
  connection: { host: string; port: number; user: string; password: string; database: string };
  /** Whether the address itself asks for an encrypted connection. */
  wantsTls: boolean;
  isLoopback: boolean;
}

/**
 * @param text of a person; white space around it does not matter
 * @returns null where it is no address of a PostgreSQL
 */
export function readPostgresUrl(text: string): PostgresAddress | null {
  const url = readServerUrl(text, PROTOCOLS, PATH);
  if (!url) return null;
  const { hostname, port, username, password, pathname, searchParams } = url;
  const user = decodeURIComponent(username);
  return {
    connection: {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? DEFAULT_PORT : Number(port),
      user,
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)) || user,
    },
    wantsTls: ENCRYPTED.has(searchParams.get('sslmode') ?? ''),
    isLoopback: isLoopback(hostname),
  };
}
