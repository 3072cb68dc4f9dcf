/** The page at `/`: one file of plain HTML, for any browser, in the reader's language. */
import type { Reason, SandboxAnswer } from '../contract/sandbox-half';
import { SPECIAL_VALUES } from './halves';
import type { SeenRequest } from './requests';

export type Language = keyof Reason;

/** What an account of a provider needs. */
export interface Access {
  provider: string;
  baseUrl: string;
  credentials: Readonly<Record<string, string>>;
}

/** In English and in Chinese. */
const TEXTS = {
  title: ['cn-verify sandbox', 'cn-verify 沙箱'],
  access: ['Base URLs and keys', '接口地址和密钥'],
  accessTip: [
    'Put them where your program has those of the provider. The keys are invented.',
    '填到程序中原来填服务商地址和密钥的位置。密钥是虚构的。',
  ],
  baseUrl: ['Base URL', '接口地址'],
  key: ['Keys', '密钥'],
  special: ['Values that choose the answer', '指定响应的值'],
  specialTip: [
    'Without one of these, a photo passes, and so does a person.',
    '不用这些值时，照片一律通过，人员也一律通过。',
  ],
  all: ['all', '全部'],
  value: ['Value', '值'],
  effect: ['Effect', '响应'],
  requests: ['Requests', '请求'],
  intro: [
    'The latest requests, the newest first. No name, id number, photo, address of a photo or key is kept.',
    '最近的请求，最新的在前。不保存姓名、身份证号、照片、照片地址和密钥。',
  ],
  none: ['No request has come yet.', '还没有收到请求。'],
  again: ['Load again', '刷新'],
  reset: ['Forget everything', '全部清除'],
  resetTip: ['Tasks, requests and counted calls are deleted.', '删除任务、请求记录和计费次数。'],
  time: ['Time (UTC+8)', '时间（UTC+8）'],
  provider: ['Provider', '服务商'],
  request: ['Request', '请求'],
  answer: ['Answer', '响应'],
  code: [', code ', '，代码 '],
  colon: [': ', '：'],
  cost: ['Cost', '费用'],
  reason: ['Why', '原因'],
  unanswered: ['none', '无'],
  charged: ['charged', '计费'],
  free: ['free', '不计费'],
  unknown: ['may be charged', '可能计费'],
} as const;

type Texts = Record<keyof typeof TEXTS, string>;

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:72rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #8888;overflow-wrap:anywhere}
th{white-space:nowrap}
h2{font-size:1.2rem}details{margin:1rem 0}summary h2{display:inline}
button{font:inherit;min-height:48px;padding:0 1rem}
@media (max-width:48rem){thead,td:empty{display:none}tr{display:block;padding:.6rem 0;border-bottom:1px solid #8888}
td{display:block;border:0;padding:0}td::before{content:attr(data-name);font-weight:600}}`;

/** A moment as it is read in China. */
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Asia/Shanghai' });

/**
 * @param requests the newest first, in the reader's language
 * @param accesses of all providers
 * @param language of the reader
 */
export function homePage(
  requests: readonly SeenRequest[],
  accesses: readonly Access[],
  language: Language,
): SandboxAnswer {
  const texts = Object.fromEntries(
    Object.entries(TEXTS).map(([name, [en, zh]]) => [name, language === 'zh' ? zh : en]),
  ) as Texts;
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Language': language === 'zh' ? 'zh-CN' : 'en',
      Vary: 'Accept-Language',
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    },
    body: `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${texts.title}</title>
<style>${STYLE}</style>
<main>
<h1>${texts.title}</h1>
<h2>${texts.access}</h2>
<p>${texts.accessTip}</p>
${tableOf([texts.provider, texts.baseUrl, texts.key], accesses.map(accessCells), texts)}
<details>
<summary><h2>${texts.special}</h2></summary>
<p>${texts.specialTip}</p>
${tableOf(
  [texts.provider, texts.value, texts.effect],
  SPECIAL_VALUES.map(({ provider, value, en, zh }) => [
    provider || texts.all,
    code(value),
    language === 'zh' ? zh : en,
  ]),
  texts,
)}
</details>
<h2>${texts.requests}</h2>
<p>${texts.intro} <a href="/">${texts.again}</a></p>
${requests.length === 0 ? `<p>${texts.none}</p>` : requestTable(requests, texts)}
<form method="post" action="/reset"><p><button aria-describedby="tip">${texts.reset}</button> <span id="tip">${texts.resetTip}</span></p></form>
</main>
</html>
`,
  };
}

function requestTable(requests: readonly SeenRequest[], texts: Texts): string {
  const names = [texts.time, texts.provider, texts.request, texts.answer, texts.cost, texts.reason];
  return tableOf(
    names,
    requests.map((request) => requestCells(request, texts)),
    texts,
  );
}

/** @param content cells of HTML, row by row */
function tableOf(names: readonly string[], content: readonly (readonly string[])[], texts: Texts): string {
  const rows = content.map((row) => {
    const cells = row.map((cell, index) => `<td data-name="${names[index]}${texts.colon}">${cell}</td>`);
    return `<tr>${cells.join('')}</tr>`;
  });
  const heads = names.map((name) => `<th scope="col">${name}</th>`).join('');
  return `<table>\n<thead><tr>${heads}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`;
}

function accessCells({ provider, baseUrl, credentials }: Access): string[] {
  const keys = Object.entries(credentials).map(([name, value]) => `${name} ${code(value)}`);
  return [provider, code(baseUrl), keys.join('<br>')];
}

function requestCells(
  { at, provider, method, path, status, code: providerCode, reason, charged }: SeenRequest,
  texts: Texts,
) {
  const cost = charged === null ? texts.unknown : charged ? texts.charged : texts.free;
  const outcome = status === null ? texts.unanswered : `HTTP ${status}`;
  return [
    `<time datetime="${at}">${CLOCK.format(new Date(at))}</time>`,
    escaped(provider ?? ''),
    `${escaped(method)} ${escaped(path)}`,
    providerCode === null ? outcome : outcome + texts.code + escaped(providerCode),
    cost,
    escaped(reason ?? ''),
  ];
}

/**
 * RFC 9110, section 12.5.4.
 * @param acceptLanguage the reader's header
 * @returns the language with the highest weight of the two there are
 */
export function languageOf(acceptLanguage = ''): Language {
  const weights = acceptLanguage.split(',').map((range) => {
    const [language = '', ...parameters] = range
      .trim()
      .toLowerCase()
      .split(';')
      .map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return [language.split('-')[0], weight ? Number(weight.slice(2)) : 1] as const;
  });
  const best = (language: string) =>
    Math.max(0, ...weights.filter(([each]) => each === language).map(([, weight]) => weight || 0));
  return best('zh') > best('en') ? 'zh' : 'en';
}

function code(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
