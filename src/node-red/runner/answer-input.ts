/** What the nodes have in common that answer a message without calling a provider. */
import { onAbort } from '../../contract/cancel';
import { VerifyError } from '../../contract/errors';
import type { Outcome } from '../../contract/result';
import { checkOnceStarted } from './deployed';
import { asVerifyError, describeError, FlowError } from './flow-error';
import { handleInput, type InputMessage } from './handle-input';
import type { Message, Node, Red } from './red';
import { canHold, setResult } from './result';
import { NodeStatus } from './status';

export interface Reply {
  value: unknown;
  /** What the node shows. */
  outcome: Outcome;
  /** 1 unless it is given. */
  output?: 1 | 2;
}

interface Answering {
  operation: string;
  mayCost: boolean;
  /** Called once all flows have started; what it throws is said before the first message fails. */
  check(): void;
  /**
   * @returns the property of the message that the reply goes into
   * @throws VerifyError CONFIG
   */
  property?(): string;
  /**
   * @param message it is not changed
   * @param closing aborted when the node closes
   * @throws VerifyError, or FlowError with the cause of another node
   */
  answer(message: Message, closing: AbortSignal): Promise<Reply>;
  /** Whether `answer` ends by itself when the node closes; otherwise its message ends with CANCELLED then. */
  endsOnClose?: boolean;
  close?(): void;
}

/**
 * Makes a node answer its messages.
 * @param red Node-RED
 * @param node that was created
 * @param answering what it does
 */
export function answerInput(red: Red, node: Node, answering: Answering): void {
  const { operation, mayCost } = answering;
  const status = new NodeStatus(red, node, () => false);
  const closing = new AbortController();
  const called = { provider: null, operation, environment: null, mayCost };
  const failure = (reason: unknown) =>
    reason instanceof FlowError
      ? reason
      : new FlowError(describeError(red, called, asVerifyError(red, node, reason)));
  const forget = checkOnceStarted(red, node, status, () => answering.check());

  async function answer(input: InputMessage): Promise<Reply & { property: string }> {
    const property = answering.property?.() ?? 'payload';
    if (!canHold(red, input.message, property))
      throw new VerifyError('INPUT', 'message-read-only', { output: property });
    return { property, ...(await answering.answer(input.message, closing.signal)) };
  }

  const handle = (input: InputMessage) => {
    status.started();
    let forgetClosing: (() => void) | undefined;
    const fail = (reason: unknown) => {
      forgetClosing?.();
      if (input.isOver) return;
      const error = failure(reason);
      status.failed(error.code);
      input.fail(error);
    };
    if (!answering.endsOnClose)
      forgetClosing = onAbort(closing.signal, () => fail(new VerifyError('CANCELLED', 'cancelled')));
    answer(input)
      .then(({ property, value, outcome, output = 1 }) => {
        if (input.isOver) return;
        forgetClosing?.();
        const { message } = input;
        setResult(red, message, property, value);
        if (!input.finish(output === 1 ? message : [null, message]))
          throw new VerifyError('INPUT', 'message-not-sent');
        status.finished(outcome);
      })
      .catch(fail);
  };
  handleInput(red, node, handle, failure);
  node.on('close', (_removed, done) => {
    forget();
    answering.close?.();
    closing.abort();
    status.close();
    done();
  });
}
