/**
 * The errors a flow can meet: docs/contract.md, "Errors". Texts for people live in the catalogues under `errors.<problem>`;
 * an error here carries only the problem and harmless values to fill the text with.
 */
import type { Environment } from './result';

/** What an error code means, wherever somebody has to decide by it. */
interface ErrorRule {
  /** Whether asking again can help: docs/contract.md, "Errors", column "retryable". */
  retryable: boolean;
  /** Whether a call that costs nothing is sent again by itself: docs/contract.md, "Errors", "Retries". */
  repeatedWhenFree: boolean;
  /** Whether it ends what waits for a task: always, only when the message has just come, or never. */
  endsWait: 'always' | 'on-arrival' | 'never';
  /** Whether a call that ended so once it was sent may have been processed, and so may be charged. */
  mayHaveBeenProcessed: boolean;
}

/** docs/contract.md, "Errors": one row a code. */
export const ERRORS = {
  CONFIG: { retryable: false, repeatedWhenFree: false, endsWait: 'on-arrival', mayHaveBeenProcessed: false },
  INPUT: { retryable: false, repeatedWhenFree: false, endsWait: 'always', mayHaveBeenProcessed: false },
  AUTH: { retryable: false, repeatedWhenFree: false, endsWait: 'never', mayHaveBeenProcessed: false },
  ACCOUNT: { retryable: false, repeatedWhenFree: false, endsWait: 'never', mayHaveBeenProcessed: false },
  RATE_LIMITED: { retryable: true, repeatedWhenFree: true, endsWait: 'never', mayHaveBeenProcessed: false },
  OVERLOADED: { retryable: true, repeatedWhenFree: false, endsWait: 'never', mayHaveBeenProcessed: false },
  BUDGET: { retryable: true, repeatedWhenFree: false, endsWait: 'never', mayHaveBeenProcessed: false },
  UNCERTAIN: { retryable: false, repeatedWhenFree: false, endsWait: 'never', mayHaveBeenProcessed: true },
  NETWORK: { retryable: true, repeatedWhenFree: true, endsWait: 'never', mayHaveBeenProcessed: true },
  TIMEOUT: { retryable: true, repeatedWhenFree: true, endsWait: 'never', mayHaveBeenProcessed: true },
  PROVIDER: { retryable: true, repeatedWhenFree: true, endsWait: 'never', mayHaveBeenProcessed: true },
  PROTOCOL: { retryable: false, repeatedWhenFree: false, endsWait: 'never', mayHaveBeenProcessed: true },
  CANCELLED: { retryable: true, repeatedWhenFree: false, endsWait: 'never', mayHaveBeenProcessed: true },
} as const satisfies Record<string, ErrorRule>;

export type ErrorCode = keyof typeof ERRORS;

/** What a flow finds in `msg.error.cause`: plain JSON, without secrets and without a person. */
export interface Cause {
  /** null of a node that asks none. */
  provider: string | null;
  operation: string;
  /** Of the account; null without an account. */
  environment: Environment | null;
  /** The stable name of the text, so that a page can say it in its reader's words. */
  problem: string;
  /** What the text was filled with. */
  values: Readonly<Record<string, string | number>>;
  providerCode: string | null;
  providerMessage: string | null;
  httpStatus: number | null;
  requestId: string | null;
  /** face-compare: what an answer that was paid for said, though it cannot be used. */
  orderNo: string | null;
  score: number | null;
  /** face-compare: where an answer without a result says whether name and id number belong together. */
  identityConfirmed?: boolean;
  /** Id of the ledger's entry, where there is one. */
  ledger: string | null;
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
  /** truth-create: photos that were certainly not processed. */
  notSubmitted?: string[];
  /** truth-create: photos that were sent, where it is unknown whether the provider processed them. */
  uncertain?: string[];
  /** truth-poll: the tasks the message was waiting for. */
  taskIds?: string[];
}

/** What the code that raises an error knows of its cause; the runner adds the rest. */
export type ErrorDetails = Partial<
  Omit<Cause, 'provider' | 'operation' | 'environment' | 'problem' | 'values' | 'attempts' | 'hint'>
> & {
  /** true: the provider said that it did not process the request. */
  notProcessed?: boolean;
  /** true: the answer was in the provider's own form, whatever its code. Closes the circuit. */
  envelope?: boolean;
  /** truth-create, where a part of the message was paid for: which of it may be sent again, the rest or, with its key, all. */
  again?: 'rest' | 'with-key';
  /** Of an answer whose body cannot be read; they leave the transport as what the provider's client reads in them. */
  headers?: Readonly<Record<string, string | string[] | undefined>>;
};

/** The one error of this package. */
export class VerifyError extends Error {
  override readonly name = 'VerifyError';

  /**
   * @param code what went wrong, in the words of the contract
   * @param problem key of the text in the catalogues, under `errors`
   * @param values what the text is filled with: names, bounds, positions; never a secret or a person
   * @param details what is known of the cause
   */
  constructor(
    readonly code: ErrorCode,
    readonly problem: string,
    readonly values: Record<string, string | number> = {},
    readonly details: ErrorDetails = {},
  ) {
    super(`${code} ${problem}`);
  }
}

/** @returns what was thrown; anything but a VerifyError is a bug, and nothing of it is shown: it may quote a person or a key */
export function verifyErrorOf(reason: unknown): VerifyError {
  try {
    if (reason instanceof VerifyError) return reason;
  } catch {
    // Anything can be thrown, even a proxy that was revoked.
  }
  return new VerifyError('PROTOCOL', 'internal');
}

/** @returns the error of what was given up before anything was sent */
export function cancelled(): VerifyError {
  return new VerifyError('CANCELLED', 'cancelled', {}, { charged: false });
}

/**
 * docs/contract.md, "Errors", `charged`, and "Ledger": what was not processed costs nothing, and may be sent again.
 * @param error of a call that may have been sent
 * @returns whether the provider may have processed it
 */
export function mayHaveBeenProcessed({ code, details }: VerifyError): boolean {
  return details.charged ?? (!details.notProcessed && ERRORS[code].mayHaveBeenProcessed);
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
