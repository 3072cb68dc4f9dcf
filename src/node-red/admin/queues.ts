/** What the sidebar shows of the queues. */
import { VerifyError } from '../../contract/errors';
import type { QueueCounts } from '../../queue/calls';
import type { QueueNode } from '../queue/verify-queue';
import { nodesOf } from '../runner/deployed';
import type { Red } from '../runner/red';

/** A reader does not wait longer for a Redis that is away. */
const COUNTING_MS = 2_000;

/** One `verify-queue`: how many jobs there are, or why that is not known. */
type Row = { queue: string } & (QueueCounts | Pick<VerifyError, 'problem' | 'values'>);

/** @returns a row for each queue that is deployed */
export function countsOfQueues(red: Red): Promise<Row[]> {
  return Promise.all(nodesOf<QueueNode>(red, 'verify-queue', 'calls').map(rowOf));
}

async function rowOf(node: QueueNode): Promise<Row> {
  try {
    return { queue: node.id, ...(await node.calls().counts(COUNTING_MS)) };
  } catch (reason) {
    const { problem, values } =
      reason instanceof VerifyError ? reason : new VerifyError('PROTOCOL', 'internal');
    return { queue: node.id, problem, values };
  }
}
