/** Why the sandbox does not accept a signature: docs/providers/xhey.md, "Signing". */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Reason } from '../../contract/sandbox-half';
import { sign } from './client';

const RULE: Reason = {
  en: 'Signature is base64(HMAC-SHA256(groupSecret, "groupKey=<GroupKey>&sign=<dataSign>&timestamp=<Timestamp>")), and dataSign is base64(HMAC-SHA256(groupSecret, the exact bytes of the body)).',
  zh: 'Signature 须为 base64(HMAC-SHA256(groupSecret, "groupKey=<GroupKey>&sign=<dataSign>&timestamp=<Timestamp>"))，其中 dataSign 为 base64(HMAC-SHA256(groupSecret, 实际发送的请求体字节))。',
};

/** What programs do instead, and how it looks. */
const MISTAKES: readonly (readonly [
  (secret: string, payload: (dataSign: string) => string, body: Buffer) => string,
  mistake: Reason,
])[] = [
  [
    (secret, payload, body) => hmac(secret, payload(hmac(secret, body).toString('base64'))).toString('hex'),
    { en: 'Here it is in hex.', zh: '收到的是十六进制。' },
  ],
  [
    (secret, payload, body) => hmac(secret, payload(hmac(secret, body).toString('hex'))).toString('base64'),
    { en: 'Here dataSign is in hex.', zh: '收到的 dataSign 是十六进制。' },
  ],
  [
    (secret, payload, body) =>
      hmac(secret, payload(encodeURIComponent(hmac(secret, body).toString('base64')))).toString('base64'),
    { en: 'Here dataSign is URL-encoded.', zh: '收到的 dataSign 做了 URL 编码。' },
  ],
  [
    (secret, _payload, body) => hmac(secret, body).toString('base64'),
    { en: 'Here it is dataSign alone.', zh: '收到的只是 dataSign。' },
  ],
];

/**
 * @param given the header
 * @param groupKey of the sandbox
 * @param groupSecret of the sandbox
 * @param timestamp the header
 * @param body the bytes that came
 * @returns a reason, or null where it is right
 */
export function signatureProblem(
  given: string,
  groupKey: string,
  groupSecret: string,
  timestamp: string,
  body: Buffer,
): Reason | null {
  if (given === '') return { en: 'The header Signature is missing.', zh: '缺少 Signature 头。' };
  if (isEqual(given, sign(groupKey, groupSecret, timestamp, body))) return null;
  const payload = (dataSign: string) => `groupKey=${groupKey}&sign=${dataSign}&timestamp=${timestamp}`;
  const found = MISTAKES.find(([otherwise]) => isEqual(given, otherwise(groupSecret, payload, body)));
  return found ? { en: `${RULE.en} ${found[1].en}`, zh: RULE.zh + found[1].zh } : RULE;
}

function hmac(secret: string, data: Buffer | string): Buffer {
  return createHmac('sha256', secret).update(data).digest();
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
