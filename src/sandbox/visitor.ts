/** Who may see and change what the sandbox remembers: pages of others must not, though they know where it listens. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/**
 * Names that nobody outside can point at this machine: one label (a container's), and those of RFC 6761, RFC 6762 and
 * ICANN's `.internal`. Any other may be an attacker's own that leads here (DNS rebinding).
 */
const OWN_NAME = /^(?:[a-z0-9_-]+|.+\.(?:localhost|local|internal))$/i;

/**
 * @param method of the request
 * @param headers of the request
 * @param host that the sandbox was told to listen on, or null
 * @returns why it is refused, or null
 */
export function objectionTo(
  method: string,
  headers: IncomingHttpHeaders,
  host: string | null,
): string | null {
  const { host: called = '', origin } = headers;
  const name = urlOf(`http://${called}`)?.hostname.replace(/^\[(.*)\]$/, '$1');
  if (!name || !(isIP(name) || name === host || OWN_NAME.test(name)))
    return 'The header Host is an IP address, localhost, or the name that --host was given.';
  if (origin !== undefined && urlOf(origin)?.host !== called)
    return 'A page of another origin must not ask this: Origin and Host differ.';
  // Who follows a link only looks.
  const isLink = method === 'GET' && headers['sec-fetch-mode'] === 'navigate';
  return isLink || !/^(?:cross|same)-site$/.test(String(headers['sec-fetch-site']))
    ? null
    : 'A page of another site must not ask this.';
}

function urlOf(address: string): URL | null {
  return URL.canParse(address) ? new URL(address) : null;
}
