/** The address of a Redis: docs/contract.md, "Queue". */
import { readServerUrl } from '../http/address';
import type { RedisServer } from './redis-connection';

const PORT = 6379;
/** The number of a database. */
const PATH = /^\/?\d{0,5}$/;

/**
 * @param text `redis:` or `rediss:`, with user name, password and database
 * @returns null where it cannot be used
 */
export function readRedisUrl(text: string): URL | null {
  return readServerUrl(text, ['redis:', 'rediss:'], PATH);
}

/**
 * @param url of `readRedisUrl`
 * @param tls how `rediss:` is connected to
 */
export function redisServer(url: URL, tls: object): RedisServer {
  const { protocol, hostname, port, username, password, pathname } = url;
  const options: RedisServer['options'] = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || PORT,
    family: 0,
    db: Number(pathname.slice(1)),
  };
  if (username) options.username = decodeURIComponent(username);
  if (password) options.password = decodeURIComponent(password);
  if (protocol === 'rediss:') options.tls = tls;
  return { place: url.host, options };
}
