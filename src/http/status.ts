import { type ErrorCode, refusal, VerifyError } from '../contract/errors';

/** docs/contract.md, "Errors": what an HTTP status means where the provider's tables are silent. */
const STATUSES: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'AUTH'],
  [403, 'ACCOUNT'],
  [404, 'CONFIG'],
  [429, 'RATE_LIMITED'],
]);

/**
 * @param status of an answer without the provider's envelope
 * @returns the error it stands for, or null for 2xx
 */
export function refusedStatus(status: number): VerifyError | null {
  if (status >= 200 && status < 300) return null;
  const code = STATUSES.get(status) ?? (status >= 500 && status < 600 ? 'PROVIDER' : null);
  if (!code) return new VerifyError('PROTOCOL', 'unexpected-status', { httpStatus: status });
  const error = refusal(code, `HTTP ${status}`, '');
  Object.assign(error.details, { providerCode: null, providerMessage: null, envelope: false });
  return error;
}
