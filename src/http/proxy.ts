/**
 * Which proxy a provider is reached through: docs/contract.md, "Account nodes", `proxy`, and docs/node-red.md, "Runtime": the
 * environment variables are read as Node-RED reads them, lower case first.
 */
import { VerifyError } from '../contract/errors';
import { isLoopback } from './address';

export interface ProxyNode {
  url: string;
  /** Host names, `.domain` or `*.domain`, with an optional `:port`; `*` for all. */
  noproxy: readonly string[];
  username?: string;
  password?: string;
}

/** Where a tunnel starts. */
export interface ProxyRoute {
  url: string;
  /** Value of the Proxy-Authorization header. */
  authorization?: string;
}

/**
 * @param target base URL of the provider
 * @param node the account's `http proxy` node, or undefined to go by the environment
 * @param environment process.env
 * @returns the proxy, or null for a direct connection
 * @throws TypeError where the proxy's URL cannot be read; VerifyError CONFIG where it speaks something else than HTTP
 */
export function proxyFor(
  target: URL,
  node: ProxyNode | undefined,
  environment: NodeJS.ProcessEnv,
): ProxyRoute | null {
  if (isLoopback(target.hostname)) return null;
  const read = (name: string) => environment[name] || environment[name.toUpperCase()] || '';
  const scheme = target.protocol.slice(0, -1);
  const address = node ? node.url : read(`${scheme}_proxy`) || read('all_proxy');
  const exempt = node ? node.noproxy : read('no_proxy').split(/[,\s]+/);
  if (!address || exempt.some((entry) => exempts(entry.trim().toLowerCase(), target))) return null;
  const url = new URL(address.includes('://') ? address : `http://${address}`);
  const { protocol } = url;
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new VerifyError('CONFIG', 'proxy-scheme', { protocol });
  const username = node?.username || decodeURIComponent(url.username);
  const password = node?.password || decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  if (!username && !password) return { url: url.href };
  return {
    url: url.href,
    authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
  };
}

function exempts(entry: string, target: URL): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const [, host = '', port] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? [];
  if (port && port !== (target.port || (target.protocol === 'https:' ? '443' : '80'))) return false;
  const suffix = host.replace(/^\*/, '');
  return suffix.startsWith('.') || host.startsWith('*')
    ? target.hostname.endsWith(suffix)
    : target.hostname === host;
}
