import type { Cause, ErrorCode } from '../../contract/errors';

/**
 * The error as a Catch node gets it, in the language of the runtime. Node-RED takes `code` and `cause` from it, and
 * `toString()` for the message (docs/node-red.md, "Runtime").
 */
export class FlowError extends Error {
  override readonly cause: Cause;

  /**
   * @param message for people
   * @param code for flows
   * @param cause for flows
   */
  constructor(
    message: string,
    readonly code: ErrorCode,
    cause: Cause,
  ) {
    super(message);
    this.cause = cause;
    // A stack trace of this package does not help a flow author.
    this.stack = message;
  }

  override toString(): string {
    return this.message;
  }
}
