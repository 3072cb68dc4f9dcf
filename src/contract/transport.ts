/** What a provider's client asks the transport for: src/http. */
import type { Credentials } from './settings';

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
  /** What the keys made of it, a signature or encrypted values, where an answer's texts must not repeat it. */
  sealed?: readonly string[];
}

/** One answer, whole and decompressed. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** A message's slot in its account's queue, which it keeps over all its requests. */
export interface QueueSlot {
  /** Frees the slot; later calls do nothing. */
  release(): void;
}

/**
 * Writes a call that may cost down, once its turn to be sent has come: what waits for its turn has cost nothing yet.
 * Nothing is returned where there is nothing to wait for; where it rejects, the call is not sent.
 */
export type ClaimCall = () => Promise<void> | undefined;

/** What a call that may cost is sent with. */
export interface PaidTurn {
  /** Of the message in the account's queue. */
  slot: QueueSlot;
  claim: ClaimCall;
}

/** What a provider's client asks the transport to do. */
export interface Call<Value> {
  /**
   * Signs the request again for each attempt.
   * @param now Unix time in milliseconds as the provider has it
   * @param credentials one of the account's pairs
   */
  build(now: number, credentials: Credentials): HttpRequest | Promise<HttpRequest>;
  /**
   * Takes an answer apart.
   * @param answer of the provider
   * @param credentials that the request was built with
   * @param sealed of the request
   * @throws VerifyError with `details.envelope` true where the answer was in the provider's own form
   */
  read(answer: HttpAnswer, credentials: Credentials, sealed?: readonly string[]): Value;
  /**
   * Gives the id by which support finds a call, for an answer that came in part or cannot be decoded.
   * @returns the request id, or null
   */
  requestIdIn?(headers: HttpAnswer['headers']): string | null;
  /** Of the message. A call without one is a poll: it costs nothing and goes behind all others. */
  slot?: QueueSlot;
  /**
   * Of a call that may be charged, which is repeated only where it certainly was not processed. null: it costs nothing.
   */
  claim: ClaimCall | null;
  /** true: costs nothing and is repeated on NETWORK, TIMEOUT, RATE_LIMITED and PROVIDER. */
  repeat?: boolean;
  /** true: sent once, for somebody who watches; only a wrong clock and a pair that is refused are still corrected. */
  once?: boolean;
}

/** What a call knows of the world while it is sent. */
export interface CallContext {
  /** Unix time in milliseconds. */
  now(): number;
  /** A number from 0 up to 1. */
  random(): number;
  /** No new work once this is aborted. */
  closing: AbortSignal;
  /** Requests in flight end once this is aborted. */
  signal: AbortSignal;
  /** Counts a request as sent. */
  attempted(): void;
  /**
   * @param milliseconds how long to wait
   * @throws VerifyError CANCELLED when the work has to stop
   */
  wait(milliseconds: number): Promise<void>;
}

/** How an account reaches its provider: src/http. */
export interface Transport {
  /** @throws VerifyError OVERLOADED when too many messages wait already, or the provider is down */
  takeSlot(): QueueSlot;
  /**
   * @returns what `call.read` made of the answer
   * @throws VerifyError what `call.read` threw, or NETWORK, TIMEOUT, PROTOCOL, OVERLOADED, CANCELLED
   */
  send<Value>(call: Call<Value>, context: CallContext): Promise<Value>;
  /** Takes no new requests, and closes its sockets when the last request in flight has ended. */
  close(): Promise<void>;
}

/**
 * @param transport of the account
 * @param work what is done for a message, with its slot in the queue
 * @returns what `work` does; its slot is free then, whatever came of it
 * @throws VerifyError OVERLOADED, or what `work` throws
 */
export async function inSlot<Done>(
  transport: Transport,
  work: (slot: QueueSlot) => Promise<Done>,
): Promise<Done> {
  const slot = transport.takeSlot();
  try {
    return await work(slot);
  } finally {
    slot.release();
  }
}
