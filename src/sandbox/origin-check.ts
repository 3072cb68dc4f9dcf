/** Pages of others, which may know where the sandbox listens, must neither see nor change what it remembers. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { Reason } from '../contract/sandbox-half';

/**
 * Names that nobody outside can point at this machine: one label (a container's), and those of RFC 6761, RFC 6762 and
 * ICANN's `.internal`. Any other may be an attacker's own that leads here (DNS rebinding).
 */
const OWN_NAME = /^(?:[a-z0-9_-]+|.+\.(?:localhost|local|internal))$/i;

const FOREIGN_NAME = {
  en: 'The header Host is an IP address, localhost, or the name that --host was given.',
  zh: 'Host 头须为 IP 地址、localhost 或 --host 指定的名称。',
};

/**
 * A page with a name that was pointed here (DNS rebinding) could search this machine's network: photos are downloaded. A
 * program has no origin, and calls the sandbox as it likes.
 * @param headers of a request to a provider
 * @param host of --host, or null
 * @returns why it is refused, or null
 */
export function objectionToPage(headers: IncomingHttpHeaders, host: string | null): Reason | null {
  return headers.origin === undefined || isOwn(headers, host) ? null : FOREIGN_NAME;
}

/**
 * @param method of a request to the sandbox itself
 * @param headers of the request
 * @param host of --host, or null
 * @returns why it is refused, or null
 */
export function objectionTo(
  method: string,
  headers: IncomingHttpHeaders,
  host: string | null,
): Reason | null {
  const { origin } = headers;
  if (!isOwn(headers, host)) return FOREIGN_NAME;
  if (origin !== undefined && urlOf(origin)?.host !== headers.host)
    return {
      en: 'A page of another origin must not ask this: Origin and Host differ.',
      zh: '其他来源的页面不能调用：Origin 与 Host 不一致。',
    };
  // Following a link changes nothing.
  const isLink = method === 'GET' && headers['sec-fetch-mode'] === 'navigate';
  return isLink || !/^(?:cross|same)-site$/.test(String(headers['sec-fetch-site']))
    ? null
    : { en: 'A page of another site must not ask this.', zh: '其他网站的页面不能调用。' };
}

function isOwn({ host: called = '' }: IncomingHttpHeaders, host: string | null): boolean {
  const name = urlOf(`http://${called}`)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
  return isIP(name) !== 0 || name === host || OWN_NAME.test(name);
}

function urlOf(address: string): URL | null {
  return URL.canParse(address) ? new URL(address) : null;
}
