/**
 * The errors a flow can meet: CONTRACT, "Errors". Texts for people live in the catalogues under `errors.<reason>`;
 * an error here carries only the reason and harmless values to fill the text with.
 */

/** Every error code with whether asking again can help (CONTRACT, "Errors", column "retryable"). */
export const RETRYABLE = {
  CONFIG: false,
  INPUT: false,
  AUTH: false,
  ACCOUNT: false,
  RATE_LIMITED: true,
  OVERLOADED: true,
  NETWORK: true,
  TIMEOUT: true,
  PROVIDER: true,
  PROTOCOL: false,
  CANCELLED: true,
} as const;

export type ErrorCode = keyof typeof RETRYABLE;

/** What a flow finds in `msg.error.cause`: plain JSON, without secrets and without a person. */
export interface Cause {
  provider: string;
  operation: string;
  providerCode: string | null;
  providerMessage: string | null;
  httpStatus: number | null;
  requestId: string | null;
  retryable: boolean;
  /** Seconds the provider asked to wait, or until the circuit lets a request try. */
  retryAfter: number | null;
  /** false: nothing was sent. null: not known. */
  charged: boolean | null;
  /** Requests sent for this message. */
  attempts: number;
  /** What to do next, in the language of the runtime. */
  hint: string;
  /** truth-create: what became a task before the failure. */
  submitted?: { taskId: string; photoUrls: string[] }[];
  /** truth-create: photos that were certainly not taken. */
  notSubmitted?: string[];
  /** truth-create: photos that were sent and whose fate is unknown. */
  uncertain?: string[];
  /** truth-poll: the tasks the message was waiting for. */
  taskIds?: string[];
}

/** What the place that raises an error knows of its cause; the runner adds the rest. */
export type ErrorDetails = Partial<Omit<Cause, 'provider' | 'operation' | 'attempts' | 'hint'>> & {
  /** true: the provider said that it did not take the request. */
  refused?: boolean;
  /** true: the answer was in the provider's own form, whatever its code. Closes the circuit. */
  envelope?: boolean;
};

/** The one error of this package. */
export class VerifyError extends Error {
  override readonly name = 'VerifyError';

  /**
   * @param code what went wrong, in the words of the contract
   * @param reason key of the text in the catalogues, under `errors`
   * @param values what the text is filled with: names, bounds, positions; never a secret or a person
   * @param details what is known of the cause
   */
  constructor(
    readonly code: ErrorCode,
    readonly reason: string,
    readonly values: Record<string, string | number> = {},
    readonly details: ErrorDetails = {},
  ) {
    super(`${code} ${reason}`);
  }
}

/**
 * The error of a provider that answered and said no.
 * @param code by the provider's table
 * @param providerCode the provider's own code
 * @param providerMessage the provider's own words, masked
 * @returns an error whose text stands in the catalogues under `errors.refused.<code>`
 */
export function refusal(code: ErrorCode, providerCode: string, providerMessage: string): VerifyError {
  const words = providerMessage ? `${providerCode}: ${providerMessage}` : providerCode;
  return new VerifyError(
    code,
    `refused.${code}`,
    { words },
    { providerCode, providerMessage, envelope: true },
  );
}
