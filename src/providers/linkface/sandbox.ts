/** linkface's half of the sandbox, made from docs/providers/linkface.md: what the provider checks, it checks. */
import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { textOfCode } from '../../contract/codes';
import {
  CLOCK_MS,
  jsonAnswer,
  POST_ONLY,
  type Reason,
  received,
  type SandboxAnswer,
  type SandboxHalf,
  type SandboxRequest,
  UNKNOWN_OPERATION,
} from '../../contract/sandbox-half';
import { DETECTION_TYPES, sign } from './client';
import { CODES, SUCCESS } from './codes';

/** Where the document's curl has each field. */
const IN_QUERY = ['sequence_id', 'api_id'];
const SIGNED = ['timestamp', 'sign'];
const IN_FORM = ['detection_type', ...SIGNED];

const PATH = '/v2/sdk/get_token';

export const sandboxHalf: SandboxHalf = {
  provider: 'linkface',
  paths: [PATH],
  credentials: { apiId: 'sandbox-api-id', apiSecret: 'sandbox-api-secret' },
  specialValues: [
    [
      'sandbox-1008-',
      'at the beginning of sequence_id: that code, or any other',
      'sequence_id 的开头：该代码，也可为其他代码',
    ],
  ],

  answer(request, world) {
    if (request.method !== 'POST') return POST_ONLY;
    const isToken = request.path === PATH;
    const query = readQuery(request.search);
    const form = readForm(request);
    const refused = refuse(query, form, isToken, world.now(), this.credentials);
    if (refused) return refused;
    const sequenceId = query?.get('sequence_id') ?? '';
    const wanted = /^sandbox-(\d+)-/.exec(sequenceId)?.[1] ?? SUCCESS;
    const special = `sandbox-${wanted}-`;
    const because = { en: `Asked for by the special value ${special}.`, zh: `由特殊值 ${special} 指定。` };
    const reason = wanted === SUCCESS ? undefined : because;
    if (isToken || reason) return world.faultIn(sequenceId) ?? envelope(wanted, reason);
    const fields = Object.fromEntries([...form!].map(([name, value]) => [name, value.toString('utf8')]));
    const echo = received({ path: request.path, query: Object.fromEntries(query!), form: fields });
    return world.faultIn(sequenceId) ?? envelope(SUCCESS, UNKNOWN_OPERATION, echo);
  },
};

/** @returns null where the request is let in */
function refuse(
  query: ReadonlyMap<string, string> | null,
  form: ReadonlyMap<string, Buffer> | null,
  isToken: boolean,
  now: number,
  { apiId = '', apiSecret = '' }: Readonly<Record<string, string>>,
): SandboxAnswer | null {
  if (!query)
    return envelope('1001', {
      en: 'The query is percent-encoded UTF-8.',
      zh: '查询参数须为百分号编码的 UTF-8。',
    });
  if (!form)
    return envelope('1002', {
      en: 'The body is multipart/form-data with its boundary in Content-Type.',
      zh: '请求体须为 multipart/form-data，Content-Type 中须有 boundary。',
    });
  if ([...form.values()].some((value) => !isUtf8(value)))
    return envelope('1001', { en: 'Every field of the form is UTF-8.', zh: '表单的每个字段须为 UTF-8。' });
  for (const [names, place, other] of [
    [IN_QUERY, query, form],
    [isToken ? IN_FORM : SIGNED, form, query],
  ] as const) {
    const [where, inChinese] = place === query ? ['query', '查询参数'] : ['form', '表单'];
    for (const name of names) {
      if (other.has(name))
        return envelope('1002', {
          en: `${name} stands in the ${where}, and nowhere else.`,
          zh: `${name} 只能放在${inChinese}中。`,
        });
      if (!place.get(name)?.length)
        return envelope('1002', {
          en: `${name} stands in the ${where} once, and is not empty.`,
          zh: `${name} 须在${inChinese}中出现一次，且不为空。`,
        });
    }
  }
  if (query.get('api_id') !== apiId)
    return envelope('1007', {
      en: "api_id is not the sandbox's own apiId.",
      zh: 'api_id 不是沙箱的 apiId。',
    });

  const timestamp = String(form.get('timestamp'));
  if (!isTimely(timestamp, now))
    return envelope('1000', {
      en: 'timestamp is Unix time in milliseconds or seconds, at most 900 s off.',
      zh: 'timestamp 须为毫秒或秒级 Unix 时间戳，误差不超过 900 秒。',
    });
  if (String(form.get('sign')) !== sign(apiId, apiSecret, timestamp))
    return envelope('1000', {
      en: 'sign is the SHA-256 of api_id + api_secret + timestamp, in lower-case hex.',
      zh: 'sign 须为 api_id + api_secret + timestamp 的 SHA-256，小写十六进制。',
    });
  if (!isToken || DETECTION_TYPES.includes(String(form.get('detection_type')))) return null;
  return envelope('1002', {
    en: `detection_type is one of ${DETECTION_TYPES.join(', ')}.`,
    zh: `detection_type 须为 ${DETECTION_TYPES.join('、')} 之一。`,
  });
}

/** docs/providers/linkface.md, the row of timestamp: milliseconds or seconds, the document does not say which. */
function isTimely(timestamp: string, now: number): boolean {
  if (!/^\d+$/.test(timestamp)) return false;
  return [1, 1000].some((unit) => Math.abs(Number(timestamp) * unit - now) <= CLOCK_MS);
}

/** @returns null where it is not percent-encoded UTF-8; a name that comes twice has no value */
function readQuery(search: string): Map<string, string> | null {
  const query = new Map<string, string>();
  try {
    for (const pair of search.slice(1).split('&')) {
      const [name = '', ...value] = pair.replaceAll('+', ' ').split('=').map(decodeURIComponent);
      query.set(name, query.has(name) ? '' : value.join('='));
    }
    return query;
  } catch {
    return null;
  }
}

/** Programs write it before other headers of a part or behind them, with the name in quotes or bare. */
const DISPOSITION = /^content-disposition: *form-data *; *name=(?:"([^"\r\n]*)"|([^\s;"]+))/im;

/** @returns null where it is not multipart/form-data; a name that comes twice has no value */
function readForm({ headers, body }: SandboxRequest): Map<string, Buffer> | null {
  const [, quoted, plain] =
    /^multipart\/form-data\s*;(?:[^"]*;)?\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(
      String(headers['content-type']),
    ) ?? [];
  const boundary = quoted ?? plain;
  if (!boundary) return null;
  const [before, ...parts] = `\r\n${body.toString('latin1')}`.split(`\r\n--${boundary}`);
  if (before !== '' || !/^--(?:\r\n)?$/.test(parts.pop() ?? '')) return null;

  const form = new Map<string, Buffer>();
  for (const part of parts) {
    const [, headers = '', value] = /^\r\n([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(part) ?? [];
    const [, quotedName, name = quotedName] = DISPOSITION.exec(headers) ?? [];
    if (name === undefined || value === undefined) return null;
    form.set(name, form.has(name) ? Buffer.alloc(0) : Buffer.from(value, 'latin1'));
  }
  return form;
}

/** `charge` is 2, not charged, as in the document's sample of a success; nothing made up here costs anything. */
function envelope(
  code: string,
  reason?: Reason,
  data: object = { token: `sandbox-${randomBytes(24).toString('hex')}` },
): SandboxAnswer {
  const body = {
    request_id: `TID${randomBytes(16).toString('hex')}`,
    code,
    msg: textOfCode(CODES, code),
    ...(code === SUCCESS ? { data } : {}),
    charge: 2,
  };
  return { ...jsonAnswer(body), ...(reason === undefined ? {} : { reason }) };
}
