/** Addresses of a store: the one that we reach it at, and the one that providers reach it at. */
import { VerifyError } from '../contract/errors';
import { addressProblem } from '../http/address';
import { isUnreachable } from '../input/fetchable';

/**
 * @param endpoint of an object store
 * @returns it; `https:` only, except for loopback hosts
 * @throws VerifyError CONFIG
 */
export function checkEndpoint(endpoint: string): URL {
  if (addressProblem(endpoint)) throw new VerifyError('CONFIG', 'store-endpoint', {}, { charged: false });
  return new URL(endpoint);
}

/**
 * @param publicUrl under which the world gets photos
 * @param allowsHttp whether photos may travel unencrypted, to other hosts than this machine
 * @returns it
 * @throws VerifyError CONFIG
 */
export function checkPublicUrl(publicUrl: string, allowsHttp: boolean): URL {
  const problem = addressProblem(publicUrl);
  const isPlain = problem === 'base-url-not-https' && isPlainHttp(publicUrl);
  if (problem && !(isPlain && allowsHttp)) {
    const name = isPlain ? 'store-plain-http' : 'store-public-url';
    throw new VerifyError('CONFIG', name, {}, { charged: false });
  }
  return new URL(publicUrl);
}

function isPlainHttp(address: string): boolean {
  const { protocol, username, password, search, hash } = new URL(address);
  return protocol === 'http:' && !(username || password || search || hash);
}

/** @returns whether no provider can reach it */
export function isOutOfReach({ hostname }: URL): boolean {
  return isUnreachable(hostname);
}
