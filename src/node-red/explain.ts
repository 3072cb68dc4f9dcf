/** What a flow is told of an error, in the language of the runtime: CONTRACT, "Errors". */
import { type Cause, RETRYABLE, type VerifyError } from '../errors';
import type { Red } from './red';

/** What of an action its errors tell. */
interface Asked {
  provider: string;
  operation: string;
  mayCost: boolean;
}

/**
 * @param red Node-RED, with the catalogue of the node
 * @param asked the action
 * @param error it threw
 * @param attempts requests that were sent
 * @returns the error for flows
 */
export function causeOf(red: Red, asked: Asked, error: VerifyError, attempts: number): Cause {
  const { refused, envelope, ...known } = error.details;
  const charged = known.charged ?? (attempts === 0 ? false : null);
  return {
    provider: asked.provider,
    operation: asked.operation,
    providerCode: null,
    providerMessage: null,
    httpStatus: null,
    requestId: null,
    retryAfter: null,
    ...known,
    retryable: known.retryable ?? (RETRYABLE[error.code] && (!asked.mayCost || charged === false)),
    charged,
    attempts,
    hint: hintOf(red, error),
  };
}

/**
 * @param red Node-RED, with the catalogue of the node
 * @param error of an action
 * @returns the error for people: what is wrong, and what to do
 */
export function textOf(red: Red, error: VerifyError): string {
  return `${red._(`errors.${error.reason}.text`, error.values)} ${hintOf(red, error)}`;
}

function hintOf(red: Red, { reason, values }: VerifyError): string {
  return red._(`errors.${reason}.hint`, values);
}
