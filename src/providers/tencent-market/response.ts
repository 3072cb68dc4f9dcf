import { incomplete, refusalBy } from '../../contract/codes';
import { refusal, VerifyError } from '../../contract/errors';
import type { RequestAnswer } from '../../contract/provider-request';
import type { HttpAnswer } from '../../contract/transport';
import { refusedStatus, textOf, unwrapped } from '../../http/answer';
import { isObject } from '../../http/json';
import { conceal, harmlessId, type Known } from '../../input/mask';
import { CODES, COMPARED, GATEWAY_REFUSALS, type GatewayRefusal, INCORRECT, SUCCESS } from './codes';

/** What a comparison found, in the provider's numbers. */
export interface Comparison {
  code: string;
  /** The provider's own words, masked. */
  message: string;
  requestId: string | null;
  incorrect: number;
  /** Only where two faces were compared; in whatever scale the product has. */
  score: number | null;
  /** Exact, however it was written. */
  orderNo: string | null;
  /** The whole answer, parsed. */
  raw: Record<string, unknown>;
}

/** What it takes to read an answer. */
export interface Reader {
  /** What its texts may repeat. */
  known: Known;
  /** The node's own limit in MB, for a gateway that takes less; null where nobody knows what is too large. */
  maxPhotoMB: number | null;
}

/** "The gateway's own refusals": where the request id stands. */
const REQUEST_ID_HEADERS = ['x-api-requestid', 'request-id', 'x-request-id'];
/** A gateway's text is a sentence; a page from elsewhere is not searched to its end. */
const LONGEST_GATEWAY_TEXT = 2000;
/** A number of JSON, and what others write for one: ".82", "8.2e-1", "+1". */
const NUMBER_IN_TEXT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
/** "An envelope's `success` may be a text". */
const SUCCESSES: ReadonlySet<string> = new Set([
  ...['true', '1', 't', 'y', 'yes', 'ok', 'success', '是', '成功', '查询成功', '操作成功', '请求成功'],
  // Nothing is said, or a code of success: the product's, and the usual one of other systems.
  ...['', SUCCESS, '0000'],
]);
const NO_SUCCESS: ReadonlySet<string> = new Set(['false', '0']);
/** Of two that differ, none counts; the last two are other products'. */
const DECIDING: ReadonlySet<string> = new Set([
  ...['code', 'success', 'data', 'incorrect', 'score'],
  ...['result', 'status'],
]);

/**
 * Takes an answer apart. The product's envelope goes before the HTTP status, and so does the gateway's.
 * @param answer of the gateway, or of the product behind it
 * @param reader what it takes
 * @returns what was found
 * @throws VerifyError by the tables of docs/providers/tencent-market.md, or by the HTTP status where they are silent
 */
export function readAnswer(answer: HttpAnswer, reader: Reader): Comparison {
  return withRequestId(answer, reader.known, () => readComparison(answer, reader));
}

/**
 * docs/providers/tencent-market.md, "Other products": each has a form of its own. What a gateway refuses and what is in
 * the table of codes is an error; a code that only another product can explain is an answer that was paid for.
 * @param answer of the gateway, or of any product behind it
 * @param known what its texts may repeat
 * @param isOwn whether it is the documented product, at the account's own address
 * @returns the whole answer
 * @throws VerifyError as `readAnswer`
 */
export function readProduct(answer: HttpAnswer, known: Known, isOwn: boolean): RequestAnswer {
  return withRequestId(answer, known, () => {
    const { status } = answer;
    const text = textOf(answer);
    const twice = new Set<string>();
    const whole = unwrapped(text, twice);
    const raw = isObject(whole) ? whole : null;
    const isEnvelope = raw !== null && isProductAnswer(raw, status);
    const isOther = !isOwn && typeof whole === 'object' && status >= 200 && status < 300;
    if (!isEnvelope && !isOther) throw refusedByGateway(answer, raw, text, { known, maxPhotoMB: null });

    const { code: given = status, success } = raw ?? {};
    const { data, message, orderNo } = wordsIn(raw ?? {}, known, twice);
    const code = isEnvelope ? conceal(String(given).trim(), known) : String(status);
    const contradicts = isOwn ? !isSuccess(success) : isOneOf(NO_SUCCESS, success);
    if (code === SUCCESS && contradicts) throw incomplete(SUCCESS, message, { orderNo });
    if (code !== SUCCESS && !twice.has('code') && (isOwn || contradicts || CODES.has(code) || status >= 400))
      throw refusalBy(CODES, code, message, { orderNo });
    if (isUndecided(twice)) throw incomplete(code, message, { orderNo });
    const charged = isOwn ? (INCORRECT.get(String(numberIn(data.incorrect)))?.charged ?? null) : null;
    return { code, message, orderNo, charged, result: whole, raw: whole };
  });
}

function withRequestId<Found>(
  answer: HttpAnswer,
  known: Known,
  read: () => Found,
): Found & { requestId: string | null } {
  const requestId = requestIdIn(answer.headers, known);
  try {
    return { ...read(), requestId };
  } catch (error) {
    if (error instanceof VerifyError) error.details.requestId = requestId;
    throw error;
  }
}

/**
 * @param headers of an answer
 * @param known what an id may repeat
 * @returns the gateway's request id, or null where there is none
 */
export function requestIdIn(headers: HttpAnswer['headers'], known: Known): string | null {
  for (const name of REQUEST_ID_HEADERS) {
    const value = [headers[name]].flat()[0];
    if (value) return harmlessId(value, known);
  }
  return null;
}

function readComparison(answer: HttpAnswer, reader: Reader): Omit<Comparison, 'requestId'> {
  const { known } = reader;
  const text = textOf(answer);
  const twice = new Set<string>();
  const whole = unwrapped(text, twice);
  const raw = isObject(whole) ? whole : null;
  if (!raw || !isProductAnswer(raw, answer.status)) throw refusedByGateway(answer, raw, text, reader);
  const code = conceal(String(raw.code).trim(), known);
  const { data, message, orderNo } = wordsIn(raw, known, twice);
  const incorrect = numberIn(data.incorrect);
  const hasScore = (incorrect === null || incorrect === COMPARED) && !twice.has('score');
  const score = hasScore ? numberIn(data.score) : null;
  if (code !== SUCCESS && !twice.has('code')) throw refusalBy(CODES, code, message, { orderNo });

  // An answer that says both 200 and that it failed is no answer: nobody may pass on it.
  if (incorrect === null || !Number.isInteger(incorrect) || !isSuccess(raw.success) || isUndecided(twice))
    throw incomplete(code, message, { orderNo, score });
  const { charged = null, error, identityConfirmed } = INCORRECT.get(String(incorrect)) ?? {};
  // `code` is 200 here and would say nothing.
  if (error)
    throw refusalBy(INCORRECT, String(incorrect), message, {
      orderNo,
      ...(identityConfirmed === undefined ? {} : { identityConfirmed }),
    });
  if (incorrect === COMPARED && score === null)
    throw incomplete(SUCCESS, message, { orderNo, score, charged });
  return { code, message, incorrect, score, orderNo, raw };
}

/** What a product's answer says beside its verdict. */
function wordsIn(
  raw: Record<string, unknown>,
  known: Known,
  twice: Set<string>,
): { data: Record<string, unknown>; message: string; orderNo: string | null } {
  const given = unwrapped(raw.data, twice);
  const [only] = Array.isArray(given) && given.length === 1 ? given : [given];
  const data = isObject(only) ? only : {};
  const message = conceal(wordsOf(data, 'msg') || wordsOf(raw, 'msg') || wordsOf(raw, 'message'), known);
  return { data, message, orderNo: harmlessId(data.order_no, known) };
}

function isUndecided(twice: ReadonlySet<string>): boolean {
  return [...twice].some((key) => DECIDING.has(key));
}

/** Where it is left out, the code decides; whatever else is there and does not say so is no success. */
function isSuccess(success: unknown): boolean {
  return isOneOf(SUCCESSES, success ?? '');
}

function isOneOf(words: ReadonlySet<string>, value: unknown): boolean {
  return typeof value !== 'object' && words.has(String(value).trim().toLowerCase());
}

/**
 * "The gateway's own refusals": `{"message":"…"}`. The newer one's form is not documented, so its words count in any.
 * What is in neither form comes from something else on the way.
 */
function refusedByGateway(
  { status, headers }: HttpAnswer,
  raw: Record<string, unknown> | null,
  text: string,
  { known, maxPhotoMB }: Reader,
): VerifyError {
  const ownForm = typeof raw?.message === 'string';
  const words = ownForm ? String(raw.message) : wordsOf(raw ?? {}, 'msg') || text;
  const row = gatewayRow(status, words) ?? gatewayRow(status, ownForm ? '' : text);
  const byStatus = refusedStatus(status) ?? new VerifyError('PROTOCOL', 'answer-unreadable');
  // "any": a proxy in front of the gateway refuses as well, with a page of its own.
  if (status === 413)
    return maxPhotoMB === null
      ? byStatus
      : new VerifyError('INPUT', 'photo-too-large', { maxPhotoMB }, { charged: false });
  const code = row ? row.code : byStatus.problem.startsWith('refused.') ? byStatus.code : null;
  if (!code || !(row || ownForm)) return byStatus;
  const error = refusal(code, `HTTP ${status}`, conceal(words, known));
  // A gateway has no codes but the HTTP status, which is kept separately.
  error.details.providerCode = null;
  // "before the product is reached"; of what the gateway could not finish, that is not known.
  if (status < 500) error.details.charged = false;
  else if (status === 503 && headers['retry-after'] !== undefined) error.details.notProcessed = true;
  if (!row?.isOtherScheme) return error;
  return new VerifyError('AUTH', 'other-scheme', { words: String(error.values.words) }, error.details);
}

function gatewayRow(status: number, words: string): GatewayRefusal | undefined {
  const read = words.slice(0, LONGEST_GATEWAY_TEXT);
  return GATEWAY_REFUSALS.find((each) => each.statuses.includes(status) && each.text.test(read));
}

/** Both have a `message` in some version; the product alone has these, but for a gateway that says its own words under `msg`. */
function isProductAnswer(raw: Record<string, unknown>, status: number): boolean {
  if (typeof raw.code !== 'number' && typeof raw.code !== 'string') return false;
  const isKnown = 'success' in raw || CODES.has(String(raw.code).trim());
  if (!isKnown && gatewayRow(status, wordsOf(raw, 'msg'))) return false;
  return status < 400 || 'msg' in raw || 'success' in raw || 'data' in raw;
}

function wordsOf(fields: Record<string, unknown>, name: string): string {
  const words = fields[name];
  return typeof words === 'string' ? words : '';
}

/** A number, sent as one or as text. */
function numberIn(value: unknown): number | null {
  const isText = typeof value === 'string' && NUMBER_IN_TEXT.test(value.trim());
  const number = typeof value === 'number' || isText ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}
