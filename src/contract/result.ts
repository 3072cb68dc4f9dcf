/** What a flow finds in `msg.payload` after a call: docs/contract.md, "Result". */

export type Outcome =
  | 'submitted'
  | 'passed'
  | 'failed'
  | 'inconclusive'
  | 'unfinished'
  | 'issued'
  | 'answered';

/** Where an account's calls go: docs/contract.md, "Account nodes", `environment`. */
export const ENVIRONMENTS = ['production', 'sandbox', 'custom'] as const;

export type Environment = (typeof ENVIRONMENTS)[number];

export interface Timing {
  /** ISO 8601, when the node took the message. */
  startedAt: string;
  durationMs: number;
  /** Requests sent for this message. */
  attempts: number;
}

export interface Result<Data = Record<string, unknown>> {
  provider: string;
  operation: string;
  /** Of the account. */
  environment: Environment;
  outcome: Outcome;
  /** A word from the provider's tables, shared by the whole of the result, or null. */
  reason: string | null;
  /** The provider's own code. */
  code: string;
  /** The provider's own words. */
  message: string;
  /** What to quote to the provider's support. */
  requestId: string | null;
  /** null: the provider does not say. */
  charged: boolean | null;
  /** Id of the ledger's entry; null for a call that costs nothing. Of several calls, the last. */
  ledger: string | null;
  /** An answer that was paid for before: when, and under which entry. */
  reused: { at: string; ledger: string } | null;
  data: Data;
  timing: Timing;
  /** The provider's parsed answer, only where `includeRaw` is set. */
  raw?: unknown;
}

/** What an action gives: a result without what the runner knows better; the environment where it is not the account's any more. */
export type Answer<Data = Record<string, unknown>> = Omit<
  Result<Data>,
  'provider' | 'operation' | 'environment' | 'timing' | 'ledger' | 'reused'
> &
  Partial<Pick<Result, 'environment' | 'ledger' | 'reused'>>;
