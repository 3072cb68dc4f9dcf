/** docs/providers/tencent-market.md, "Two gateways, two signatures": which of them a host wants. */

export type Scheme = 'gateway' | 'cloudmarket';

/** The hosts of each gateway, by their ending. */
export const HOSTS: readonly (readonly [string, Scheme])[] = [
  ['.apigateway.myqcloud.com', 'gateway'],
  ['.apigw.tencentcs.com', 'gateway'],
  ['.cloudmarket-apigw.com', 'cloudmarket'],
];

/**
 * @param chosen in the account: a scheme, or `auto`
 * @param hostname of the account's base URL
 * @returns the scheme, or null where the host does not decide it
 */
export function schemeFor(chosen: unknown, hostname: string): Scheme | null {
  if (chosen === 'gateway' || chosen === 'cloudmarket') return chosen;
  return HOSTS.find(([ending]) => hostname.endsWith(ending))?.[1] ?? null;
}

/** Whether a host is one of Tencent's gateways, which may be sent an account's signature. */
export function isGatewayHost(hostname: string): boolean {
  return schemeFor('auto', hostname) !== null;
}
