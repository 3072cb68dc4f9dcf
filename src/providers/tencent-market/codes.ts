import type { ErrorCode } from '../../contract/errors';

/** docs/providers/tencent-market.md, "The product's answer", the table of codes: every `code` but 200. */
export const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['400', 'INPUT'],
  ['404', 'CONFIG'],
  ['500', 'PROVIDER'],
  ['501', 'PROVIDER'],
  ['601', 'ACCOUNT'],
  ['602', 'ACCOUNT'],
  ['603', 'ACCOUNT'],
  ['604', 'ACCOUNT'],
  ['606', 'RATE_LIMITED'],
  ['1001', 'PROVIDER'],
]);

/** One way a gateway refuses before the product is reached. */
export interface GatewayRefusal {
  statuses: readonly number[];
  text: RegExp;
  code: ErrorCode;
  /** Most often it was signed for the other of the two gateways. */
  isOtherScheme?: true;
}

/** docs/providers/tencent-market.md, "The gateway's own refusals"; a status without its text means what it means everywhere. */
export const GATEWAY_REFUSALS: readonly GatewayRefusal[] = [
  { statuses: [401, 403], text: /HMAC signature/i, code: 'AUTH' },
  {
    statuses: [401, 403],
    text: /authorization headers? is invalid|\b(?:id|signature) (?:is )?missing/i,
    code: 'AUTH',
    isOtherScheme: true,
  },
  // "Two gateways, two signatures": how the newer gateway refuses a date.
  { statuses: [403], text: /签名时间.*超时|超时.*签名时间/s, code: 'AUTH' },
  { statuses: [403], text: /no validate usage plan/i, code: 'ACCOUNT' },
  { statuses: [403], text: /content type/i, code: 'PROTOCOL' },
  { statuses: [404], text: /no such API/i, code: 'CONFIG' },
  { statuses: [429], text: /rate limit exceeded/i, code: 'RATE_LIMITED' },
  { statuses: [429], text: /quota exceeded/i, code: 'ACCOUNT' },
];
