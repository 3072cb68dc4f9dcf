import type { ErrorCode } from '../../errors';

/** linkface.md, the table of codes: the one success. */
export const SUCCESS = '0000';

/** linkface.md, the table of codes: every `code` but 0000. */
export const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['1000', 'AUTH'],
  ['1001', 'INPUT'],
  ['1002', 'INPUT'],
  ['1007', 'ACCOUNT'],
  ['1008', 'ACCOUNT'],
  ['1009', 'RATE_LIMITED'],
  ['1011', 'ACCOUNT'],
  ['9999', 'PROVIDER'],
]);
