/** What an action is and what it is given: docs/architecture.md, "Rules of the house". */
import type { Cancel } from './cancel';
import type { Cause, ErrorDetails, VerifyError } from './errors';
import type { Answer, Environment, Outcome, Result } from './result';

/** A typed input of a node: property `x` with `xType`. The defaults stand in where a flow has neither. */
export interface FieldDefinition {
  value: string;
  type: 'msg' | 'flow' | 'global' | 'str' | 'num' | 'json' | 'env' | 'jsonata';
  /** What a text may be, where the editor offers a list. */
  choices?: readonly string[];
  /** An object: the editor offers to write it as JSON. */
  json?: true;
}

/** A plain property of a node, with its default and what it may be. */
export type SettingDefinition =
  | { type: 'number'; default: number; min: number; max?: number; integer?: boolean }
  | { type: 'number'; default: number; choices: readonly number[] }
  | { type: 'boolean'; default: boolean }
  | { type: 'string'; default: string; choices?: readonly string[] };

export type SettingDefinitions = Readonly<Record<string, SettingDefinition>>;

/** The values a table of settings gives. */
export type Settings<Definitions extends SettingDefinitions> = {
  [Name in keyof Definitions]: Definitions[Name] extends { type: 'number' }
    ? number
    : Definitions[Name] extends { type: 'boolean' }
      ? boolean
      : Definitions[Name] extends { choices: readonly (infer Choice)[] }
        ? Choice
        : string;
};

/** One pair of an account's keys, by the provider's names. */
export type Credentials = Readonly<Record<string, string>>;

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

/** One request as it goes over the wire. */
export interface HttpRequest {
  method: 'POST' | 'GET' | 'PUT' | 'DELETE';
  /** Path and query, percent-encoded, behind the path of the account's base URL. */
  path: string;
  /** Another one than the account's: then the path is not behind that of its base URL. */
  origin?: string;
  headers: Record<string, string>;
  /** Serialised once: the bytes that were signed are the bytes that are sent. */
  body: Buffer;
}

/** One answer, whole and decompressed. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** A message's place in its account's queue, kept over all its requests. */
export interface Place {
  /** Gives the place back; later calls do nothing. */
  leave(): void;
}

/**
 * Writes a call that may cost down, once its turn to be sent has come: what waits for its turn has cost nothing yet.
 * Nothing is returned where there is nothing to wait for; where it rejects, the call is not sent.
 */
export type ClaimCall = () => Promise<void> | undefined;

/** What a call that may cost is sent with. */
export interface PaidTurn {
  /** Of the message in the account's queue. */
  place: Place;
  claim: ClaimCall;
}

/** What a provider's client asks the transport to do. */
export interface Call<Value> {
  /**
   * Signs the request anew for each attempt.
   * @param now Unix time in milliseconds as the provider has it
   * @param credentials one of the account's pairs
   */
  build(now: number, credentials: Credentials): HttpRequest | Promise<HttpRequest>;
  /**
   * Takes an answer apart.
   * @param answer of the provider
   * @param credentials that the request was built with
   * @throws VerifyError with `details.envelope` true where the answer was in the provider's own form
   */
  read(answer: HttpAnswer, credentials: Credentials): Value;
  /**
   * What support finds a call by, where the headers tell it: of an answer that came in part, or cannot be decoded.
   * @returns the request id, or null
   */
  requestIdIn?(headers: HttpAnswer['headers']): string | null;
  /** The message's place; without one the call is a poll: free, and behind all others. */
  place?: Place;
  /**
   * Of a call that may be charged, which is repeated only where it certainly was not processed. null: it costs nothing.
   */
  claim: ClaimCall | null;
  /** true: costs nothing and is repeated on NETWORK, TIMEOUT, RATE_LIMITED and PROVIDER. */
  repeat?: boolean;
  /** true: sent once, for somebody who watches; only a wrong clock and a pair that is refused are still corrected. */
  once?: boolean;
}

/** How an account reaches its provider: src/http. */
export interface Transport {
  /** @throws VerifyError OVERLOADED when too many messages wait already, or the provider is down */
  place(): Place;
  /**
   * @returns what `call.read` made of the answer
   * @throws VerifyError what `call.read` threw, or NETWORK, TIMEOUT, PROTOCOL, OVERLOADED, CANCELLED
   */
  send<Value>(call: Call<Value>, context: CallContext): Promise<Value>;
  /** Takes no new requests and lets go of its sockets once the last one in flight has ended. */
  close(): Promise<void>;
}

/** An account that is ready to be called. */
export interface Account {
  environment: Environment;
  /** As the account has it, the sandbox's own where it is on the sandbox. */
  baseUrl: URL;
  /** The first pair of keys, and the next one where there is one; the transport decides which of them signs. */
  pairs: readonly [Credentials, ...Credentials[]];
  /** All that stands in them, and must not be told. */
  secrets: readonly string[];
  settings: Readonly<Record<string, unknown>>;
  transport: Transport;
  /**
   * What was paid for under these keys is not used again (`reuse`): it turned out to be no answer.
   * @throws VerifyError CONFIG where the account's ledger is missing or not set up
   */
  discardReuse?(keys: readonly string[]): void;
}

/** What a call knows of the world while it is sent. */
export interface CallContext {
  /** Unix time in milliseconds. */
  now(): number;
  /** A number from 0 up to 1. */
  random(): number;
  /** No new work once this is cancelled. */
  closing: Cancel;
  /** Requests in flight end once this is cancelled. */
  signal: Cancel;
  /** Counts a request as sent. */
  attempted(): void;
  /**
   * @param milliseconds how long to wait
   * @throws VerifyError CANCELLED when the work has to stop
   */
  wait(milliseconds: number): Promise<void>;
}

/** What a call is paid for only once, and what is asked under it: any text, of which the ledger keeps digests. */
export interface PaidKey {
  key: string;
  /** The same key with other content is refused. */
  content: string;
  /** Another key for the same answer, where a photo is known under two names. */
  alias?: string;
  /** Under which its calls are found, whatever becomes of them; several keys may have the same. */
  label?: string;
}

/** How a paid call ended well, as the ledger keeps it: docs/contract.md, "Ledger". */
export interface PaidResult {
  outcome: Outcome;
  reason: string | null;
  code: string;
  requestId: string | null;
  orderNo: string | null;
  charged: boolean | null;
  /** The photo was to blame that there is no verdict: another photo under the same key is a new call. */
  isForPhoto?: boolean;
}

/** What was paid for before. */
export interface Earlier<Answered> {
  answer: Answered;
  /** ISO 8601, when it was claimed. */
  at: string;
  /** Id of its entry. */
  ledger: string;
}

/** One call that may cost. */
export interface Payment<Value, Answered> {
  /** What it is paid for only once. */
  keys: readonly PaidKey[];
  /** @param claim to be called when its turn to be sent has come */
  send(claim: ClaimCall): Promise<Value>;
  result(value: Value): PaidResult;
  /** What a later message with these keys gets: plain JSON. */
  answers(value: Value): ReadonlyMap<string, Answered>;
}

/** A message's only call that may cost. `Found`: what the provider said, as JSON can hold it. */
export interface SingleCall<Found extends { raw: unknown }, Data> {
  /** @returns what tells what is asked from all else; computed only where there is a key, or `reuse` */
  content(): string;
  /** @param claim to be called when its turn to be sent has come */
  send(claim: ClaimCall): Promise<Found>;
  /**
   * Judges by the rules of the message's own node.
   * @param found now, or by an earlier call, whose node may have had other rules; then `raw` is not kept
   */
  judge(found: Omit<Found, 'raw'>): Answer<Data> | Promise<Answer<Data>>;
  orderNo(found: Found): string | null;
  /** Whether the photo was to blame that there is no verdict. */
  isForPhoto(found: Found): boolean;
  /** Whether another call may ask the same with another outcome: the photo is an address that could not be fetched, say. */
  mayChange: boolean;
}

/** What stands between an action's client and the transport: docs/architecture.md, "The house". */
export interface Payments {
  /** The message's own `key`, or null. */
  key: string | null;
  /**
   * @param part of the message, where it takes several calls: 0, 1, …
   * @param content what the whole message asks: other content under the same key is refused
   * @returns what that part is paid for only once, where the message has a key
   */
  keyOf(part: number, content: string): PaidKey | null;
  /** Whether what was sent before is not to be paid for again: `reuse`. */
  reuses: boolean;
  /**
   * @returns by key, what was paid for before; what is under way is waited for
   * @throws VerifyError UNCERTAIN, INPUT `key-used`, or what the ledger throws, `charged` false
   */
  look<Answered>(keys: readonly PaidKey[]): Promise<ReadonlyMap<string, Earlier<Answered>>>;
  /**
   * Writes a call down, sends it, and writes down how it ended.
   * @returns what was sent for, with the id of its entry; or what was paid for before, by key, and then nothing was sent
   * @throws VerifyError what `send` threw, with its entry; UNCERTAIN, BUDGET, INPUT `key-used`, or what the ledger throws,
   *   `charged` false
   */
  pay<Value, Answered>(
    payment: Payment<Value, Answered>,
  ): Promise<{ value: Value; ledger: string | null } | { known: ReadonlyMap<string, Earlier<Answered>> }>;
  /** For an action that is one call: the message's key, or what is sent, is paid for only once. */
  payOnce<Found extends { raw: unknown }, Data>(single: SingleCall<Found, Data>): Promise<Answer<Data>>;
}

/** A photo in hand that was put where a provider can fetch it. */
export interface StoredPhoto {
  url: string;
  /** It is not needed: deletes it, at once or as soon as that can be done. */
  discard(): void;
}

/** Where photos in hand are put: docs/contract.md, "Photos in hand". */
export interface PhotoStore {
  /**
   * @param bytes of a whole picture; they are not changed
   * @param context of the message
   * @throws VerifyError NETWORK, CONFIG, INPUT or CANCELLED, `charged` false
   */
  put(bytes: Buffer, context: CallContext): Promise<StoredPhoto>;
}

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

/** What an action knows beside that while it asks after something that waits. */
export interface AskContext extends Context {
  /** Milliseconds until the message's time is over; 0 once it is. */
  left(): number;
  /** Why this step is made: the message arrived, the task was resumed after a restart or deploy, or its pause is over. */
  turn: 'arrived' | 'resumed' | 'again';
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
export interface Again {
  /** Milliseconds until it is to be asked after again. */
  again: number;
  /** What is being survived meanwhile, or null. */
  trouble: VerifyError | null;
}

/** The half of an action that waits for what a provider finishes later. */
export interface Waits<Input, State> {
  /** @returns null where this message does not wait: it is `run` */
  begin(input: Input): Waiting<State> | null;
  /**
   * One step: asks the provider, and changes the state.
   * @param open gives the account as it is now; throws where it is not set up, which may pass
   * @param state of `begin`, which this may change
   * @param context of this step; once its time is over it is not asked after again
   * @throws VerifyError for what ends the waiting without a result
   */
  ask(
    open: () => Account | Promise<Account>,
    state: State,
    context: AskContext,
  ): Promise<Answer<Record<string, unknown>> | Again>;
}

/** One thing a provider can be asked. */
export interface Action<Input, Definitions extends SettingDefinitions = SettingDefinitions, State = unknown> {
  provider: string;
  operation: string;
  /** true: a request may be charged, so it is not sent again unless it certainly was not taken. */
  mayCost: boolean;
  /** @returns whether, with these settings, no request of it costs anything */
  isFree?(settings: Settings<Definitions>): boolean;
  /** true: its node may have a photo store. */
  storesPhotos?: boolean;
  fields: Readonly<Record<string, FieldDefinition>>;
  settings: Definitions;
  /**
   * @param fields what the typed inputs gave for this message
   * @param settings the node's own properties, already within their bounds
   * @param arrival when the message came, and for which account
   * @throws VerifyError INPUT where the provider could not use it, CONFIG where settings contradict each other
   */
  parse(fields: Record<string, unknown>, settings: Settings<Definitions>, arrival: Arrival): Input;
  /**
   * @param input that `parse` gave
   * @returns what an error tells beside itself as long as nothing was sent
   */
  unsent?(input: Input): ErrorDetails;
  /** @throws VerifyError for anything that gave no result */
  run(account: Account, input: Input, context: Context): Promise<Answer>;
  waits?: Waits<Input, State>;
  /**
   * @param result finished
   * @param settings of the node
   * @returns the results that are sent as a sequence in its place, or null where it is one message
   */
  split?(result: Result, settings: Settings<Definitions>): Result[] | null;
}

/** An action that the account's provider does: what its node knows of it before a message has chosen the account. */
export type ActionOfAccount<
  Input,
  Definitions extends SettingDefinitions = SettingDefinitions,
  State = unknown,
> = Omit<Action<Input, Definitions, State>, 'provider' | 'parse' | 'run'> & { provider: null };

/**
 * Asks a provider for something that costs nothing, to see whether an account works.
 * @throws VerifyError where it does not
 */
export type Probe = (account: Account, context: CallContext) => Promise<void>;
