import { type CodeRow, errorTable, type PublishedTable, tableOf, type Verdict } from '../../contract/codes';
import type { ErrorCode } from '../../contract/errors';

export const SUCCESS = '200';
/** Bad parameters. */
export const BAD_PARAMETERS = '400';

/** docs/providers/tencent-market.md, "The product's answer", the table of codes. */
export const CODES = errorTable([
  [SUCCESS, null, '', 'success', '成功'],
  [BAD_PARAMETERS, 'INPUT', '入参错误', 'bad parameters'],
  ['404', 'CONFIG', '*资源不存在*', 'no such resource'],
  ['500', 'PROVIDER', '*系统内部错误*', 'internal error'],
  ['501', 'PROVIDER', '*第三方服务异常*', 'a third party failed'],
  ['601', 'ACCOUNT', '*无访问权限*', '*observed on a sister product*: no permission'],
  ['602', 'ACCOUNT', '*账户已停用*', '*observed on a sister product*: account stopped'],
  ['603', 'ACCOUNT', '*余额不足*', '*observed on sister products*: balance used up'],
  ['604', 'ACCOUNT', '*接口已停用*', 'the API is switched off'],
  ['606', 'RATE_LIMITED', '*调用超过限制*', '*observed on a sister product*: over the limit'],
  ['1001', 'PROVIDER', '*其他错误*', '*observed on a sister product*: other'],
]);

/** One row of the table of `incorrect`. */
export interface IncorrectRow extends CodeRow {
  /** Whether name and id number belong together, where the table says so; null where it does not. */
  identityConfirmed: boolean | null;
  /** The photo, the message's or the register's, was to blame that there is no verdict: another one may have one. */
  isForPhoto: boolean;
}

/** `incorrect` where two faces were compared, and the score decides. */
export const COMPARED = 100;

type IncorrectTuple = readonly [
  incorrect: number,
  becomes: Verdict['outcome'] | 'PROVIDER' | 'by score',
  reason: string,
  charged: boolean | null,
  identityConfirmed: boolean | null,
  blame: 'photo' | '',
  text: string,
  en: string,
];

/** `charged` is what the paragraph below the table says, which was observed on a sister product. */
// biome-ignore format: one row a line
const INCORRECT_ROWS: readonly IncorrectTuple[] = [
  [COMPARED, 'by score', '', true, null, '', '', 'compared; see the score'],
  [101, 'failed', 'name-id-mismatch', true, false, '', '身份证号码姓名不一致', 'name and id number do not match'],
  [102, 'failed', 'id-not-found', null, false, '', '库中无此号', 'no such id number in the register'],
  [103, 'inconclusive', 'invalid-data-identity-confirmed', true, true, '', '身份核验成功，数据非法', 'identity confirmed, data not valid'],
  [104, 'inconclusive', 'invalid-data', false, null, '', '数据非法', 'data not valid'],
  [106, 'PROVIDER', '', false, true, '', '身份核验成功，人脸识别系统异常', 'identity confirmed, the face service failed'],
  [107, 'inconclusive', 'poor-photo', false, null, 'photo', '照片质量不合格', 'photo quality too poor'],
  [108, 'inconclusive', 'photo-too-large', false, null, 'photo', '上传图片文件过大', 'photo file too large'],
  [109, 'inconclusive', 'no-reference-photo', true, true, 'photo', '身份核验成功，库中无照片', 'identity confirmed, no photo in the register'],
  [110, 'inconclusive', 'no-face-features', true, true, 'photo', '身份核验成功，特征提取失败', 'identity confirmed, no features found'],
  [111, 'inconclusive', 'multiple-faces', true, true, 'photo', '身份核验成功，检测到多于一张人脸', 'identity confirmed, more than one face'],
  [112, 'inconclusive', 'invalid-photo', true, true, 'photo', '身份核验成功，图片不合法', 'identity confirmed, the picture is not valid'],
  [113, 'PROVIDER', '', false, null, '', '人像比对服务异常', 'the comparison service failed'],
];

/** docs/providers/tencent-market.md, the table of `incorrect`. */
export const INCORRECT = tableOf<IncorrectRow>(
  INCORRECT_ROWS.map(([incorrect, becomes, reason, charged, identityConfirmed, blame, text, en]) => {
    const error = becomes === 'PROVIDER' ? becomes : null;
    const verdict = becomes === 'PROVIDER' || becomes === 'by score' ? null : { outcome: becomes, reason };
    const row = { code: String(incorrect), error, verdict, charged, text, en, zh: text || '已比对，见分数' };
    return { ...row, identityConfirmed, isForPhoto: blame === 'photo' };
  }),
);

/** Any `incorrect` that is not in the table. */
export const UNKNOWN_CODE: Verdict = { outcome: 'inconclusive', reason: 'unknown-code' };

const UNKNOWN_ROW = {
  verdict: UNKNOWN_CODE,
  error: null,
  charged: null,
  identityConfirmed: null,
  isForPhoto: false,
};

/**
 * @param incorrect as the provider sent it
 * @returns what it means; the verdict where no face was compared
 */
export function rowOf(
  incorrect: number,
): Omit<IncorrectRow, 'code' | 'text' | 'en' | 'zh'> & { verdict: Verdict } {
  const row = INCORRECT.get(String(incorrect)) ?? UNKNOWN_ROW;
  return { ...row, verdict: row.verdict ?? UNKNOWN_CODE };
}

/** What the score says, where two faces were compared: its verdict, and the provider's own words. */
export const BY_SCORE = {
  same: { verdict: { outcome: 'passed', reason: 'same-person' }, text: '系统判断为同一人' },
  unsure: {
    verdict: { outcome: 'inconclusive', reason: 'score-inconclusive' },
    text: '不能确定是否为同一人',
  },
  different: { verdict: { outcome: 'failed', reason: 'different-person' }, text: '系统判断为不同人' },
} as const satisfies Record<string, { verdict: Verdict; text: string }>;

/** A score that the scale does not have. */
export const OUT_OF_RANGE: Verdict = { outcome: 'inconclusive', reason: 'score-out-of-range' };

export const TABLES: readonly PublishedTable[] = [
  { field: 'code', special: '沙箱码<code>', rows: [...CODES.values()] },
  {
    field: 'incorrect',
    special: '沙箱<code>',
    rows: [...INCORRECT.values()],
    others: [...Object.values(BY_SCORE).map(({ verdict }) => verdict), OUT_OF_RANGE, UNKNOWN_CODE],
  },
];

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
