/** Hosts that no provider can reach: docs/contract.md, "What an input may look like", Photo URL. */
import { BlockList, isIP } from 'node:net';

/** IANA's special-purpose registries, without the addresses that documents use as examples of public ones. */
const SUBNETS = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  // Unspecified, loopback and what holds an IPv4 address; NAT64, unique local, link-local, site-local, multicast.
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
  // 6to4 of the private ones.
  ...['2002:a00::/24', '2002:7f00::/24', '2002:a9fe::/32', '2002:ac10::/28', '2002:c0a8::/32'],
];

const BLOCKED = new BlockList();
for (const subnet of SUBNETS) {
  const [address = '', prefix] = subnet.split('/');
  BLOCKED.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** RFC 6761, 6762 and 8375, ICANN's `.internal`, and what routers, companies and Kubernetes use. */
const PRIVATE_DOMAIN =
  /\.(?:localhost|localdomain|local|internal|intranet|private|lan|home|home\.arpa|corp|svc)$/;

/** A label that says so, of an object store too; not the first one, which may be a bucket's name. */
const INTERNAL_LABEL = /\.(?:[^.]+-)?(?:internal|intranet)(?:-[^.]+)?\./;
/** The same of a store's host without a bucket's name before it. */
const INTERNAL_STORE = /^(?:oss|obs|cos|tos|bos|ks3|s3)-(?:[^.]+-)?internal\./;
/** Internal hosts whose names do not say so, as the manuals of Alibaba OSS and Volcengine TOS have them. */
const UNNAMED_STORE = /(?:^|\.)vpc100-oss-[^.]+\.aliyuncs\.com$|\.ivolces\.com$/;

/**
 * @param hostname as `URL` has it, in which every form of an IPv4 address has become the usual one
 * @returns whether it is private, loopback or link-local, or internal by its name
 */
export function isUnreachable(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  if (host.startsWith('[')) return BLOCKED.check(host.slice(1, -1), 'ipv6');
  if (isIP(host) === 4) return BLOCKED.check(host, 'ipv4');
  if (!host.includes('.') || PRIVATE_DOMAIN.test(host)) return true;
  return INTERNAL_LABEL.test(host) || INTERNAL_STORE.test(host) || UNNAMED_STORE.test(host);
}
