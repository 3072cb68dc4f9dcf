/** What came back for a request, from its bytes to the object in it. */
import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { type ErrorCode, refusal, VerifyError } from '../contract/errors';
import type { HttpAnswer } from '../contract/transport';
import { isObject, parseAnswer, parseObject } from './json';

/** An answer may be this large, compressed and not. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Two were seen. A chain of hundreds, each of some kilobytes and four mebibytes inside, would be work for seconds. */
const MOST_CODINGS = 4;
/** Behind a byte order mark and white space, in one byte a character or in two. */
const BEGINS_OBJECT = /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*\{/;

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const gunzipped = promisify(gunzip);
const inflated = promisify(inflate);
const rawInflated = promisify(inflateRaw);

/** Content codings: RFC 9110, section 8.4. */
const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', gunzipped],
  ['x-gzip', gunzipped],
  // RFC 9110, section 8.4.1.2: some send it without the zlib wrapper, whose first byte ends in 8.
  ['deflate', (body, options) => (body[0]! % 16 === 8 ? inflated : rawInflated)(body, options)],
  ['br', promisify(brotliDecompress)],
]);

/**
 * @param headers of an answer
 * @returns its codings in the order they were applied; `identity` is not one
 */
export function codingsOf(headers: HttpAnswer['headers']): string[] {
  const announced = headers['content-encoding'];
  if (!announced) return [];
  const tokens = String(announced)
    .toLowerCase()
    .split(/[\s,]+/);
  return tokens.filter((token) => token !== '' && token !== 'identity');
}

/**
 * Undoes what was announced, as far as it was done: a gateway unpacks an answer and leaves the header, or writes a
 * charset into it. Where the body is JSON already, the header is ignored.
 * @param answer as it came over the wire
 * @param codings of `codingsOf`
 * @returns the answer, decoded
 * @throws VerifyError PROTOCOL where it cannot be decoded, or grows too large
 */
export async function decode(answer: HttpAnswer, codings: readonly string[]): Promise<HttpAnswer> {
  let decoded = answer;
  for (const coding of codings.slice(-MOST_CODINGS).reverse()) {
    if (isJson(decoded)) return decoded;
    const decoder = DECODERS.get(coding);
    if (decoder) decoded = { ...answer, body: await unpack(decoder, decoded.body, answer) };
  }
  const isUndone = codings.length <= MOST_CODINGS && codings.every((coding) => DECODERS.has(coding));
  // A refusal is recognised by its status, whatever its page looks like.
  if (isUndone || answer.status >= 300 || isJson(decoded)) return decoded;
  throw new VerifyError('PROTOCOL', 'unknown-encoding', {}, knownOf(answer));
}

async function unpack(decoder: Decoder, body: Buffer, answer: HttpAnswer): Promise<Buffer> {
  try {
    return await decoder(body, { maxOutputLength: MAX_ANSWER_BYTES });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new VerifyError(
      'PROTOCOL',
      isTooLarge ? 'answer-too-large' : 'answer-damaged',
      {},
      knownOf(answer),
    );
  }
}

function knownOf({ status, headers }: HttpAnswer): VerifyError['details'] {
  return { httpStatus: status, headers };
}

function isJson(answer: HttpAnswer): boolean {
  return BEGINS_OBJECT.test(answer.body.toString('latin1', 0, 64)) && parseObject(textOf(answer)) !== null;
}

/** Where one of megabytes is not UTF-8, reading it as that takes longer than all the rest. */
const HEAD_BYTES = 256 * 1024;
/** What is not UTF-8 never gives one by chance: so many bytes of another charset do not fit its form. */
const HAN = /\p{Script=Han}/u;
const CHARSET = /charset\s*=\s*["']?([^\s"';,]+)/i;
/** Byte order marks go before whatever is declared (WHATWG Encoding, section 6); that of UTF-8 is passed over by whoever parses. */
const UTF_16: readonly (readonly [number, number, string])[] = [
  [0xff, 0xfe, 'utf-16le'],
  [0xfe, 0xff, 'utf-16be'],
];
/** Holds GBK and GB2312, and is what Chinese servers write that do not write UTF-8. */
const USUAL = 'gb18030';

/**
 * In the charset it is in. Providers document UTF-8; gateways and older servers write GBK too.
 * @param answer whose headers may declare a charset, rightly or wrongly
 * @returns its body as text; what fits no charset comes out as UTF-8 with U+FFFD where it is damaged
 */
export function textOf({ headers, body }: Pick<HttpAnswer, 'headers' | 'body'>): string {
  const marked = UTF_16.find(([first, second]) => body[0] === first && body[1] === second);
  if (marked) return new TextDecoder(marked[2]).decode(body);
  const declared = CHARSET.exec(String(headers['content-type'] ?? ''))?.[1]?.toLowerCase() ?? 'utf-8';
  const isWhole = isUtf8(body);
  if ((isWhole && declared === 'utf-8') || HAN.test(body.toString('utf8', 0, HEAD_BYTES)))
    return body.toString('utf8');
  return decodeAs(declared, body) ?? (isWhole ? null : decodeAs(USUAL, body)) ?? body.toString('utf8');
}

/** @returns null where the label names no charset, or the bytes are not in it */
function decodeAs(label: string, body: Buffer): string | null {
  try {
    return new TextDecoder(label, { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

/**
 * The form that xhey, linkface and westdex answer in, whatever the HTTP status: a JSON object with a `code`.
 * @param answer of the provider, or of something on the way to it
 * @param twice as of `parseAnswer`
 * @param mayBeLarge whether what was sent may be too large for somebody
 * @returns the object
 * @throws VerifyError by the HTTP status where it is no such answer, and PROTOCOL where the status is a success
 */
export function envelopeOf(
  answer: HttpAnswer,
  twice: Set<string>,
  mayBeLarge = true,
): Record<string, unknown> {
  const parsed = unwrapped(textOf(answer), twice);
  if (isObject(parsed) && (typeof parsed.code === 'number' || typeof parsed.code === 'string')) return parsed;
  throw refusedStatus(answer.status, mayBeLarge) ?? new VerifyError('PROTOCOL', 'answer-unreadable');
}

/**
 * Gateways that wrap a product's answer leave its data as the text they got.
 * @param value of a field that should hold an object or a list
 * @param twice as of `parseAnswer`; without it, a text that has such a key is no JSON
 * @returns what its JSON says, where it is a text that is JSON, of a text too; anything else as it is
 */
export function unwrapped(value: unknown, twice?: Set<string>): unknown {
  if (typeof value !== 'string' || !/^\s*[[{"]/.test(value)) return value;
  try {
    const inner = unwrapped(parseAnswer(value, twice), twice);
    return typeof inner === 'object' ? inner : value;
  } catch {
    return value;
  }
}

/** docs/contract.md, "Errors": what an HTTP status means where the provider's tables are silent. */
const STATUSES: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'AUTH'],
  [403, 'ACCOUNT'],
  [404, 'CONFIG'],
  [429, 'RATE_LIMITED'],
]);

/**
 * @param status of an answer without the provider's envelope
 * @param mayBeLarge whether what was sent may be too large: of some hundred bytes, 413 says nothing
 * @returns the error it stands for, or null for 2xx
 */
export function refusedStatus(status: number, mayBeLarge = true): VerifyError | null {
  if (status >= 200 && status < 300) return null;
  if (status === 413 && mayBeLarge)
    return new VerifyError('INPUT', 'request-too-large', { httpStatus: status }, { charged: false });
  const code = STATUSES.get(status) ?? (status >= 500 && status < 600 ? 'PROVIDER' : null);
  if (!code) return new VerifyError('PROTOCOL', 'unexpected-status', { httpStatus: status });
  const error = refusal(code, `HTTP ${status}`, '');
  Object.assign(error.details, { providerCode: null, providerMessage: null, envelope: false });
  return error;
}
