/** What an object store answers, and which setting of the photo store is wrong then. */

import { VerifyError } from '../contract/errors';
import type { HttpAnswer } from '../contract/transport';

/**
 * The problem by `<Code>` of the answer: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and the
 * pages of Alibaba OSS, Tencent COS and Huawei OBS about errors.
 */
const CODES: ReadonlyMap<string, string> = new Map([
  ['InvalidAccessKeyId', 'store-key-unknown'],
  ['InvalidAccessKey', 'store-key-unknown'],
  ['InvalidSecretId', 'store-key-unknown'],
  ['SignatureDoesNotMatch', 'store-secret-wrong'],
  ['RequestTimeTooSkewed', 'store-clock'],
  ['RequestExpired', 'store-clock'],
  ['AccessDenied', 'store-denied'],
  ['AllAccessDisabled', 'store-denied'],
  ['UserDisable', 'store-denied'],
  ['NoSuchBucket', 'store-bucket-unknown'],
  ['AuthorizationHeaderMalformed', 'store-region'],
  ['PermanentRedirect', 'store-region'],
  ['TemporaryRedirect', 'store-region'],
  ['IllegalLocationConstraintException', 'store-region'],
  // OSS, COS and OBS in turn, each about a bucket in the path.
  ['SecondLevelDomainForbidden', 'store-style'],
  ['PathStyleDomainForbidden', 'store-style'],
  ['VirtualHostDomainRequired', 'store-style'],
  // OSS, for accounts opened since 20 March 2025: https://help.aliyun.com/zh/oss/user-guide/access-buckets-via-custom-domain-names
  ['PublicEndpointForbidden', 'store-needs-domain'],
  ['NonStandardHostForbidden', 'store-domain-unbound'],
  ['CnameDenied', 'store-domain-unbound'],
]);
/** These may also mean that the bucket belongs to another endpoint; then the answer names it. */
const MAY_NAME_ENDPOINT: ReadonlySet<string> = new Set([
  'AccessDenied',
  'PermanentRedirect',
  'TemporaryRedirect',
]);
const ENDPOINT = /<Endpoint>([A-Za-z\d.-]{1,253})<\/Endpoint>/;
/** Where the answer has no code that is known. */
const STATUSES: ReadonlyMap<number, string> = new Map([
  [301, 'store-region'],
  [307, 'store-region'],
  [401, 'store-denied'],
  [403, 'store-denied'],
]);
const HEAD_BYTES = 4096;
const LONGEST_CODE = 64;

/**
 * @param answer to a request that was signed
 * @throws VerifyError where it was refused; AUTH where that may be the clock's fault, so that the transport corrects it
 */
export function checkAnswer({ status, body }: HttpAnswer): void {
  if (status >= 200 && status < 300) return;
  const head = body.toString('utf8', 0, HEAD_BYTES);
  const [, code = ''] = new RegExp(`<Code>([A-Za-z.]{1,${LONGEST_CODE}})</Code>`).exec(head) ?? [];
  const words = code || `HTTP ${status}`;
  const endpoint = MAY_NAME_ENDPOINT.has(code) ? ENDPOINT.exec(head)?.[1] : undefined;
  const details = { httpStatus: status, providerCode: code || null, envelope: code !== '' };
  if (status === 429 || code === 'SlowDown' || code === 'TooManyRequests')
    throw new VerifyError('RATE_LIMITED', 'store-failing', { words }, details);
  if (status >= 500) throw new VerifyError('PROVIDER', 'store-failing', { words }, details);
  if (endpoint) throw new VerifyError('CONFIG', 'store-other-endpoint', { words, endpoint }, details);
  const problem = CODES.get(code) ?? STATUSES.get(status) ?? 'store-refused';
  const isSigned = status === 403 || problem === 'store-clock';
  throw new VerifyError(isSigned ? 'AUTH' : 'CONFIG', problem, { words }, details);
}

/**
 * @param answer to a photo that was put
 * @throws VerifyError as `checkAnswer`, or CONFIG where what answered is no object store
 */
export function checkPut(answer: HttpAnswer): void {
  checkAnswer(answer);
  if (answer.headers.etag === undefined) throw new VerifyError('CONFIG', 'store-foreign');
}

/** The problem of an error that the transport raised, and what it is at a store. */
const STORE_PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['host-not-found', 'store-host-unknown'],
  ['certificate', 'store-certificate'],
  ['proxy-refused', 'store-proxy'],
  ['timeout', 'store-timeout'],
  ['connect-timeout', 'store-timeout'],
  ['provider-down', 'store-down'],
  ['connection-broke', 'store-away'],
  ['no-connection', 'store-away'],
]);

/**
 * docs/contract.md, "Photos in hand": a photo that could not be stored is NETWORK or CONFIG, and nothing was charged.
 * @param reason with which a request to a store ended
 * @returns the error a flow gets
 */
export function storeError(reason: unknown): unknown {
  if (!(reason instanceof VerifyError)) return reason;
  const { code, problem, values, details } = reason;
  const { httpStatus = null, retryAfter = null } = details;
  const kept = { httpStatus, retryAfter, charged: false };
  if (code === 'CANCELLED') return new VerifyError(code, problem, values, { charged: false });
  const known = problem.startsWith('store-') ? problem : (STORE_PROBLEMS.get(problem) ?? 'store-foreign');
  const isPassing = ['NETWORK', 'TIMEOUT', 'PROVIDER', 'RATE_LIMITED', 'OVERLOADED'].includes(code);
  return new VerifyError(isPassing ? 'NETWORK' : 'CONFIG', known, values, kept);
}
