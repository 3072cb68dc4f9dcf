/** Errors as flows and readers get them, in the language of the runtime or of the reader: docs/contract.md, "Errors". */
import { type Cause, ERRORS, type VerifyError } from '../../contract/errors';
import type { Environment } from '../../contract/result';
import type { Red } from './red';

type Problem = Pick<VerifyError, 'problem' | 'values'>;

/** What an error says of the action that raised it. */
interface CalledAction {
  /** null where no provider is called. */
  provider: string | null;
  operation: string;
  mayCost: boolean;
}

/**
 * @param red Node-RED, with the texts of the node
 * @param action that was called
 * @param error that it threw
 * @param environment of the node's account, null where it has none
 * @param attempts requests that were sent
 * @returns the error for flows
 */
export function causeOf(
  red: Red,
  action: CalledAction,
  error: VerifyError,
  environment: Environment | null,
  attempts: number,
): Cause {
  const { refused, envelope, ...known } = error.details;
  const { charged = attempts === 0 ? false : null } = known;
  return {
    provider: action.provider,
    operation: action.operation,
    environment,
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

/**
 * @param red Node-RED, with the texts of the node
 * @param error of an action
 * @param language of the reader; without one, that of the runtime
 * @returns the error for people: what is wrong, and what to do
 */
export function textOf(red: Red, { problem, values }: Problem, language?: string): string {
  const said = { ...values, lng: language };
  const [text, hint] = [red._(`errors.${problem}.text`, said), red._(`errors.${problem}.hint`, said)];
  return red._('text-and-hint', { text, hint, lng: language });
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

function hintOf(red: Red, { problem, values }: VerifyError): string {
  return red._(`errors.${problem}.hint`, values);
}
