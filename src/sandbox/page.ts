/** The page at `/`: plain HTML, for any browser, in the reader's language. */
import type { SandboxAnswer } from '../sandbox-half';
import type { SeenRequest } from './requests';

const TEXTS = {
  en: {
    title: 'cn-verify sandbox',
    intro:
      'The latest requests, the newest first. No name, id number, photo, address of a photo or key is kept.',
    none: 'No request has come yet.',
    again: 'Load again',
    reset: 'Forget everything',
    resetTip: 'Tasks, requests and counted calls are deleted.',
    time: 'Time (UTC+8)',
    provider: 'Provider',
    request: 'Request',
    answer: 'Answer',
    code: ', code ',
    colon: ': ',
    cost: 'Cost',
    reason: 'Why',
    unanswered: 'none',
    charged: 'charged',
    free: 'free',
    unknown: 'may be charged',
  },
  zh: {
    title: 'cn-verify 沙箱',
    intro: '最近的请求，最新的在前。不保存姓名、身份证号、照片、照片地址和密钥。',
    none: '还没有收到请求。',
    again: '刷新',
    reset: '全部清除',
    resetTip: '删除任务、请求记录和计费次数。',
    time: '时间（UTC+8）',
    provider: '服务商',
    request: '请求',
    answer: '响应',
    code: '，代码 ',
    colon: '：',
    cost: '费用',
    reason: '原因',
    unanswered: '无',
    charged: '计费',
    free: '不计费',
    unknown: '可能计费',
  },
} as const;

type Texts = (typeof TEXTS)[keyof typeof TEXTS];

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:72rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #8888;overflow-wrap:anywhere}
th{white-space:nowrap}
button{font:inherit;min-height:48px;padding:0 1rem}
@media (max-width:48rem){thead,td:empty{display:none}tr{display:block;padding:.6rem 0;border-bottom:1px solid #8888}
td{display:block;border:0;padding:0}td::before{content:attr(data-name);font-weight:600}}`;

/** A moment as it is read in China. */
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Asia/Shanghai' });

/**
 * @param requests the newest first
 * @param acceptLanguage the reader's header
 */
export function requestsPage(requests: readonly SeenRequest[], acceptLanguage: string): SandboxAnswer {
  const language = isChinese(acceptLanguage) ? 'zh' : 'en';
  const texts = TEXTS[language];
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
<p>${texts.intro} <a href="/">${texts.again}</a></p>
${requests.length === 0 ? `<p>${texts.none}</p>` : tableOf(requests, texts)}
<form method="post" action="/reset"><p><button aria-describedby="tip">${texts.reset}</button> <span id="tip">${texts.resetTip}</span></p></form>
</main>
</html>
`,
  };
}

function tableOf(requests: readonly SeenRequest[], texts: Texts): string {
  const names = [texts.time, texts.provider, texts.request, texts.answer, texts.cost, texts.reason];
  const rows = requests.map((request) => {
    const cells = cellsOf(request, texts).map(
      (cell, index) => `<td data-name="${names[index]}${texts.colon}">${cell}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  const heads = names.map((name) => `<th scope="col">${name}</th>`).join('');
  return `<table>\n<thead><tr>${heads}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`;
}

function cellsOf({ at, provider, method, path, status, code, reason, charged }: SeenRequest, texts: Texts) {
  const cost = charged === null ? texts.unknown : charged ? texts.charged : texts.free;
  const answer = status === null ? texts.unanswered : `HTTP ${status}`;
  return [
    `<time datetime="${at}">${CLOCK.format(new Date(at))}</time>`,
    escaped(provider ?? ''),
    `${escaped(method)} ${escaped(path)}`,
    code === null ? answer : answer + texts.code + escaped(code),
    cost,
    // Reasons are for programs as well, and those are in English.
    reason === null ? '' : `<span lang="en">${escaped(reason)}</span>`,
  ];
}

/** RFC 9110, section 12.5.4: the language with the highest weight of the two there are. */
function isChinese(acceptLanguage: string): boolean {
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
  return best('zh') > best('en');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
