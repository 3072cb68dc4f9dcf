import { codeTable, failed, inconclusive, type PublishedTable, passed } from '../../contract/codes';

export const SUCCESS = '200';
/** A task the provider does not know (any more). */
export const UNKNOWN_TASK = '404';

/** docs/providers/xhey.md, "Codes". */
// biome-ignore format: one row a line
export const CODES = codeTable([
  [SUCCESS, null, 'success', 'success', { zh: '成功' }],
  ['400', 'INPUT', 'param error', 'bad parameters', { zh: '参数错误' }],
  ['401', 'AUTH', 'verify error', 'the signature or the time is refused', { zh: '签名或时间未通过校验' }],
  ['403', 'ACCOUNT', 'forbidden', 'forbidden', { zh: '没有权限' }],
  [UNKNOWN_TASK, 'INPUT', 'not found', 'an unknown task', { zh: '任务不存在' }],
  ['500', 'PROVIDER', 'service error', 'the service failed, or could not download a photo', { zh: '服务出错，或照片无法下载' }],
  ['2001', 'INPUT', 'at most 1000 records a query', 'more than 1000 records', { zh: '一次查询超过 1000 条' }],
  ['4002', 'AUTH', 'invalid token', 'invalid token', { zh: '令牌无效' }],
  ['4007', 'AUTH', 'group key or secret not right', 'a wrong key', { zh: '密钥不正确' }],
  ['4008', 'INPUT', 'at most 1000 people at a time', 'more than 1000 people', { zh: '一次超过 1000 人' }],
  ['4009', 'INPUT', 'time param error', 'a wrong time', { zh: '时间参数错误' }],
  ['4010', 'INPUT', 'at most 180 days', 'more than 180 days', { zh: '超过 180 天' }],
  ['4011', 'INPUT', 'at most three keywords', 'more than three keywords', { zh: '超过三个关键词' }],
  ['4012', 'INPUT', 'a keyword has at most 15 characters', 'too long a keyword', { zh: '关键词超过 15 个字' }],
  ['4013', 'INPUT', 'watermark ids cannot be queried', 'watermark ids cannot be queried', { zh: '不支持按水印 id 查询' }],
]);

/** `status` of a photo that passed, and of one that is still being looked at. */
export const AUTHENTIC = 0;
export const IN_PROGRESS = 1;

/** docs/providers/xhey.md, "POST /v2/truth_build/query", the table of a photo's `status`. */
// biome-ignore format: one row a line
export const STATUSES = codeTable([
  [AUTHENTIC, passed('authentic'), '验证通过', 'verified'],
  [IN_PROGRESS, inconclusive('in-progress'), '*进行中*', 'in progress'],
  [-1, inconclusive('low-resolution'), '分辨率过低', 'resolution too low'],
  [-1001, inconclusive('photo-unreadable'), '网络出错或照片损坏', 'network error, or the photo is damaged'],
  [-1002, inconclusive('provider-error'), '程序内部错误', 'program error'],
  [-1003, inconclusive('provider-error'), '未知错误', 'unknown error'],
  [-2300, inconclusive('provider-error'), 'OCR启动错误', 'OCR could not start'],
  [-2301, failed('no-anti-fake-code'), '无防伪码', 'no anti-fake code'],
  [-2302, inconclusive('ocr-error'), 'OCR识别错误', 'OCR error'],
  // A digit that was misread is no forgery.
  [-2303, inconclusive('bad-anti-fake-code'), '防伪码长度错误', 'the anti-fake code has the wrong length'],
  [-2305, failed('not-watermark-camera'), '非今日水印相机拍摄/无水印', 'taken with another camera, or no watermark'],
  [-2306, inconclusive('photo-unreachable'), 'URL无法访问', '*observed*: the URL is not reachable'],
  [-2307, inconclusive('unsupported-format'), '格式不支持', '*observed*: the format is not supported'],
  [-2308, inconclusive('low-resolution'), '分辨率过低', '*observed*: resolution too low'],
]);

/** Any `status` that is not in the table. */
export const UNKNOWN_STATUS = inconclusive('unknown-status');

/** Why there is nothing about a photo: docs/contract.md, "Result" and "Errors". */
export const UNREPORTED_REASONS = ['not-reported', 'revoked', 'unknown-task'] as const;

export const TABLES: readonly PublishedTable[] = [
  { field: 'code', special: '/sandbox/code-<code>/', rows: [...CODES.values()] },
  {
    field: 'status',
    special: '/sandbox/<code>/',
    rows: [...STATUSES.values()],
    others: [UNKNOWN_STATUS, ...UNREPORTED_REASONS.map(inconclusive)],
  },
];
