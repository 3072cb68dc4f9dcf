/** What a failure of PostgreSQL, or of the way there, means for an operation. */
import type { DatabaseError } from 'pg';
import { CERTIFICATE_REFUSALS } from '../contract/certificates';
import { VerifyError } from '../contract/errors';

/** Refusals of the server that waiting does not mend: docs of PostgreSQL, appendix A. */
const REFUSED: ReadonlySet<string> = new Set([
  '28P01', // wrong password
  '28000', // the role may not log in
  '3D000', // no such database
  ...CERTIFICATE_REFUSALS,
  'NO_TLS',
]);
/** The transaction was in conflict with another one: it is run again. */
const CONFLICTS: ReadonlySet<string> = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '23505', // unique violation: another one has inserted the same row
]);
/** Of a standby. */
export const READ_ONLY = '25006';
/** Classes and codes that say the server cannot serve now: connections, resources, operators, a standby. */
const AWAY = new RegExp(`^(08|53|57|58)|^${READ_ONLY}$`);

/** What a failure of `pg` or of the network means for the operation. */
export function failureOf(reason: unknown): {
  kind: 'away' | 'refused' | 'conflict' | 'fault';
  code: string;
} {
  const { code = '', message = '' } = reason as DatabaseError;
  if (CONFLICTS.has(code)) return { kind: 'conflict', code };
  if (REFUSED.has(code)) return { kind: 'refused', code };
  if (/does not support SSL/.test(message)) return { kind: 'refused', code: 'NO_TLS' };
  if (AWAY.test(code)) return { kind: 'away', code };
  // The server's codes have five characters, of which one is a digit; EPIPE and others are those of the network or of the driver.
  const isOfServer = /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
  return isOfServer ? { kind: 'fault', code } : { kind: 'away', code: code || 'TIMEOUT' };
}

export function away(waitMs: number, code: string): VerifyError {
  const values = { seconds: Math.round(waitMs / 100) / 10, code };
  return new VerifyError('NETWORK', 'ledger-away', values, { charged: false });
}

export function refused(code: string): VerifyError {
  return new VerifyError('CONFIG', 'ledger-refused', { code }, { charged: false });
}
