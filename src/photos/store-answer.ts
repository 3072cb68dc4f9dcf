/** What an object store answers, and what that says of the store's settings. */
import type { HttpAnswer } from '../action';
import { VerifyError } from '../errors';

/**
 * By `<Code>` of the answer, what is wrong: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and the
 * pages of Alibaba OSS, Tencent COS and Huawei OBS on errors.
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
]);
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
  const details = { httpStatus: status, providerCode: code || null, envelope: code !== '' };
  if (status === 429 || code === 'SlowDown' || code === 'TooManyRequests')
    throw new VerifyError('RATE_LIMITED', 'store-failing', { words }, details);
  if (status >= 500) throw new VerifyError('PROVIDER', 'store-failing', { words }, details);
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

/** What the transport calls a trouble, and what that is at a store. */
const TROUBLES: ReadonlyMap<string, string> = new Map([
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
 * CONTRACT, "Photos in hand": a photo that could not be stored is NETWORK or CONFIG, and nothing was charged.
 * @param reason that a request to a store ended with
 * @returns the error a flow gets
 */
export function storeError(reason: unknown): unknown {
  if (!(reason instanceof VerifyError)) return reason;
  const { code, problem, values, details } = reason;
  const { httpStatus = null, retryAfter = null } = details;
  const told = { httpStatus, retryAfter, charged: false };
  if (code === 'CANCELLED') return new VerifyError(code, problem, values, { charged: false });
  const known = problem.startsWith('store-') ? problem : (TROUBLES.get(problem) ?? 'store-foreign');
  const isPassing = ['NETWORK', 'TIMEOUT', 'PROVIDER', 'RATE_LIMITED', 'OVERLOADED'].includes(code);
  return new VerifyError(isPassing ? 'NETWORK' : 'CONFIG', known, values, told);
}
