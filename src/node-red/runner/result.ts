/** What a message gets for an answer, and where in it: docs/contract.md, "Result", and "Action nodes", `output` and `split`. */
import { type ErrorDetails, VerifyError } from '../../contract/errors';
import { isoTimes } from '../../contract/iso-time';
import type { Answer, Result } from '../../contract/result';
import type { Message, Red } from './red';
import type { Work } from './work';

const isoTime = isoTimes();

/**
 * @param answer of the action
 * @param called what was asked, and where unless the answer says it
 * @param work on the message
 * @param includeRaw whether the provider's own answer is in it
 */
export function resultOf(
  answer: Answer,
  called: Pick<Result, 'provider' | 'operation' | 'environment'>,
  work: Work,
  includeRaw = false,
): Result {
  const { outcome, reason, code, message, requestId, charged, data, raw } = answer;
  const result: Result = {
    ...called,
    ...(answer.environment && { environment: answer.environment }),
    outcome,
    reason,
    code,
    message,
    requestId,
    charged,
    ledger: answer.ledger ?? null,
    reused: answer.reused ?? null,
    data,
    timing: {
      startedAt: isoTime(work.startedAt),
      durationMs: Math.round(performance.now() - work.started),
      attempts: work.attempts,
    },
  };
  if (includeRaw) result.raw = raw;
  return result;
}

/** The error of a result that cannot be sent. It says what was paid for, so that nobody has to pay for it once more. */
export function notSent({ requestId, charged, ledger, data }: Result, { unsent }: Work): VerifyError {
  const {
    orderNo = null,
    score = null,
    tasks,
  } = data as ErrorDetails & { tasks?: ErrorDetails['submitted'] };
  const details = { requestId, charged, ledger, orderNo, score, retryable: false };
  const error = new VerifyError('INPUT', 'message-not-sent', {}, details);
  if (unsent && tasks) Object.assign(error.details, { submitted: tasks, notSubmitted: [], uncertain: [] });
  return error;
}

/** What is set under this name is no property, and nobody finds the result again. */
const PROTOTYPE = '__proto__';

/** @throws VerifyError CONFIG where nothing could be put there in any message */
export function checkOutput({ util }: Red, output: string): void {
  try {
    if (!util.normalisePropertyExpression(output).includes(PROTOTYPE)) return;
  } catch {
    // Falls through to the error.
  }
  throw new VerifyError('CONFIG', 'output-unreadable');
}

/**
 * A message may be frozen or its `payload` read-only when another node brings it (docs/node-red.md, "Runtime").
 * @param red Node-RED
 * @param message that came in; it is not changed
 * @param output the node's setting
 * @returns whether the result can be put there
 */
export function canHold({ util }: Red, message: Message, output: string): boolean {
  let holder: unknown = message;
  for (const key of output === 'payload' ? [output] : pathIn(util, message, output)) {
    if (typeof holder !== 'object' || holder === null || key === PROTOTYPE) return false;
    // A path within a path that the message does not have can only be checked by setting it.
    if (typeof key === 'object') return true;
    const own = Object.getOwnPropertyDescriptor(holder, key);
    if (!own) return Object.isExtensible(holder);
    if (own.writable === false || (own.get && !own.set)) return false;
    holder = own.value;
  }
  return true;
}

/** @returns the way to the property, with what stands in the message in place of a path within it: `result[msg.part]` */
function pathIn(util: Red['util'], message: Message, output: string): (string | number | unknown[])[] {
  try {
    return util.normalisePropertyExpression(output, message);
  } catch {
    return util.normalisePropertyExpression(output);
  }
}

/**
 * Where the property cannot hold the result, it goes into `msg.payload`: it was paid for and must not be lost.
 * @returns whether it is where it should be
 */
export function setResult({ util }: Red, message: Message, output: string, result: unknown): boolean {
  if (output !== 'payload') {
    try {
      if (util.setMessageProperty(message, output, result, true)) return true;
    } catch {
      // Falls through to msg.payload.
    }
  }
  message.payload = result;
  return output === 'payload';
}

/**
 * The property that a sequence's results replace is not copied: a message with a thousand photos would be copied a thousand
 * times.
 * @returns the message without what is replaced, where that is a property of its own; the message itself otherwise
 */
export function withoutOutput({ util }: Red, message: Message, output: string): Message {
  const [name, ...others] = util.normalisePropertyExpression(output);
  return typeof name === 'string' && others.length === 0 ? { ...message, [name]: null } : message;
}

/**
 * Numbers messages so that core's Join puts them together again; parts they came with are kept inside.
 * @param messages of one result
 * @param id that all of them share
 */
export function numberParts(messages: readonly Message[], id: string): void {
  for (const [index, message] of messages.entries()) {
    const outer = message.parts;
    message.parts = { id, index, count: messages.length, type: 'array', ...(outer ? { parts: outer } : {}) };
  }
}
