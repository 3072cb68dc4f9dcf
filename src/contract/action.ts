/** What an action is and what it is given: docs/architecture.md, "Rules of the house". */
import type { Account } from './account';
import type { Cause, ErrorDetails, VerifyError } from './errors';
import type { Payments } from './payment';
import type { PhotoStore } from './photo-store';
import type { Answer, Environment, Result } from './result';
import type { FieldDefinition, SettingDefinitions, Settings } from './settings';
import type { CallContext } from './transport';

/** What an action knows of the world while it works on one message. */
export interface Context extends CallContext {
  payments: Payments;
  /**
   * The node's photo store.
   * @param environment of the account: what only this machine reaches is no use to a provider
   * @throws VerifyError CONFIG where there is none, or it is not set up
   */
  photoStore(environment: Environment): PhotoStore;
  /**
   * Vouches for a text that comes back in a message.
   * @returns what `isSealed` recognises wherever the secret is the same; null where no secret can be had
   */
  seal(text: string): Promise<string | null>;
  /** @returns whether `seal` made it for just this text */
  isSealed(text: string, seal: unknown): Promise<boolean>;
  /** What the node remembers from one message to the next. */
  memory: Map<string, number>;
  /** Tells a flow author something once in the life of the node; `key` stands in the catalogue under `warnings`. */
  warnOnce(key: string, values?: Record<string, string | number>): void;
  /** The error as a flow may read it. */
  explain(error: VerifyError): Cause;
}

/** What an action knows, too, while it queries something that waits. */
export interface AskContext extends Context {
  /** Milliseconds until the message's time is over; 0 once it is. */
  left(): number;
  /** Why this step is made: the message arrived, the task was resumed after a restart or deploy, or its pause is over. */
  stepReason: 'arrived' | 'resumed' | 'again';
}

/** What decides, beside the message itself, whether it can be sent. */
export interface Arrival {
  /** Unix time in milliseconds. */
  now: number;
  /** Of the account: the sandbox can be given what no provider could reach. */
  environment: Environment | null;
  /** The node's photo store, where it has one; whether that fits what it is given, and so takes other formats. */
  store?: { fits: boolean } | null;
}

/** How a message begins to wait. */
export interface Waiting<State> {
  /** Plain JSON: all that `ask` needs to go on, in another process too. */
  state: State;
  /** What it waits for, for operators to see. */
  taskIds: readonly string[];
  /** Milliseconds it waits at the most. */
  timeout: number;
  /** Whether it survives a deploy, a restart and a kill. */
  resume: boolean;
}

/** Not answered yet. */
export interface Unfinished {
  /** Milliseconds until the next step. */
  nextStepIn: number;
  /** Why this step gave nothing, where the waiting goes on all the same, or null. */
  lastError: VerifyError | null;
}

/** The half of an action that waits for what a provider finishes later. */
export interface Waits<Input, State> {
  /** @returns null where this message does not wait: it is `run` */
  begin(input: Input): Waiting<State> | null;
  /**
   * One step: asks the provider, and changes the state.
   * @param open gives the account as it is now; throws where it is not set up, which may pass
   * @param state of `begin`, which this may change
   * @param context of this step; once its time is over there is no further step
   * @throws VerifyError for what ends the waiting without a result
   */
  ask(
    open: () => Account | Promise<Account>,
    state: State,
    context: AskContext,
  ): Promise<Answer<Record<string, unknown>> | Unfinished>;
}

/** Whom a call is about; empty where that is not known. */
export interface PersonSent {
  name: string;
  idNumber: string;
}

/** One thing a provider can be asked. */
export interface Action<Input, Definitions extends SettingDefinitions = SettingDefinitions, State = unknown> {
  provider: string;
  operation: string;
  /** true: a request may be charged, so the ledger has it. `Call` in transport.ts says what is sent again. */
  mayCost: boolean;
  /** @returns whether, with these settings, no request of it costs anything */
  isFree?(settings: Settings<Definitions>): boolean;
  /** true: its node may have a photo store. */
  storesPhotos?: boolean;
  /** true: it sends who somebody is, so that a message says what that person agreed to (`consent`). */
  isAboutPerson?: boolean;
  fields: Readonly<Record<string, FieldDefinition>>;
  settings: Definitions;
  /**
   * @param fields what the typed inputs gave for this message
   * @param settings the node's own properties, already within their bounds
   * @param arrival when the message came, and for which account
   * @returns what `run` takes; a promise where something is so large that others run meanwhile
   * @throws VerifyError INPUT where the provider could not use it, CONFIG where settings contradict each other
   */
  parse(
    fields: Record<string, unknown>,
    settings: Settings<Definitions>,
    arrival: Arrival,
  ): Input | Promise<Input>;
  /** @returns the person that the fields name, as far as they can be read */
  persons?(input: Input): readonly PersonSent[];
  /**
   * @param input that `parse` gave
   * @returns the details of an error as long as nothing was sent
   */
  unsent?(input: Input): ErrorDetails;
  /** @throws VerifyError for anything that gave no result */
  run(account: Account, input: Input, context: Context): Promise<Answer>;
  waits?: Waits<Input, State>;
  /**
   * @param result finished
   * @param settings of the node
   * @returns the results that are sent as a sequence instead, or null where it is one message
   */
  split?(result: Result, settings: Settings<Definitions>): Result[] | null;
}

/** An action that the account's provider does: what its node knows of it before a message has chosen the account. */
export type ActionOfAccount<
  Input,
  Definitions extends SettingDefinitions = SettingDefinitions,
  State = unknown,
> = Omit<Action<Input, Definitions, State>, 'provider' | 'parse' | 'run' | 'persons'> & { provider: null };
