/** The node that takes jobs of a queue into a flow: docs/contract.md, "Queue". */

import { VerifyError } from '../../contract/errors';
import type { SettingDefinitions } from '../../contract/settings';
import { activeJobs } from '../../queue/active-jobs';
import type { JobWorker } from '../../queue/worker';
import { onceStarted } from '../runner/deployed';
import { asVerifyError, describeError, logBug, textOf } from '../runner/flow-error';
import { sendNew } from '../runner/handle-input';
import type { Node, NodeConfig, Red } from '../runner/red';
import { readSettings } from '../runner/settings';
import { NodeStatus, outcomeOf } from '../runner/status';
import { queueNode } from './verify-queue';

/** The form is built from it, too. */
export const SETTINGS = {
  concurrency: { type: 'number', default: 64, min: 1, max: 10_000, integer: true },
  timeout: { type: 'number', default: 600, min: 1, max: 86_400 },
  repeatable: { type: 'boolean', default: false },
} as const satisfies SettingDefinitions;

const CALLED = { provider: null, environment: null, operation: 'verify-in', mayCost: true };
/** As long as a paid request in flight has; all nodes are closed at the same time. */
const GRACE_MS = 5_000;

/**
 * Makes a node take jobs.
 * @param red Node-RED
 * @param node that was created
 * @param config as it was deployed
 */
export function runVerifyIn(red: Red, node: Node, config: NodeConfig): void {
  const status = new NodeStatus(red, node, () => false);
  let worker: JobWorker | undefined;
  let warnedOf = '';
  const stuck = (error: VerifyError | null) => {
    status.stuck(error?.code ?? null);
    // The connection reports itself that Redis is away.
    if (error && error.code !== 'NETWORK' && error.problem !== warnedOf) node.warn(textOf(red, error));
    warnedOf = error?.problem ?? '';
  };
  const forget = onceStarted(red, () => {
    try {
      const { concurrency, timeout, repeatable } = readSettings(SETTINGS, config);
      const options = queueNode(red, config.queue).options();
      const { JobWorker: Worker } = require('../../queue/worker') as typeof import('../../queue/worker');
      worker = new Worker({
        ...options,
        concurrency,
        repeatable,
        timeoutMs: timeout * 1000,
        stuck,
        take: (message) => {
          status.started();
          if (sendNew(red, node, message)) return;
          const job = activeJobs.get(message);
          const error = new VerifyError('INPUT', 'message-not-sent');
          if (job && job !== 'over') job.end({ error: describeError(red, CALLED, error) });
        },
        over: (how) => {
          if (how === 'given-back') status.left();
          else if ('code' in how) status.failed(how.code as VerifyError['code']);
          else status.finished(outcomeOf(how.answer));
        },
        explain: (error) => describeError(red, CALLED, error),
      });
    } catch (reason) {
      node.warn(textOf(red, asVerifyError(red, node, reason)));
      status.misconfigured();
    }
  });
  node.on('close', (_removed, done) => {
    forget();
    Promise.resolve(worker?.close(GRACE_MS))
      .catch((reason) => logBug(red, node, reason))
      .then(() => {
        status.close();
        done();
      });
  });
}
