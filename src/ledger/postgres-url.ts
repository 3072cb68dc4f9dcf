/** Where a PostgreSQL is, as libpq writes it: `postgresql://user:password@host:5432/database?sslmode=require`. */

const DEFAULT_PORT = 5432;
/** Values of `sslmode` with which a connection is encrypted for certain. */
const ENCRYPTED: ReadonlySet<string> = new Set(['require', 'verify-ca', 'verify-full']);

export interface PostgresAddress {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** Whether the address itself asks for an encrypted connection. */
  wantsTls: boolean;
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
      wantsTls: ENCRYPTED.has(searchParams.get('sslmode') ?? ''),
    };
  } catch {
    return null;
  }
}
