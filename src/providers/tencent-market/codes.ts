import {
  codeTable,
  failed,
  inconclusive,
  type PublishedTable,
  passed,
  type Verdict,
} from '../../contract/codes';
import type { ErrorCode } from '../../contract/errors';

export const SUCCESS = '200';
/** Bad parameters. */
export const BAD_PARAMETERS = '400';

/** docs/providers/tencent-market.md, "The product's answer", the table of codes. */
export const CODES = codeTable([
  [SUCCESS, null, '', 'success', { zh: '成功' }],
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

/** What the table of `incorrect` says besides; what it leaves out is not known. */
interface IncorrectRow {
  /** Whether name and id number belong together. */
  identityConfirmed?: boolean;
  /** The photo, the message's or the register's, was to blame that there is no verdict: another one may have one. */
  isForPhoto?: true;
}

/** `incorrect` where two faces were compared, and the score decides. */
export const COMPARED = 100;

/** docs/providers/tencent-market.md, the table of `incorrect`; `charged` is what the paragraph below it says, which was observed on a sister product. */
// biome-ignore format: one row a line
export const INCORRECT = codeTable<IncorrectRow>([
  [COMPARED, null, '', 'compared; see the score', { charged: true, zh: '已比对，见分数' }],
  [101, failed('name-id-mismatch'), '身份证号码姓名不一致', 'name and id number do not match', { charged: true, identityConfirmed: false }],
  [102, failed('id-not-found'), '库中无此号', 'no such id number in the register', { identityConfirmed: false }],
  [103, inconclusive('invalid-data-identity-confirmed'), '身份核验成功，数据非法', 'identity confirmed, data not valid', { charged: true, identityConfirmed: true }],
  [104, inconclusive('invalid-data'), '数据非法', 'data not valid', { charged: false }],
  [106, 'PROVIDER', '身份核验成功，人脸识别系统异常', 'identity confirmed, the face service failed', { charged: false, identityConfirmed: true }],
  [107, inconclusive('poor-photo'), '照片质量不合格', 'photo quality too poor', { charged: false, isForPhoto: true }],
  [108, inconclusive('photo-too-large'), '上传图片文件过大', 'photo file too large', { charged: false, isForPhoto: true }],
  [109, inconclusive('no-reference-photo'), '身份核验成功，库中无照片', 'identity confirmed, no photo in the register', { charged: true, identityConfirmed: true, isForPhoto: true }],
  [110, inconclusive('no-face-features'), '身份核验成功，特征提取失败', 'identity confirmed, no features found', { charged: true, identityConfirmed: true, isForPhoto: true }],
  [111, inconclusive('multiple-faces'), '身份核验成功，检测到多于一张人脸', 'identity confirmed, more than one face', { charged: true, identityConfirmed: true, isForPhoto: true }],
  [112, inconclusive('invalid-photo'), '身份核验成功，图片不合法', 'identity confirmed, the picture is not valid', { charged: true, identityConfirmed: true, isForPhoto: true }],
  [113, 'PROVIDER', '人像比对服务异常', 'the comparison service failed', { charged: false }],
]);

/** Any `incorrect` that is not in the table. */
const UNKNOWN_CODE = inconclusive('unknown-code');

/** What the score says, where two faces were compared: its verdict, and the provider's own words. */
export const BY_SCORE = {
  same: { verdict: passed('same-person'), text: '系统判断为同一人' },
  unsure: { verdict: inconclusive('score-inconclusive'), text: '不能确定是否为同一人' },
  different: { verdict: failed('different-person'), text: '系统判断为不同人' },
};

/** A score that the scale does not have. */
const OUT_OF_RANGE = inconclusive('score-out-of-range');

/** Scores from `sameFrom` on are the same person's, those below `differentBelow` another's. */
export interface Bands {
  sameFrom: number;
  differentBelow: number;
  /** The best score there is; both bounds are in its unit. */
  scoreScale: number;
}

/** The document's own. */
export const DOCUMENTED: Bands = { scoreScale: 1, sameFrom: 0.45, differentBelow: 0.4 };

/**
 * @param score within the scale
 * @param bands of the node; between the two it is not decided
 */
export function byScore(score: number, { sameFrom, differentBelow }: Bands) {
  if (score >= sameFrom) return BY_SCORE.same;
  return score < differentBelow ? BY_SCORE.different : BY_SCORE.unsure;
}

/**
 * What a comparison says to a flow: docs/providers/tencent-market.md, "The product's answer".
 * @param incorrect as the provider sent it
 * @param score where two faces were compared, else null
 * @param bands of the node
 */
export function verdictOf(incorrect: number, score: number | null, bands: Bands): Verdict {
  if (score === null) return INCORRECT.get(String(incorrect))?.verdict ?? UNKNOWN_CODE;
  return score < 0 || score > bands.scoreScale ? OUT_OF_RANGE : byScore(score, bands).verdict;
}

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
