/** How a node's own `tls` and `proxy` say to connect: docs/contract.md, "Account nodes". */
import { VerifyError } from '../../contract/errors';
import { type ProxyRoute, proxyFor } from '../../http/proxy';
import type { TlsOptions } from '../../http/wire';
import type { HttpProxyNode, Red, TlsNode } from './red';

/** Certificates are verified even where NODE_TLS_REJECT_UNAUTHORIZED was set to 0 for the sake of another server. */
const VERIFIED = { rejectUnauthorized: true } as const;

/**
 * @param red Node-RED
 * @param id of a `tls-config` node, or nothing
 * @throws VerifyError CONFIG where it is missing or does not verify
 */
export function tlsOptions(red: Red, id: unknown): TlsOptions & typeof VERIFIED {
  if (!id) return VERIFIED;
  const node = red.nodes.getNode(String(id)) as TlsNode | null;
  if (!node) throw new VerifyError('CONFIG', 'tls-missing');
  if (node.verifyservercert === false) throw new VerifyError('CONFIG', 'tls-unverified');
  if (node.valid === false) throw new VerifyError('CONFIG', 'tls-missing');
  const { rejectUnauthorized, ALPNProtocols, ...options } = node.addTLSOptions({});
  return { ...options, ...VERIFIED };
}

/**
 * @param red Node-RED
 * @param id of an `http proxy` node; without one the environment says
 * @param address that is called
 * @returns the way through a proxy, or null for a direct one
 * @throws VerifyError CONFIG where it is missing or cannot be used
 */
export function proxyOf(red: Red, id: unknown, address: URL): ProxyRoute | null {
  const node = id ? (red.nodes.getNode(String(id)) as HttpProxyNode | null) : undefined;
  if (node === null || (node && !node.url)) throw new VerifyError('CONFIG', 'proxy-missing');
  const chosen = node && {
    url: String(node.url),
    noproxy: node.noproxy ?? [],
    username: node.credentials?.username ?? '',
    password: node.credentials?.password ?? '',
  };
  try {
    return proxyFor(address, chosen, process.env);
  } catch (error) {
    if (error instanceof VerifyError) throw error;
    throw new VerifyError('CONFIG', 'proxy-unreadable');
  }
}
