/** The node that puts a message into a queue and sends its answer on: docs/contract.md, "Queue". */

import { VerifyError } from '../../contract/errors';
import type { SettingDefinitions, Settings } from '../../contract/settings';
import { type JobEnd, jobLost } from '../../queue/active-jobs';
import { actionTypes } from '../runner/actions';
import { answerInput, type Reply } from '../runner/answer-input';
import { FlowError } from '../runner/flow-error';
import type { Message, Node, NodeConfig, Red } from '../runner/red';
import { readSettings } from '../runner/settings';
import { outcomeOf } from '../runner/status';
import { queueNode } from './verify-queue';

/** The form is built from it, too. */
export const SETTINGS = {
  wait: { type: 'number', default: 20, min: 0, max: 86_400 },
  maxWaiting: { type: 'number', default: 1_000, min: 1, integer: true },
} as const satisfies SettingDefinitions;

/**
 * Makes a node call a queue.
 * @param red Node-RED
 * @param node that was created
 * @param config as it was deployed
 */
export function runVerifyCall(red: Red, node: Node, config: NodeConfig): void {
  let inFlight = 0;
  let isPartWarned = false;

  async function call(message: Message, closing: AbortSignal): Promise<Reply> {
    const { maxWaiting, wait }: Settings<typeof SETTINGS> = readSettings(SETTINGS, config);
    if (inFlight > maxWaiting)
      throw new VerifyError('OVERLOADED', 'too-many-calls', { maxWaiting }, { charged: false });
    const calls = queueNode(red, config.queue).calls();
    const given = jobIdIn(message.payload);
    const job = given ?? calls.newId();
    const listening = given === null ? calls.listen(job) : null;
    try {
      if (listening && !(await calls.put(job, jobNameOf(message, config.name), message, closing)))
        warnInPart();
      const end = await calls.end(job, listening, wait * 1000, closing);
      if (!end) return { value: { job }, outcome: 'unfinished', output: 2 };
      const value = answerOf(job, end);
      return { value, outcome: outcomeOf(value) };
    } finally {
      listening?.stop();
    }
  }

  function warnInPart(): void {
    if (isPartWarned) return;
    isPartWarned = true;
    node.warn(red._('warnings.queue.in-part'));
  }

  answerInput(red, node, {
    operation: 'verify-call',
    mayCost: true,
    // A closing node leaves its job, and the error of `calls.end` says so.
    endsOnClose: true,
    check() {
      readSettings(SETTINGS, config);
      queueNode(red, config.queue).options();
    },
    async answer(message, closing) {
      inFlight++;
      try {
        return await call(message, closing);
      } finally {
        inFlight--;
      }
    },
  });
}

/**
 * What an operator sees of a job in a dashboard such as Bull Board: `msg.action`, where that is the type of a node that calls
 * a provider, or the name of this node. It comes from words that the flow's author chose
 * and never from what a message brings, because that might be a person's name.
 */
function jobNameOf(message: Message, label: string | undefined): string {
  return actionTypes().find((type) => type === message.action) ?? (label || 'message');
}

/** @returns the id of a job, where the message has nothing else; any other `job` than a text or a number is a message */
function jobIdIn(payload: unknown): string | null {
  // The keys of a Buffer are not listed, because it has one for each byte.
  if (typeof payload !== 'object' || payload === null || !('job' in payload)) return null;
  const { job } = payload;
  if (Object.keys(payload).length > 1 || !['string', 'number'].includes(typeof job)) return null;
  // No job has a number.
  return typeof job === 'string' ? job : '';
}

/** @throws FlowError as the worker's flow raised it, VerifyError UNCERTAIN where the worker died */
function answerOf(job: string, end: JobEnd): unknown {
  if ('answer' in end) return end.answer;
  if ('lost' in end) throw jobLost(job, end.lost.ledger);
  const { message, code, cause } = end.error;
  throw new FlowError({ message, code: code as FlowError['code'], cause });
}
