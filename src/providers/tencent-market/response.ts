import type { HttpAnswer } from '../../action';
import { refusal, VerifyError } from '../../errors';
import { isObject, parseObject } from '../../http/json';
import { refusedStatus } from '../../http/status';
import { conceal, harmlessId, type Known } from '../../input/mask';
import { CODES, GATEWAY_REFUSALS } from './codes';
import { COMPARED, FAILED_SERVICES } from './incorrect';

/** What a comparison found, in the provider's numbers. */
export interface Comparison {
  code: string;
  /** The provider's own words, masked. */
  message: string;
  requestId: string | null;
  incorrect: number;
  /** From 0 to 1; only where two faces were compared. */
  score: number | null;
  /** Exact, however it was written. */
  orderNo: string | null;
  /** The whole answer, parsed. */
  raw: Record<string, unknown>;
}

/** "The gateway's own refusals": where the request id stands. */
const REQUEST_ID_HEADERS = ['x-api-requestid', 'request-id', 'x-request-id'];
/** A gateway's text is a sentence; a page from elsewhere is not searched to its end. */
const LONGEST_GATEWAY_TEXT = 2000;

/**
 * Takes an answer apart. The product's envelope goes before the HTTP status, and so does the gateway's.
 * @param answer of the gateway, or of the product behind it
 * @param known what its texts may repeat
 * @returns what was found
 * @throws VerifyError by the tables of tencent-market.md, or by the HTTP status where they are silent
 */
export function readAnswer(answer: HttpAnswer, known: Known): Comparison {
  const requestId = requestIdOf(answer, known);
  try {
    return { ...readComparison(answer, known), requestId };
  } catch (error) {
    if (error instanceof VerifyError) error.details.requestId = requestId;
    throw error;
  }
}

function readComparison(answer: HttpAnswer, known: Known): Omit<Comparison, 'requestId'> {
  const text = answer.body.toString('utf8');
  const raw = parseObject(text);
  if (!raw || !isProductAnswer(raw, answer.status)) throw refusedByGateway(answer.status, raw, text, known);
  const { data } = raw;
  const code = conceal(String(raw.code), known);
  const message = conceal(wordsOf(data, 'msg') || wordsOf(raw, 'msg') || wordsOf(raw, 'message'), known);
  if (code !== '200') throw refusal(CODES.get(code) ?? 'PROVIDER', code, message);

  const incorrect = isObject(data) ? numberIn(data.incorrect) : null;
  // An answer that says both 200 and that it failed is none: nobody may pass on it.
  if (!isObject(data) || incorrect === null || !Number.isInteger(incorrect) || raw.success === false)
    throw missingData();
  // `code` is 200 here and would say nothing.
  if (FAILED_SERVICES.has(incorrect)) throw refusal('PROVIDER', String(incorrect), message);
  const score = incorrect === COMPARED ? numberIn(data.score) : null;
  if (incorrect === COMPARED && (score === null || score < 0 || score > 1)) throw missingData();
  return { code, message, incorrect, score, orderNo: harmlessId(data.order_no, known), raw };
}

/**
 * "The gateway's own refusals": `{"message":"…"}`. The newer one's form is not documented, so its words count in any.
 * What is in neither form comes from something else on the way.
 */
function refusedByGateway(
  status: number,
  raw: Record<string, unknown> | null,
  text: string,
  known: Known,
): VerifyError {
  const ownForm = typeof raw?.message === 'string';
  const words = (ownForm ? String(raw.message) : text).slice(0, LONGEST_GATEWAY_TEXT);
  const row = GATEWAY_REFUSALS.find((each) => each.statuses.includes(status) && each.text.test(words));
  const byStatus = refusedStatus(status) ?? new VerifyError('PROTOCOL', 'answer-unreadable');
  const code = row ? row.code : byStatus.problem.startsWith('refused.') ? byStatus.code : null;
  if (!code || !(row || ownForm)) return byStatus;
  const error = refusal(code, `HTTP ${status}`, conceal(words, known));
  // A gateway has no codes but the HTTP status, which has a place of its own.
  error.details.providerCode = null;
  return error;
}

/** @returns the error of a success that lacks what the document promises */
function missingData(): VerifyError {
  return new VerifyError('PROTOCOL', 'answer-incomplete', {}, { providerCode: '200', envelope: true });
}

/** Both have a `message` in some version; the product alone has these. */
function isProductAnswer(raw: Record<string, unknown>, status: number): boolean {
  if (typeof raw.code !== 'number' && typeof raw.code !== 'string') return false;
  return status < 400 || 'msg' in raw || 'success' in raw || 'data' in raw;
}

function wordsOf(value: unknown, name: string): string {
  const words = isObject(value) ? value[name] : undefined;
  return typeof words === 'string' ? words : '';
}

/** A number, sent as one or as text. */
function numberIn(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) : null;
}

function requestIdOf({ headers }: HttpAnswer, known: Known): string | null {
  for (const name of REQUEST_ID_HEADERS) {
    const value = [headers[name]].flat()[0];
    if (value) return harmlessId(value, known);
  }
  return null;
}
