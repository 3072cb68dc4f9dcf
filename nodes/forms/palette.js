/** What somebody types who looks for a node, in either language; what stands on the node itself stays one line. */
const KEYWORDS = [
  [
    ['truth-create', 'truth-poll', 'photo-rules'],
    '今日水印相机 水印照片 照片核验 现场照片 防伪 考勤 打卡 巡检 xhey watermark camera photo attendance inspection verify',
  ],
  [
    ['get-token', 'face-compare', 'westdex-three'],
    '实名认证 身份核验 身份证 人脸 identity id card face person verify',
  ],
  [['truth-create'], '提交 submit'],
  [['truth-poll'], '结果 result'],
  [['photo-rules'], '时间 地点 重复 age place repeat location'],
  [['get-token'], '活体检测 令牌 linkface liveness sdk token'],
  [['face-compare'], '人脸比对 人证比对 人证核验 腾讯云 tencent compare'],
  [['westdex-three'], '人证核验 三要素 西部数据 westdex three elements'],
  [['provider-request'], '服务商 其他接口 请求 api endpoint provider request call'],
  [['verify-ledger'], '台账 账本 费用 计费 对账 预算 ledger cost spending budget verify'],
  [['verify-call', 'verify-in', 'verify-return'], '队列 核验 多机 queue bullmq redis verify'],
];

/** The palette searches the type and this attribute. */
function addKeywords(type) {
  const words = KEYWORDS.filter(([types]) => types.includes(type)).map(([, own]) => own);
  const entry = $(`.red-ui-palette-node[data-palette-type="${type}"]`);
  if (words.length > 0)
    entry.attr('data-palette-label', `${entry.attr('data-palette-label')} ${words.join(' ')}`);
}
