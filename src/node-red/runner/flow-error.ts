/** Errors as flows and readers get them, in the language of the runtime or of the reader: docs/contract.md, "Errors". */
import {
  type Cause,
  ERRORS,
  type ErrorCode,
  type ErrorDetails,
  type VerifyError,
  verifyErrorOf,
} from '../../contract/errors';
import type { Environment } from '../../contract/result';
import type { Node, Red } from './red';

/** V8 writes its places at the end of a stack, at most ten unless somebody asks for more. */
const LONGEST_STACK = 8_000;
/** `    at name (file:line:column)`, or without a name. */
const PLACE = /^(.*):(\d{1,6}):\d{1,6}$/;
const OF_NODE = /^node:[a-z_/]+$/;
const MOST_PLACES = 5;

type Problem = Pick<VerifyError, 'problem' | 'values'> & Partial<Pick<VerifyError, 'code' | 'details'>>;

/** An error as plain data: its text, and what flows get. */
export interface DescribedError {
  message: string;
  code: ErrorCode;
  cause: Cause;
}

/** What an error says of the action that raised it. */
export interface CalledAction {
  /** null where no provider is called. */
  provider: string | null;
  operation: string;
  /** Of the account; null where there is none. */
  environment: Environment | null;
  mayCost: boolean;
}

/**
 * @param red Node-RED, with the texts of the node
 * @param action that was called
 * @param error that it threw
 * @param attempts requests that were sent
 * @returns the error for flows
 */
export function causeOf(red: Red, action: CalledAction, error: VerifyError, attempts = 0): Cause {
  const { notProcessed, envelope, again, ...known } = error.details;
  const { charged = attempts === 0 ? false : null } = known;
  return {
    provider: action.provider,
    operation: action.operation,
    environment: action.environment,
    problem: error.problem,
    values: error.values,
    providerCode: null,
    providerMessage: null,
    httpStatus: null,
    requestId: null,
    orderNo: null,
    score: null,
    ledger: null,
    retryAfter: null,
    ...known,
    retryable: known.retryable ?? (ERRORS[error.code].retryable && (!action.mayCost || charged === false)),
    charged,
    attempts,
    hint: hintOf(red, error),
  };
}

/** As `causeOf`, with the text for people. */
export function describeError(
  red: Red,
  action: CalledAction,
  error: VerifyError,
  attempts?: number,
): DescribedError {
  const cause = causeOf(red, action, error, attempts);
  return { message: textOf(red, error), code: error.code, cause };
}

/**
 * @param red Node-RED, with the texts of the node
 * @param error of an action
 * @param language of the reader; without one, that of the runtime
 * @returns the error for people: what is wrong, and what to do
 */
export function textOf(red: Red, error: Problem, language?: string): string {
  const text = red._(`errors.${error.problem}.text`, { ...error.values, lng: language });
  return red._('text-and-hint', { text, hint: hintOf(red, error, language), lng: language });
}

/**
 * @param red Node-RED, with the texts of the node
 * @param found what a page is answered
 * @param language of its reader; without one, that of the runtime
 * @returns the same, with the text for people
 */
export function withText<Found extends Problem>(
  red: Red,
  found: Found,
  language: string | undefined,
): Found & { text: string } {
  return { ...found, text: textOf(red, found, language) };
}

function hintOf(red: Red, { problem, values, code, details }: Problem, lng?: string): string {
  const own = red._(`errors.${problem}.hint`, { ...values, lng });
  if (!details?.again) return own;
  // Of an error after which a message may be sent again, it would have the whole of it paid for twice.
  const isLeftOut = code !== undefined && ERRORS[code].retryable;
  return [...(isLeftOut ? [] : [own]), ...partlySubmitted(red, details, lng)].reduce((text, hint) =>
    red._('text-and-hint', { text, hint, lng }),
  );
}

/** What to do with a message of which a part was submitted. */
function partlySubmitted(red: Red, details: ErrorDetails, lng: string | undefined): string[] {
  const { submitted = [], notSubmitted = [], uncertain = [], retryAfter, again } = details;
  const photos = new Set(submitted.flatMap(({ photoUrls }) => photoUrls));
  const say = (name: string, values: object) => red._(`partly-submitted.${name}`, { ...values, lng });
  const hints = [say('submitted', { count: photos.size })];
  if (again === 'with-key' && uncertain.length === 0) hints.push(say('with-key', {}));
  else if (notSubmitted.length > 0)
    // Under the same key it would be other content.
    hints.push(say(again === 'with-key' ? 'rest-new-key' : 'rest', { count: notSubmitted.length }));
  if (retryAfter) hints.push(say('later', { retryAfter }));
  if (uncertain.length > 0) hints.push(say('uncertain', { count: uncertain.length }));
  return hints;
}

/**
 * The error as a Catch node gets it, in the language of the runtime. Node-RED takes `code` and `cause` from it, and
 * `toString()` for the message (docs/node-red.md, "Runtime").
 */
export class FlowError extends Error {
  readonly code: ErrorCode;
  override readonly cause: Cause;

  constructor({ message, code, cause }: DescribedError) {
    super(message);
    this.code = code;
    this.cause = cause;
    // A stack trace of this package does not help a flow author.
    this.stack = message;
  }

  override toString(): string {
    return this.message;
  }
}

/** @returns the error for what was thrown; what is no VerifyError is a bug, and logged as `logBug` does */
export function asVerifyError(red: Red, node: Node | null, reason: unknown): VerifyError {
  logBug(red, node, reason);
  return verifyErrorOf(reason);
}

/**
 * What is no VerifyError is a bug. Its message may quote a person or a key, and its stack begins with the message: only the
 * files and lines of modules that this process has loaded are logged.
 * @param red Node-RED
 * @param node that logs it; null where it concerns no node
 * @param reason what was thrown
 */
export function logBug(red: Red, node: Node | null, reason: unknown): void {
  if (verifyErrorOf(reason) === reason) return;
  const text = red._('warnings.internal', { places: placesOf(reason).join(' ') });
  if (node) node.log(text);
  else red.log.info(text);
}

function placesOf(reason: unknown): string[] {
  const places: string[] = [];
  for (const line of stackOf(reason).slice(-LONGEST_STACK).split('\n')) {
    const [, file = '', number] = PLACE.exec(line.slice(placeIn(line)).replace(')', '')) ?? [];
    if (require.cache[file] || OF_NODE.test(file)) places.push(`${file}:${number}`);
  }
  return places.slice(0, MOST_PLACES);
}

function placeIn(line: string): number {
  const bracket = line.lastIndexOf('(');
  return bracket >= 0 ? bracket + 1 : '    at '.length;
}

function stackOf(reason: unknown): string {
  try {
    return String((reason as { stack?: unknown }).stack);
  } catch {
    // Anything can be thrown, even an object whose properties throw.
    return '';
  }
}
