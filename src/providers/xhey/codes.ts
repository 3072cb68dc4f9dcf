import type { ErrorCode } from '../../errors';

/** xhey.md, "Codes": every `code` but 200. */
export const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['400', 'INPUT'],
  ['401', 'AUTH'],
  ['403', 'ACCOUNT'],
  ['404', 'INPUT'],
  ['500', 'PROVIDER'],
  ['2001', 'INPUT'],
  ['4002', 'AUTH'],
  ['4007', 'AUTH'],
  ['4008', 'INPUT'],
  ['4009', 'INPUT'],
  ['4010', 'INPUT'],
  ['4011', 'INPUT'],
  ['4012', 'INPUT'],
  ['4013', 'INPUT'],
]);

/** A task the provider does not know (any more). */
export const UNKNOWN_TASK = '404';
