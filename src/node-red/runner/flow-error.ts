import type { Cause, ErrorCode } from '../../contract/errors';

/**
 * The error a flow meets at its Catch nodes, in its own language. Node-RED takes `code` and `cause` from it, and
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
    // Where in this package an error was made says nothing to a flow author.
    this.stack = message;
  }

  override toString(): string {
    return this.message;
  }
}
