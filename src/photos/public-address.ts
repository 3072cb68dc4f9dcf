/** Addresses of a store: where it is reached by us, and where by the providers. */
import { VerifyError } from '../errors';
import { addressProblem } from '../http/address';
import { isUnreachable } from '../input/unreachable';

/**
 * @param endpoint of an object store
 * @returns it; `https:` only, except for loopback hosts
 * @throws VerifyError CONFIG
 */
export function checkEndpoint(endpoint: string): URL {
  if (addressProblem(endpoint)) throw notSetUp('store-endpoint');
  return new URL(endpoint);
}

/**
 * @param publicUrl under which the world gets photos
 * @param unencrypted whether that may be `http:`, over which a provider fetches photos, too
 * @returns it
 * @throws VerifyError CONFIG
 */
export function checkPublicUrl(publicUrl: string, unencrypted: boolean): URL {
  const problem = addressProblem(publicUrl);
  const isPlain = problem === 'base-url-not-https' && isPlainHttp(publicUrl);
  if (problem && !isPlain) throw notSetUp('store-public-url');
  if (isPlain && !unencrypted) throw notSetUp('store-unencrypted');
  return new URL(publicUrl);
}

function notSetUp(problem: string): VerifyError {
  return new VerifyError('CONFIG', problem, {}, { charged: false });
}

function isPlainHttp(address: string): boolean {
  const { protocol, username, password, search, hash } = new URL(address);
  return protocol === 'http:' && !(username || password || search || hash);
}

/** @returns whether no provider can reach it */
export function isOutOfReach({ hostname }: URL): boolean {
  return isUnreachable(hostname);
}
