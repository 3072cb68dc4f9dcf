/** The product behind the gateway: docs/providers/tencent-market.md, "The product's answer". */

import { textOfCode } from '../../contract/codes';
import type { Reason, SandboxAnswer, SandboxWorld } from '../../contract/sandbox-half';
import { isWholeIdNumber } from '../../input/id-number';
import { isWholePicture } from '../../input/picture';
import { byScore, CODES, COMPARED, DOCUMENTED, INCORRECT } from './codes';

const FIRST_ORDER = 568_753_443_590_770_688n;
const USUAL_SCORE = 0.82;
/** "no data-URI prefix, no line breaks"; a `+` that was not escaped has become a space. */
const BARE_BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** An answer as the product gives it, or a fault in its place. */
interface ProductAnswer {
  status?: number;
  body?: unknown;
  fault?: SandboxAnswer;
  reason?: Reason;
  paidFor?: string;
  charged?: boolean;
}

/** "The gateway's own refusals", the words of each status. */
const GATEWAY: ReadonlyMap<number, string> = new Map([
  [401, 'HMAC signature cannot be verified'],
  [403, 'Found no validate usage plan'],
  [404, 'no such API'],
  [413, 'Request Entity Too Large'],
  [429, 'API rate limit exceeded'],
  [500, 'Internal Server Error'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
]);

/** @param form of a request that the gateway let through */
export function compare(form: URLSearchParams, world: SandboxWorld): ProductAnswer {
  const refusal = refuse(form, world);
  if (refusal) return refusal;
  const name = form.get('name') ?? '';
  const url = form.get('image') ? '' : (form.get('url') ?? '');
  const fault = world.faultIn(`${name} ${url}`);
  if (fault) return { fault, paidFor: name };
  return atGateway(name) ?? { ...(refusedWith(name) ?? compared(name, world)), paidFor: name };
}

/** docs/contract.md, "Sandbox": `沙箱网关<status>`. A gateway that refuses has not asked the product. */
function atGateway(name: string): ProductAnswer | null {
  const status = Number(/^沙箱网关([45]\d\d)$/.exec(name)?.[1]);
  if (!status) return null;
  const reason = {
    en: `Asked for by the name: the gateway's refusal with status ${status}.`,
    zh: `由姓名指定：网关以状态 ${status} 拒绝。`,
  };
  const body = { message: GATEWAY.get(status) ?? '' };
  return { status, body, reason, ...(status < 500 ? {} : { paidFor: name }) };
}

/** docs/contract.md, "Sandbox": `沙箱码<code>`. */
function refusedWith(name: string): ProductAnswer | null {
  const wantedCode = /^沙箱码(\d{1,6})$/.exec(name)?.[1];
  const code = Number(wantedCode);
  if (wantedCode === undefined || code === 200) return null;
  const body = { msg: textOfCode(CODES, code) || '未知错误', success: false, code, data: {} };
  return { body, reason: { en: `Asked for by the name: code ${code}.`, zh: `由姓名指定：代码 ${code}。` } };
}

/** docs/contract.md, "Sandbox": `沙箱<incorrect>` and `沙箱<score>`. */
function compared(name: string, world: SandboxWorld): ProductAnswer {
  const created = Number(world.store.created ?? 0);
  world.store.created = created + 1;
  world.changed();
  const order = String(FIRST_ORDER + BigInt(created));
  const { incorrect, score } = wanted(name);
  // Documented as a number; it "can arrive as a string".
  const asText = world.shapes === 'mixed' && Number(order.at(-1)) % 2 === 1;
  const msg =
    incorrect === COMPARED ? byScore(score, DOCUMENTED).text : textOfCode(INCORRECT, incorrect) || '未知';
  const data = { order_no: order, score: asText ? String(score) : score, msg, incorrect };
  const { charged = null } = INCORRECT.get(String(incorrect)) ?? {};
  return { body: { msg: '', success: true, code: 200, data }, ...(charged === null ? {} : { charged }) };
}

function wanted(name: string): { incorrect: number; score: number } {
  const [, special = ''] = /^沙箱(\d{1,4}(?:\.\d{1,6})?)$/.exec(name) ?? [];
  if (/^\d{3}$/.test(special)) {
    const incorrect = Number(special);
    // "`score`: meaningful only with `incorrect` 100".
    return { incorrect, score: incorrect === COMPARED ? USUAL_SCORE : 0 };
  }
  return { incorrect: COMPARED, score: special === '' ? USUAL_SCORE : Number(special) };
}

const wrong = (words: string, reason: Reason): ProductAnswer => ({
  body: { msg: `入参错误,${words}`, success: false, code: 400, data: {} },
  reason,
});

/** @returns null where the request is let in */
function refuse(form: URLSearchParams, { now }: SandboxWorld): ProductAnswer | null {
  const field = (name: string) => form.get(name) ?? '';
  const [image, url] = [field('image'), field('url')];
  if (form.size !== new Set(form.keys()).size)
    return wrong('参数重复', {
      en: 'Each field of the form comes once.',
      zh: '表单的每个字段只能出现一次。',
    });
  if ([...form.values()].some((value) => value.includes('\ufffd')))
    return wrong('参数编码错误', {
      en: 'The form is percent-encoded UTF-8.',
      zh: '表单须为百分号编码的 UTF-8。',
    });
  if (field('name') === '')
    return wrong('姓名[name]不能为空', {
      en: 'The form has a field name, percent-encoded UTF-8; a JSON body has none.',
      zh: '表单须有 name 字段，百分号编码的 UTF-8；JSON 请求体中没有。',
    });
  if (!isWholeIdNumber(field('idcard'), now()))
    return wrong('身份证号[idcard]格式错误', {
      en: 'idcard is 18 characters with a right check digit (X in upper case) or 15 digits, born from 1900 to today.',
      zh: 'idcard 须为 18 位且校验码正确（X 大写）或 15 位数字，出生日期在 1900 年至今天之间。',
    });
  // "The document's program samples send the unused one of the two as an empty field".
  if ((image === '') === (url === ''))
    return wrong('照片[image]与[url]须二选一', {
      en: 'One of image and url has a value; the other is empty or not there.',
      zh: 'image 与 url 二选一，另一个为空或不传。',
    });
  if (image !== '' && !(BARE_BASE64.test(image) && image.length % 4 === 0))
    return wrong('照片[image]格式错误', {
      en: 'image is base64 without data: prefix or line breaks, its + / and = percent-encoded.',
      zh: 'image 须为 base64，没有 data: 前缀和换行，其中的 + / = 须做百分号编码。',
    });
  if (image !== '' && !isWholePicture(Buffer.from(image, 'base64')))
    return wrong('照片[image]格式错误', {
      en: 'image is the base64 of a whole picture.',
      zh: 'image 须为完整照片的 base64。',
    });
  if (url !== '' && !/^https?:\/\/./i.test(url))
    return wrong('照片地址[url]格式错误', {
      en: 'url begins with http:// or https://.',
      zh: 'url 须以 http:// 或 https:// 开头。',
    });
  return null;
}
