/** What a provider's account is made of, and what an action is given of it: docs/contract.md, "Account nodes". */
import type { Environment } from './result';
import type { Credentials, SettingDefinitions } from './settings';
import type { CallContext, Transport } from './transport';

/** What a provider's account node is made of. */
export interface AccountDefinition {
  provider: string;
  /** Names of the credentials of a pair, all of them required. */
  credentials: readonly string[];
  /** Where the provider answers, or null where every customer has an address of their own. */
  baseUrl: string | null;
  /** Seconds for one attempt. */
  timeout: number;
  /** Properties only this provider's account has. */
  settings: SettingDefinitions;
  /**
   * @param settings of the account
   * @returns what stands behind the sandbox's base URL where the account is on it
   */
  sandboxPath?(settings: Readonly<Record<string, unknown>>): string;
}

/** An answer that is not to be used again. */
export interface DiscardedAnswer {
  key: string;
  /** What stands in it: a later answer under the same key stays; null: whichever it is. */
  holds: string | null;
}

/** An account that is ready to be called. */
export interface Account {
  environment: Environment;
  /** Where its calls go: the sandbox's own address where the account is on the sandbox. */
  baseUrl: URL;
  /** The first pair of keys, and the next one where there is one; the transport decides which of them signs. */
  pairs: readonly [Credentials, ...Credentials[]];
  /** All values in them, which must never be shown. */
  secrets: readonly string[];
  settings: Readonly<Record<string, unknown>>;
  transport: Transport;
  /**
   * What was paid for under these keys is not used again (`reuse`): it turned out to be no answer.
   * @throws VerifyError CONFIG where the account's ledger is missing or not set up
   */
  discardReuse?(answers: readonly DiscardedAnswer[]): void;
}

/**
 * Asks a provider for something that costs nothing, to see whether an account works.
 * @throws VerifyError where it does not
 */
export type Probe = (account: Account, context: CallContext) => Promise<void>;
