/** The node that has a message worked on elsewhere, and answers with what came of it: CONTRACT, "Queue". */
import type { SettingDefinitions, Settings } from '../action';
import { Cancel } from '../cancel';
import { VerifyError } from '../errors';
import type { JobEnd } from '../queue/in-hand';
import { causeOf, textOf } from './explain';
import { FlowError } from './flow-error';
import { canHold } from './output';
import type { Message, Node, NodeConfig, Red } from './red';
import { readSettings } from './settings';
import { onceStarted } from './started';
import { NodeStatus, outcomeOf } from './status';
import { unexpected } from './unexpected';
import { queueNode } from './verify-queue';

/** The form is built from it, too. */
export const SETTINGS = {
  wait: { type: 'number', default: 20, min: 0, max: 86_400 },
  maxWaiting: { type: 'number', default: 1_000, min: 1, integer: true },
} as const satisfies SettingDefinitions;

const ASKED = { provider: null, operation: 'verify-call', mayCost: true };

/** How a message leaves: an answer, or the id of a job that is not over. */
type Left = { answer: unknown } | { job: string };

/**
 * Makes a node call a queue.
 * @param red Node-RED
 * @param node that was created
 * @param config as it was deployed
 */
export function runVerifyCall(red: Red, node: Node, config: NodeConfig): void {
  const status = new NodeStatus(red, node, () => false);
  const closing = new Cancel();
  let inFlight = 0;
  let isPartWarned = false;
  const asError = (reason: unknown) =>
    reason instanceof FlowError
      ? reason
      : flowError(red, reason instanceof VerifyError ? reason : unexpected(red, node, reason));
  const forget = onceStarted(red, () => {
    try {
      readSettings(SETTINGS, config);
      queueNode(red, config.queue).options();
    } catch (reason) {
      node.warn(asError(reason).message);
      status.misconfigured();
    }
  });

  async function call(message: Message): Promise<Left> {
    const settings: Settings<typeof SETTINGS> = readSettings(SETTINGS, config);
    if (!canHold(red, message, 'payload'))
      throw new VerifyError('INPUT', 'message-read-only', { output: 'payload' });
    const { maxWaiting } = settings;
    if (inFlight > maxWaiting)
      throw new VerifyError('OVERLOADED', 'too-many-calls', { maxWaiting }, { charged: false });
    const calls = queueNode(red, config.queue).calls();
    const asked = askedJob(message.payload);
    const job = asked ?? calls.newId();
    if (asked === null && !(await calls.put(job, message, closing)) && !isPartWarned) {
      isPartWarned = true;
      node.warn(red._('warnings.queue.in-part'));
    }
    const end = await calls.end(job, asked === null, settings.wait * 1000, closing);
    return end ? { answer: answerOf(job, end) } : { job };
  }

  // Not an async function: Node-RED catches what it throws, but a rejection would end the process.
  node.on('input', (message, send, done) => {
    status.started();
    inFlight++;
    call(message)
      .then(
        (left) => {
          if ('answer' in left) {
            message.payload = left.answer;
            send(message);
            status.finished(outcomeOf(left.answer));
          } else {
            message.payload = left;
            send([null, message]);
            status.finished('unfinished');
          }
          done();
        },
        (reason) => {
          const error = asError(reason);
          status.failed(error.code);
          done(error);
        },
      )
      .catch((reason) => unexpected(red, node, reason))
      .finally(() => {
        inFlight--;
      });
  });
  node.on('close', (_removed, done) => {
    forget();
    closing.cancel();
    status.close();
    done();
  });
}

/** @returns the id, where a message asks with one alone */
function askedJob(payload: unknown): string | null {
  if (typeof payload !== 'object' || payload === null || Object.keys(payload).join() !== 'job') return null;
  const { job } = payload as { job: unknown };
  return typeof job === 'string' ? job : null;
}

/** @throws FlowError as the worker's flow raised it, VerifyError UNCERTAIN where the worker died */
function answerOf(job: string, end: JobEnd): unknown {
  if ('answer' in end) return end.answer;
  if ('lost' in end) {
    const { ledger } = end.lost;
    if (ledger === null) throw new VerifyError('UNCERTAIN', 'job-lost', { job }, { charged: null });
    throw new VerifyError('UNCERTAIN', 'job-lost-paying', { job, ledger }, { charged: null, ledger });
  }
  const { message, code, cause } = end.error;
  throw new FlowError(message, code as FlowError['code'], cause);
}

function flowError(red: Red, error: VerifyError): FlowError {
  return new FlowError(textOf(red, error), error.code, causeOf(red, ASKED, error, null, 0));
}
