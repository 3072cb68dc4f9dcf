/** What somebody types who looks for a node, in either language; what stands on the node itself stays one line. */
const PHOTO =
  '今日水印相机 水印照片 照片核验 现场照片 防伪 考勤 打卡 巡检 照片 xhey watermark camera photo attendance inspection verify';
const PERSON = '实名认证 身份核验 身份证 核验 identity id card verify person';
const QUEUE = '队列 核验 多机 queue bullmq redis verify';
const KEYWORDS = {
  'truth-create': `${PHOTO} 提交 submit`,
  'truth-poll': `${PHOTO} 结果 result`,
  'photo-rules': `${PHOTO} 时间 地点 重复 age place repeat location`,
  'get-token': `${PERSON} 活体检测 人脸 linkface 令牌 liveness face sdk token`,
  'face-compare': `${PERSON} 人脸比对 人证比对 人证核验 腾讯云 tencent face compare`,
  'westdex-three': `${PERSON} 人脸 人证核验 三要素 西部数据 westdex face three elements`,
  'verify-ledger': '台账 账本 费用 计费 对账 预算 ledger cost spending budget verify',
  'verify-call': QUEUE,
  'verify-in': QUEUE,
  'verify-return': QUEUE,
};

/** The palette searches the type and this attribute. */
function addKeywords(type) {
  if (!KEYWORDS[type]) return;
  const entry = $(`.red-ui-palette-node[data-palette-type="${type}"]`);
  const label = entry.attr('data-palette-label') ?? '';
  if (!label.includes(KEYWORDS[type])) entry.attr('data-palette-label', `${label} ${KEYWORDS[type]}`);
}
