import type { HttpAnswer } from '../../action';
import { refusal, VerifyError } from '../../errors';
import { envelopeOf } from '../../http/envelope';
import { isObject } from '../../http/json';
import { refusedStatus } from '../../http/status';
import { maskText } from '../../input/mask';
import { CODES } from './codes';
import { toNumber } from './photo';

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
  list: unknown[];
}

/**
 * Takes an answer apart; an envelope goes before the HTTP status.
 * @param answer of either call
 * @returns the envelope of a success
 * @throws VerifyError by the table of codes, or by the HTTP status where there is no envelope
 */
function readEnvelope(answer: HttpAnswer): Envelope {
  const raw = envelopeOf(answer);
  if (!raw) throw refusedStatus(answer.status) ?? new VerifyError('PROTOCOL', 'answer-unreadable');
  const code = maskText(String(raw.code));
  const message = typeof raw.msg === 'string' ? maskText(raw.msg) : '';
  if (code === '200') return { code, message, data: raw.data, raw };
  throw refusal(CODES.get(code) ?? 'PROVIDER', code, message);
}

/**
 * xhey.md, "POST /v2/truth_build/create": the list stands under `data` (documented) or `data.data` (observed).
 * @param answer to a create
 * @throws VerifyError as `readEnvelope`, and PROTOCOL where there is no task id
 */
export function readCreated(answer: HttpAnswer): Created {
  const envelope = readEnvelope(answer);
  const list = isObject(envelope.data) ? envelope.data.data : envelope.data;
  const ids = Array.isArray(list) ? list.map((item) => (isObject(item) ? item.taskID : null)) : [];
  const exact = ids.filter((id) => (typeof id === 'string' && id !== '') || Number.isSafeInteger(id));
  if (exact.length === 0) throw missingData();
  return { ...envelope, taskIds: [...new Set(exact.map(String))] };
}

/**
 * xhey.md, "POST /v2/truth_build/query": the fields stand under `data` (observed) or at the top level (documented).
 * @param answer to a query
 * @throws VerifyError as `readEnvelope`, and PROTOCOL where they are missing
 */
export function readTask(answer: HttpAnswer): TaskAnswer {
  const { code, message, data, raw } = readEnvelope(answer);
  const fields = isObject(data) ? data : raw;
  const taskStatus = toNumber(fields.taskStatus);
  const list = fields.list ?? [];
  if (taskStatus === null || !Array.isArray(list)) throw missingData();
  // Written out: of ten thousand objects that are spread into another, each has a shape of its own.
  return { code, message, data, raw, taskStatus, list };
}

/** A success that lacks what the document promises. */
function missingData(): VerifyError {
  return new VerifyError('PROTOCOL', 'answer-incomplete', {}, { providerCode: '200', envelope: true });
}
