import type { HttpAnswer } from '../../action';
import { type ErrorDetails, refusal, VerifyError } from '../../errors';
import { envelopeOf } from '../../http/envelope';
import { parseJson } from '../../http/json';
import { refusedStatus } from '../../http/status';
import { conceal, harmlessId, type Known } from '../../input/mask';
import type { KeyDerivation } from './account';
import { decrypt, otherKeys } from './cipher';

/** westdex.md, "Answer": anything else is a failure. An unquoted `00000` would not be JSON. */
const SUCCESS: ReadonlySet<string> = new Set(['00000', '200', '0']);

/** What it takes to read an answer. */
export interface Reader {
  /** The account's key as it is configured. */
  key: string;
  keyDerivation: KeyDerivation;
  /** The AES key that the request was encrypted with. */
  aesKey: Buffer;
  known: Known;
}

/** A success: westdex.md, "Answer". */
export interface Envelope {
  code: string;
  message: string;
  id: string | null;
  /** The decrypted JSON; null where the answer has no data. */
  result: unknown;
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
  const raw = envelopeOf(answer);
  if (!raw) throw refusedStatus(answer.status) ?? new VerifyError('PROTOCOL', 'answer-unreadable');
  const given = String(raw.code).trim();
  const code = conceal(given, reader.known);
  const message = wordsOf(raw, reader.known);
  const id = harmlessId(raw.id, reader.known);
  if (!SUCCESS.has(given)) throw failure(code, message, id, raw.data, reader);

  const { data = '' } = raw;
  const details = { providerCode: code, providerMessage: message, requestId: id, envelope: true };
  return { code, message, id, result: readData(data ?? '', details, reader), raw };
}

/** "It may be absent or empty": westdex.md, "Answer". */
function readData(data: unknown, details: ErrorDetails, reader: Reader): unknown {
  if (data === '') return null;
  if (typeof data !== 'string') throw new VerifyError('PROTOCOL', 'answer-unreadable', {}, details);
  const decrypted = decryptJson(data, reader.aesKey);
  if (decrypted) return decrypted.json;
  const keyDerivation = derivationThatFits(data, reader);
  if (keyDerivation) throw new VerifyError('PROTOCOL', 'answer-other-key', { keyDerivation }, details);
  throw new VerifyError('PROTOCOL', 'answer-undecryptable', {}, details);
}

/**
 * A failure's encrypted details are about a person and stay where they are; but where only another derivation reads
 * them, the provider could not read the request either.
 */
function failure(
  code: string,
  message: string,
  requestId: string | null,
  data: unknown,
  reader: Reader,
): VerifyError {
  const error = refusal('PROVIDER', code, message);
  error.details.requestId = requestId;
  if (typeof data !== 'string' || data === '' || decryptJson(data, reader.aesKey)) return error;
  const keyDerivation = derivationThatFits(data, reader);
  if (!keyDerivation) return error;
  const words = String(error.values.words);
  return new VerifyError('PROVIDER', 'failed-other-key', { words, keyDerivation }, error.details);
}

/** westdex.md: "When an answer cannot be decrypted with the chosen derivation but can with another". */
function derivationThatFits(data: string, { key, keyDerivation }: Reader): KeyDerivation | null {
  const fits = otherKeys(key, keyDerivation).find(([, other]) => decryptJson(data, other));
  return fits ? fits[0] : null;
}

/** Wrapped, because `null` is JSON as well. Nothing that was encrypted is still nothing. */
function decryptJson(data: string, aesKey: Buffer): { json: unknown } | null {
  const text = decrypt(data, aesKey);
  if (text === null) return null;
  if (text.trim() === '') return { json: null };
  try {
    return { json: parseJson(text) };
  } catch {
    return null;
  }
}

/** "A failure may carry `error_code` (number or string) and `reason`": westdex.md, "Answer". */
function wordsOf(raw: Record<string, unknown>, known: Known): string {
  const texts = [raw.message, raw.error_code, raw.reason].map((value) =>
    typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '',
  );
  const [message = '', errorCode, reason] = texts;
  const details = [errorCode && `error_code ${errorCode}`, reason].filter(Boolean).join(': ');
  return conceal(details ? `${message} (${details})`.trim() : message, known);
}
