/** Content codings (RFC 9110, section 8.4), as they are and not only as they are announced. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { VerifyError } from '../contract/errors';
import type { HttpAnswer } from '../contract/transport';
import { parseObject } from './json';
import { textOf } from './text';

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
