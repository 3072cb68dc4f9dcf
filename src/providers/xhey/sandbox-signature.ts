/** Why the sandbox does not accept a signature: xhey.md, "Signing". */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { sign } from './client';

const RULE =
  'Signature is base64(HMAC-SHA256(groupSecret, "groupKey=<GroupKey>&sign=<dataSign>&timestamp=<Timestamp>")), and dataSign is base64(HMAC-SHA256(groupSecret, the exact bytes of the body)).';

/** What programs do instead, and how it looks. */
const MISTAKES: readonly (readonly [
  (secret: string, payload: (dataSign: string) => string, body: Buffer) => string,
  words: string,
])[] = [
  [
    (secret, payload, body) => hmac(secret, payload(hmac(secret, body).toString('base64'))).toString('hex'),
    'Here it is in hex.',
  ],
  [
    (secret, payload, body) => hmac(secret, payload(hmac(secret, body).toString('hex'))).toString('base64'),
    'Here dataSign is in hex.',
  ],
  [
    (secret, payload, body) =>
      hmac(secret, payload(encodeURIComponent(hmac(secret, body).toString('base64')))).toString('base64'),
    'Here dataSign is URL-encoded.',
  ],
  [(secret, _payload, body) => hmac(secret, body).toString('base64'), 'Here it is dataSign alone.'],
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
): string | null {
  if (given === '') return 'The header Signature is missing.';
  if (isEqual(given, sign(groupKey, groupSecret, timestamp, body))) return null;
  const payload = (dataSign: string) => `groupKey=${groupKey}&sign=${dataSign}&timestamp=${timestamp}`;
  const found = MISTAKES.find(([otherwise]) => isEqual(given, otherwise(groupSecret, payload, body)));
  return found ? `${RULE} ${found[1]}` : RULE;
}

function hmac(secret: string, data: Buffer | string): Buffer {
  return createHmac('sha256', secret).update(data).digest();
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
