import type { HttpAnswer } from '../../action';
import { refusal, VerifyError } from '../../errors';
import { envelopeOf } from '../../http/envelope';
import { refusedStatus } from '../../http/status';
import { maskText } from '../../input/mask';
import { CODES } from './codes';

/** What every answer has: xhey.md, the samples of both calls. */
export interface Envelope {
  code: string;
  message: string;
  data: unknown;
  /** The whole answer, parsed. */
  raw: Record<string, unknown>;
}

/**
 * Takes an answer apart; an envelope goes before the HTTP status.
 * @param answer of either call
 * @returns the envelope of a success
 * @throws VerifyError by the table of codes, or by the HTTP status where there is no envelope
 */
export function readEnvelope(answer: HttpAnswer): Envelope {
  const raw = envelopeOf(answer);
  if (!raw) throw refusedStatus(answer.status) ?? new VerifyError('PROTOCOL', 'answer-unreadable');
  const code = maskText(String(raw.code));
  const message = typeof raw.msg === 'string' ? maskText(raw.msg) : '';
  if (code === '200') return { code, message, data: raw.data, raw };
  throw refusal(CODES.get(code) ?? 'PROVIDER', code, message);
}

/** @returns the error of a success that lacks what the document promises */
export function missingData(): VerifyError {
  return new VerifyError('PROTOCOL', 'answer-incomplete', {}, { providerCode: '200', envelope: true });
}
