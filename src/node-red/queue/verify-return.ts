/** The node that ends a job with a message, or with the error that a Catch brought: docs/contract.md, "Queue". */
import { ERRORS, VerifyError } from '../../contract/errors';
import { activeJobs, type JobError } from '../../queue/active-jobs';
import { asVerifyError, describeError, FlowError } from '../runner/flow-error';
import { handleInput, type InputMessage } from '../runner/handle-input';
import type { Message, Node, NodeConfig, Red } from '../runner/red';

const CALLED = { provider: null, environment: null, operation: 'verify-return', mayCost: true };

/**
 * Makes a node end jobs.
 * @param red Node-RED
 * @param node that was created
 */
export function runVerifyReturn(red: Red, node: Node, _config: NodeConfig): void {
  const failure = (reason: unknown) =>
    new FlowError(describeError(red, CALLED, asVerifyError(red, node, reason)));
  const handle = (input: InputMessage) => {
    const { message } = input;
    const job = activeJobs.get(message);
    if (job === null) {
      // A Catch that leads here brings the same error back, until Node-RED stops it at the tenth.
      if (!isNotAJob(message)) throw new VerifyError('INPUT', 'not-a-job');
      input.end();
      return;
    }
    // A Catch that leads here would bring an error back.
    if (job === 'over') node.warn(red._('warnings.queue.over'));
    else job.end('error' in message ? { error: errorOf(red, message) } : { answer: message.payload });
    input.end();
  };
  handleInput(red, node, handle, failure);
}

function isNotAJob({ error }: Message): boolean {
  return (error as Partial<JobError> | undefined)?.cause?.problem === 'not-a-job';
}

/** The error of another package may contain a person's data: its text stays in the worker's log. */
function errorOf(red: Red, { error }: Message): JobError {
  const { message, code, cause, source } = (error ?? {}) as Partial<JobError> & {
    source?: { type?: unknown };
  };
  if (code && Object.hasOwn(ERRORS, code) && cause?.problem) return { message: String(message), code, cause };
  const type = String(source?.type ?? '');
  const foreign = new VerifyError(
    'PROTOCOL',
    'job-foreign-error',
    { type },
    { charged: null, retryable: false },
  );
  return describeError(red, CALLED, foreign);
}
