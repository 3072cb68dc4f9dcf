/**
 * How a node takes messages: docs/contract.md, "Errors". Nothing else calls `send` and `done`, because both may throw
 * (Node-RED copies the message for a second wire, a Catch and a Complete node, and not everything can be copied), and
 * what is thrown where nobody catches it ends the process.
 */
import type { FlowError } from './flow-error';
import type { Done, Message, Node, Red, Send, Sent } from './red';

/** What an HTTP In node puts into its message beside the request: the response, or something that wraps it. */
interface HttpResponse {
  _res?: HttpResponse;
  headersSent?: boolean;
  writeHead?(status: number): unknown;
  end?(): unknown;
}

/** One message on its way through a node. It ends once: what comes later does nothing. */
export class InputMessage {
  readonly message: Message;
  readonly #red: Red;
  readonly #node: Node;
  readonly #send: Send;
  readonly #done: Done;
  readonly #id: unknown;
  /** Node-RED takes them off a message while it copies it, and does not put them back where that fails. */
  readonly #request: unknown;
  readonly #response: unknown;
  #isOver = false;

  /**
   * @param red Node-RED
   * @param node that the message came to
   * @param message it may be anything that another node made
   * @param send of Node-RED
   * @param done of Node-RED
   */
  constructor(red: Red, node: Node, message: Message, send: Send, done: Done) {
    this.message = message;
    this.#red = red;
    this.#node = node;
    this.#send = send;
    this.#done = done;
    this.#id = propertyOf(message, '_msgid');
    this.#request = propertyOf(message, 'req');
    this.#response = propertyOf(message, 'res');
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Sends on, which ends the message.
   * @param sent as Node-RED's `send` takes it
   * @returns false where that cannot be sent: nothing was, and the message has not ended
   */
  finish(sent: Sent): boolean {
    if (this.#isOver) return true;
    if (!trySend(this.#red, this.#node, this.#send, sent)) {
      this.#restore();
      return false;
    }
    this.end();
    return true;
  }

  /** Ends the message without sending anything. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#done();
    } catch {
      // A Complete node gets no message that cannot be copied; the message itself was sent.
      this.#restore();
    }
  }

  /**
   * Ends the message with an error. A Catch node gets no more of a message that cannot be copied than its id and the HTTP
   * request, so that the request can be answered; where not even that works, the request is answered here.
   */
  fail(error: FlowError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#done(error);
      return;
    } catch {
      this.#restore();
    }
    try {
      this.#node.error(error, this.#kept());
    } catch {
      answerRequest(this.#response);
    }
  }

  /** What a Catch node can have of any message: an id, and what Node-RED does not copy. */
  #kept(): Message {
    const kept: Message = {};
    if (typeof this.#id === 'string') kept._msgid = this.#id;
    if (this.#request !== undefined) kept.req = this.#request;
    if (this.#response !== undefined) kept.res = this.#response;
    return kept;
  }

  #restore(): void {
    try {
      if (this.#request !== undefined) this.message.req = this.#request;
      if (this.#response !== undefined) this.message.res = this.#response;
    } catch {
      // It is frozen, and still has them.
    }
  }
}

/**
 * Makes a node handle the messages that come in.
 * @param red Node-RED
 * @param node that was created
 * @param handle ends each message, sooner or later
 * @param failed makes the error of a message that `handle` threw at
 */
export function handleInput(
  red: Red,
  node: Node,
  handle: (input: InputMessage) => void,
  failed: (reason: unknown) => FlowError,
): void {
  // Not an async function: Node-RED catches what it throws, but a rejection would end the process.
  node.on('input', (message, send, done) => {
    const input = new InputMessage(red, node, message, send, done);
    try {
      handle(input);
    } catch (reason) {
      input.fail(failed(reason));
    }
  });
}

/**
 * Sends what belongs to no message that came in.
 * @returns false where it cannot be sent
 */
export function sendNew(red: Red, node: Node, sent: Sent): boolean {
  return trySend(red, node, (given) => node.send(given), sent);
}

/**
 * With two wires, the first would get the message and only the second would fail: so the copy is tried before. Of several
 * messages only the last one belongs to another node; those before it are copies already.
 */
function trySend({ util }: Red, node: Node, send: Send, sent: Sent): boolean {
  try {
    const outputs = Array.isArray(sent) ? sent : [sent];
    const wires = outputs.flatMap((messages, output) =>
      messages === null ? [] : (node.wires?.[output] ?? []),
    );
    if (wires.length > 1) {
      // Node-RED does not copy the two.
      const { req, res, ...rest } = outputs.flat().findLast((message) => message !== null)!;
      util.cloneMessage(rest);
    }
    send(sent);
    return true;
  } catch {
    return false;
  }
}

function propertyOf(message: Message, name: string): unknown {
  try {
    return message[name];
  } catch {
    return undefined;
  }
}

function answerRequest(response: unknown): void {
  try {
    const { _res: own } = response as HttpResponse;
    const raw = own ?? (response as HttpResponse);
    if (!raw.headersSent) raw.writeHead?.(500);
    raw.end?.();
  } catch {
    // It is not a response, or has been answered already.
  }
}
