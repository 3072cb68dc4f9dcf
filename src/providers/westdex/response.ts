import { incomplete } from '../../contract/codes';
import { type ErrorDetails, refusal, VerifyError } from '../../contract/errors';
import type { HttpAnswer } from '../../contract/transport';
import { envelopeOf, unwrapped } from '../../http/answer';
import { isObject, parseAnswer } from '../../http/json';
import { offsetAskedBy } from '../../http/signing';
import { conceal, harmlessId, type Known } from '../../input/mask';
import type { KeyDerivation } from './account';
import { BEGINNING_CHARACTERS, decrypt, decryptBeginning, otherKeys } from './cipher';

/** docs/providers/westdex.md, "Answer": anything else is a failure. An unquoted `00000` would not be JSON. */
const SUCCESS: ReadonlySet<string> = new Set(['00000', '200', '0']);
/** Of two that differ, none counts. */
const DECIDING: ReadonlySet<string> = new Set(['code', 'error_code', 'data']);
/** "`error_code` 0 is no error"; nor is a null that was written as text. */
const NO_ERROR = /^(?:0*|null)$/i;
/** A wrong key, or another way to make the AES key from it, is refused in words that nobody documents. */
const CANNOT_DECRYPT = /解密|decrypt/i;
/** What is in no text that people read, but for its line ends: bytes that another key made. */
const UNREADABLE = /(?![\t\r\n])[\p{Cc}\p{Cn}\p{Co}]/u;

/** docs/providers/westdex.md, "Nobody knows, but a neighbour fits": "an `IsCharge` is believed", in whatever words. */
const CHARGED: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'y', 'yes', '是'].map((word) => [word, true] as const),
  ...['false', '0', 'n', 'no', '否'].map((word) => [word, false] as const),
]);

/** What it takes to read an answer. */
export interface Reader {
  /** The account's key as it is configured. */
  key: string;
  keyDerivation: KeyDerivation;
  /** The AES key that the request was encrypted with. */
  aesKey: Buffer;
  known: Known;
  /** Unix time in milliseconds, by this machine's clock. */
  now: number;
  /** Milliseconds that the request's time stamp was ahead of this machine's clock. */
  offset: number;
}

/** A success: docs/providers/westdex.md, "Answer". */
export interface Envelope {
  code: string;
  message: string;
  id: string | null;
  /** The decrypted JSON, or the decrypted text where it is not JSON; null where the answer has no data. */
  result: unknown;
  /** null: the decrypted answer does not say. */
  charged: boolean | null;
  /** The whole answer, parsed, its data still encrypted. */
  raw: Record<string, unknown>;
}

/**
 * Takes an answer apart; an envelope goes before the HTTP status.
 * @param answer of the provider
 * @param reader what it takes
 * @returns the envelope of a success
 * @throws VerifyError PROVIDER for a failure, PROTOCOL where the answer cannot be read or decrypted, or by the HTTP
 *   status where there is no envelope
 */
export function readEnvelope(answer: HttpAnswer, reader: Reader): Envelope {
  const twice = new Set<string>();
  const raw = envelopeOf(answer, twice);
  const given = String(raw.code).trim();
  const code = conceal(given, reader.known);
  const message = wordsOf(raw, reader.known);
  const id = harmlessId(raw.id, reader.known);
  const data = raw.data ?? '';
  if ([...twice].some((key) => DECIDING.has(key))) throw incomplete(code, message, { requestId: id });
  if (!SUCCESS.has(given) || !NO_ERROR.test(textIn(raw.error_code)))
    throw failure(answer, { code, message, id, data }, reader);

  const details = { providerCode: code, providerMessage: message, requestId: id, envelope: true };
  const result = readData(data, details, reader);
  return { code, message, id, result, charged: chargedOf(result), raw };
}

/** "It may be absent or empty": docs/providers/westdex.md, "Answer". */
function readData(data: unknown, details: ErrorDetails, reader: Reader): unknown {
  if (data === '') return null;
  if (typeof data !== 'string') throw new VerifyError('PROTOCOL', 'answer-unreadable', {}, details);
  const read = open(data, reader);
  if ('value' in read) return read.value;
  const { keyDerivation } = read;
  if (keyDerivation) throw new VerifyError('PROTOCOL', 'answer-other-key', { keyDerivation }, details);
  throw new VerifyError('PROTOCOL', 'answer-undecryptable', {}, details);
}

/**
 * A failure's encrypted details are about a person and stay where they are, but for whether it was charged; where only
 * another derivation reads them, the provider could not read the request either. And a time stamp that it does not
 * accept is refused in words that nobody documents.
 */
function failure(
  answer: HttpAnswer,
  { code, message, id, data }: { code: string; message: string; id: string | null; data: unknown },
  reader: Reader,
): VerifyError {
  const error = refusal('PROVIDER', code, message);
  const { details } = error;
  const words = String(error.values.words);
  details.requestId = id;
  const read = typeof data === 'string' && data !== '' ? open(data, reader) : { keyDerivation: null };
  if ('value' in read) details.charged = chargedOf(read.value);
  else if (read.keyDerivation) {
    const { keyDerivation } = read;
    return new VerifyError('PROVIDER', 'failed-other-key', { words, keyDerivation }, details);
  }
  if (CANNOT_DECRYPT.test(message)) return new VerifyError('PROVIDER', 'failed-decrypt', { words }, details);
  const offset = offsetAskedBy(answer, reader.now, reader.offset);
  if (offset === null) return error;
  const seconds = Math.round(Math.abs(offset - reader.offset) / 1000);
  return new VerifyError('PROVIDER', 'failed-clock', { words, seconds }, details);
}

/**
 * Any text may be an answer (docs/providers/westdex.md: "`一致`"), so JSON goes first, under whatever key, and then what people can read:
 * under a wrong key hardly one answer in a billion has valid padding, is UTF-8 and is without a control character.
 * @param data encrypted
 * @returns the answer, or which derivation reads it; null where none does
 */
function open(
  data: string,
  { key, keyDerivation, aesKey }: Reader,
): { value: unknown } | { keyDerivation: KeyDerivation | null } {
  const text = decrypt(data, aesKey);
  const json = jsonIn(text);
  if (json) return json;
  if (data.length > BEGINNING_CHARACTERS) {
    if (isReadable(text)) return { value: text };
    const found = otherKeys(key, keyDerivation).find(([, other]) =>
      isReadable(decryptBeginning(data, other)),
    );
    return { keyDerivation: found?.[0] ?? null };
  }
  const others = otherKeys(key, keyDerivation).map(([name, other]) => [name, decrypt(data, other)] as const);
  const fits = others.find(([, other]) => jsonIn(other));
  if (fits) return { keyDerivation: fits[0] };
  if (isReadable(text)) return { value: text };
  return { keyDerivation: others.find(([, other]) => isReadable(other))?.[0] ?? null };
}

/** Wrapped, because `null` is JSON as well. Nothing that was encrypted is still nothing. */
function jsonIn(text: string | null): { value: unknown } | null {
  if (text === null) return null;
  if (text.trim() === '') return { value: null };
  try {
    const value = parseAnswer(text);
    // Written as JSON twice.
    return { value: unwrapped(value) };
  } catch {
    return null;
  }
}

function isReadable(text: string | null): text is string {
  return text !== null && !UNREADABLE.test(text.slice(0, BEGINNING_CHARACTERS));
}

/** The neighbour's form has it beside `Code` and `Data`. */
function chargedOf(result: unknown): boolean | null {
  const fields = Object.entries(isObject(result) ? result : {});
  const [, isCharge] = fields.find(([name]) => /^is_?charge$/i.test(name)) ?? [];
  return typeof isCharge === 'object' ? null : (CHARGED.get(String(isCharge).trim().toLowerCase()) ?? null);
}

/** "A failure may carry `error_code` (number or string) and `reason`": docs/providers/westdex.md, "Answer". */
function wordsOf(raw: Record<string, unknown>, known: Known): string {
  const [code, message = '', errorCode = '', reason = ''] = [
    raw.code,
    raw.message,
    raw.error_code,
    raw.reason,
  ].map(textIn);
  const isSaid = NO_ERROR.test(errorCode) || errorCode === code;
  // Each by itself: a long message must not push the code out of what is shown.
  const details = [isSaid ? '' : `error_code ${errorCode}`, reason === message ? '' : reason]
    .filter(Boolean)
    .map((words) => conceal(words, known))
    .join(': ');
  const words = conceal(message, known);
  return details ? `${words} (${details})`.trim() : words;
}

/** A text or a number, as a text. */
function textIn(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}
