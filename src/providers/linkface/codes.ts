import { codeTable, type PublishedTable } from '../../contract/codes';

/** The one success. */
export const SUCCESS = '0000';

/** docs/providers/linkface.md, "Answer". */
export const CODES = codeTable([
  [SUCCESS, null, '调用成功', 'success'],
  ['1000', 'AUTH', '*签名不匹配*', 'the signature does not match'],
  ['1001', 'INPUT', '*参数不是UTF-8编码*', 'parameters are not UTF-8'],
  ['1002', 'INPUT', '请求参数错误', 'bad parameters'],
  ['1007', 'ACCOUNT', '*应用已冻结或未授权*', 'the application is frozen or not authorised'],
  ['1008', 'ACCOUNT', '*应用或账户已过期*', 'the application or the account has expired'],
  ['1009', 'RATE_LIMITED', '*调用过于频繁*', 'called too often'],
  ['1011', 'ACCOUNT', '*没有该服务的权限*', 'no permission for this service'],
  ['9999', 'PROVIDER', '*服务内部其他错误*', 'other error inside the provider'],
]);

export const TABLES: readonly PublishedTable[] = [
  { field: 'code', special: 'sandbox-<code>-', rows: [...CODES.values()] },
];
