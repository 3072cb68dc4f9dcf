import type { Account } from '../../contract/account';
import { requestAction } from '../../contract/provider-request';
import { formFields, jsonDigest, readJsonObject } from '../../input/json-object';
import { knownIn, personsIn } from '../../input/persons';
import { otherHost, type RequestPath, readRequestPath } from '../../input/request-path';
import { requestProduct, type Target } from './client';
import { isGatewayHost } from './sign';

interface ProductInput {
  /** null: the product of the account's address. */
  path: RequestPath | null;
  body: Record<string, string>;
}

/** Any product behind the two gateways: docs/providers/tencent-market.md, "Other products". */
export const request = requestAction<ProductInput>({
  provider: 'tencent-market',
  takes: { path: 'optional' },
  // Each buyer's products are known to the buyer alone.
  known: {},

  parse({ path, body }, _encrypt, repaired) {
    const isOwn = path === undefined || path === null || path === '';
    return {
      path: isOwn ? null : readRequestPath(path, 'path', repaired),
      body: formFields(readJsonObject(body, 'body', repaired), 'body'),
    };
  },

  persons: ({ body }) => personsIn(body),

  content: ({ path, body }) => `${path?.address?.origin ?? ''}${path?.path ?? ''}\n${jsonDigest(body)}`,

  prepare(account, { path, body }, context) {
    const target = targetOf(account, path);
    const known = knownIn(account.secrets, body);
    return (turn) => requestProduct(account, target, body, known, turn, context);
  },
});

/**
 * On a gateway another path is another product; elsewhere the account's address stands for the gateway's, and what is
 * asked for stands behind it. The sandbox plays every gateway.
 */
function targetOf({ environment, baseUrl }: Account, path: RequestPath | null): Target {
  if (!path) return { path: '' };
  const { address } = path;
  const isGateway = (host: URL) => host.protocol === 'https:' && isGatewayHost(host.hostname);
  if (address && address.origin !== baseUrl.origin && !isGateway(address)) throw otherHost();
  if (environment === 'sandbox') return { path: path.path };
  if (address) return { path: path.path, origin: address.origin };
  return isGateway(baseUrl) ? { path: path.path, origin: baseUrl.origin } : { path: path.path };
}
