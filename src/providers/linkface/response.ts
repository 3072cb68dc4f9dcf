import { incomplete, refusalBy } from '../../contract/codes';
import type { RequestAnswer } from '../../contract/provider-request';
import type { HttpAnswer } from '../../contract/transport';
import { envelopeOf, unwrapped } from '../../http/answer';
import { isObject } from '../../http/json';
import { conceal, harmlessId, type Known } from '../../input/mask';
import { CODES, SUCCESS } from './codes';

/** A success, taken apart: docs/providers/linkface.md, "Answer". */
export interface Issued {
  code: string;
  message: string;
  requestId: string | null;
  charged: boolean | null;
  token: string;
  /** The whole answer, parsed. */
  raw: Record<string, unknown>;
}

/** docs/providers/linkface.md, "Answer": `charge`. */
const CHARGED: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [1, true],
  ['1', true],
  [2, false],
  ['2', false],
]);

/** Of two that differ, none counts. */
const DECIDING: ReadonlySet<string> = new Set(['code', 'data', 'token']);

/** What every answer has: docs/providers/linkface.md, "Answer". */
type Envelope = Omit<Issued, 'token'> & { data: unknown };

/**
 * Takes an answer apart; an envelope goes before the HTTP status, and the code before the text: the document's failure
 * sample pairs a code with the text of another.
 * @throws VerifyError by the table of codes, PROTOCOL where what decides is there twice, or by the HTTP status where there
 *   is no envelope
 */
function readEnvelope(answer: HttpAnswer, known: Known, mayBeLarge: boolean): Envelope {
  const twice = new Set<string>();
  const raw = envelopeOf(answer, twice, mayBeLarge);
  const code = conceal(String(raw.code), known);
  const message = typeof raw.msg === 'string' ? conceal(raw.msg, known) : '';
  const requestId = harmlessId(raw.request_id, known);
  const charged = CHARGED.get(raw.charge) ?? null;
  const data = unwrapped(raw.data, twice);
  if (code !== SUCCESS && !twice.has('code')) throw refusalBy(CODES, code, message, { requestId, charged });
  if ([...twice].some((key) => DECIDING.has(key))) throw incomplete(code, message, { requestId, charged });
  return { code, message, requestId, charged, data, raw };
}

/**
 * @param answer to a request for a token
 * @param known what its texts may repeat
 * @returns a success with its token
 * @throws VerifyError as `readEnvelope`, and PROTOCOL where there is no token
 */
export function readIssued(answer: HttpAnswer, known: Known): Issued {
  const { data, ...envelope } = readEnvelope(answer, known, false);
  const token = isObject(data) ? data.token : null;
  if (typeof token === 'string' && token.trim() !== '') return { ...envelope, token };
  const { code, message, requestId, charged } = envelope;
  throw incomplete(code, message, { requestId, charged });
}

/**
 * @param answer to any request
 * @param known what its texts may repeat
 * @returns what stands under `data`, or the whole where nothing does
 * @throws VerifyError as `readEnvelope`
 */
export function readAnything(answer: HttpAnswer, known: Known): RequestAnswer {
  const { data, ...envelope } = readEnvelope(answer, known, true);
  return { ...envelope, orderNo: null, result: data ?? envelope.raw };
}
