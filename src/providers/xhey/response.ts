import type { HttpAnswer } from '../../action';
import { refusal, VerifyError } from '../../errors';
import { envelopeOf } from '../../http/envelope';
import { isObject } from '../../http/json';
import { refusedStatus } from '../../http/status';
import { conceal, type Known } from '../../input/mask';
import { CODES } from './codes';
import { toNumber } from './photo';

/** xhey.md, "Codes", 2001: at most 1000 records a query. Photos and tasks are ten at the most, and far from this. */
const MOST_ITEMS = 1000;

/** What every answer has: xhey.md, the samples of both calls. */
export interface Envelope {
  code: string;
  message: string;
  data: unknown;
  /** The whole answer, parsed. */
  raw: Record<string, unknown>;
}

/** A success of create. */
export interface Created extends Envelope {
  taskIds: string[];
}

/** A success of query. */
export interface TaskAnswer extends Envelope {
  taskStatus: number;
  /** As the provider sent it, but for what its words must not repeat. */
  list: unknown[];
}

/**
 * Takes an answer apart; an envelope goes before the HTTP status.
 * @param answer of either call
 * @param known what its texts may repeat
 * @returns the envelope of a success
 * @throws VerifyError by the table of codes, or by the HTTP status where there is no envelope
 */
function readEnvelope(answer: HttpAnswer, known: Known): Envelope {
  const raw = envelopeOf(answer);
  if (!raw) throw refusedStatus(answer.status) ?? new VerifyError('PROTOCOL', 'answer-unreadable');
  const code = conceal(String(raw.code), known);
  const message = typeof raw.msg === 'string' ? conceal(raw.msg, known) : '';
  if (code === '200') return { code, message, data: raw.data, raw };
  throw refusal(CODES.get(code) ?? 'PROVIDER', code, message);
}

/**
 * xhey.md, "POST /v2/truth_build/create": the list stands under `data` (documented) or `data.data` (observed).
 * @param answer to a create
 * @param known what its texts may repeat
 * @throws VerifyError as `readEnvelope`, and PROTOCOL where there is no task id
 */
export function readCreated(answer: HttpAnswer, known: Known): Created {
  const envelope = readEnvelope(answer, known);
  const list = isObject(envelope.data) ? envelope.data.data : envelope.data;
  const taskIds: string[] = [];
  for (const item of Array.isArray(list) && list.length <= MOST_ITEMS ? list : []) {
    const id = isObject(item) ? item.taskID : null;
    const isExact = (typeof id === 'string' && id !== '') || Number.isSafeInteger(id);
    if (isExact && !taskIds.includes(String(id))) taskIds.push(String(id));
  }
  if (taskIds.length === 0) throw missingData();
  return { ...envelope, taskIds };
}

/**
 * xhey.md, "POST /v2/truth_build/query": the fields stand under `data` (observed) or at the top level (documented).
 * @param answer to a query
 * @param known what its texts may repeat
 * @throws VerifyError as `readEnvelope`, and PROTOCOL where they are missing
 */
export function readTask(answer: HttpAnswer, known: Known): TaskAnswer {
  const envelope = readEnvelope(answer, known);
  const fields = isObject(envelope.data) ? envelope.data : envelope.raw;
  const taskStatus = toNumber(fields.taskStatus);
  const list = fields.list ?? [];
  if (taskStatus === null || !Array.isArray(list) || list.length > MOST_ITEMS) throw missingData();
  const concealed = list.map((item: unknown) =>
    isObject(item) && typeof item.msg === 'string' ? { ...item, msg: conceal(item.msg, known) } : item,
  );
  return { ...envelope, taskStatus, list: concealed };
}

/** A success that lacks what the document promises. */
function missingData(): VerifyError {
  return new VerifyError('PROTOCOL', 'answer-incomplete', {}, { providerCode: '200', envelope: true });
}
