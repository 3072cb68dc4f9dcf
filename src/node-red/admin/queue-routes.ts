/** The admin route over the queues, for the sidebar: docs/contract.md, "Ledger", "Editor sidebar". */
import { VerifyError } from '../../contract/errors';
import type { QueueCounts } from '../../queue/calls';
import type { QueueNode } from '../queue/verify-queue';
import { withText } from '../runner/explain';
import type { Red } from '../runner/red';
import { languageOfReader } from '../runner/texts';

const PATH = '/cn-verify/queues';
/** Who may see flows may see what waits for them. */
const READ = 'cn-verify.read';
/** A reader does not wait longer for a Redis that is away. */
const PATIENCE_MS = 2_000;

/** Each runtime's admin application once. */
const registered = new WeakSet<object>();

/** One `verify-queue`: how many jobs there are, or why that is not known. */
type Row = { queue: string } & (QueueCounts | Pick<VerifyError, 'problem' | 'values'>);

/** @param red Node-RED, as any queue node has it */
export function registerQueueRoutes(red: Red): void {
  const { httpAdmin, auth } = red;
  if (registered.has(httpAdmin)) return;
  registered.add(httpAdmin);
  httpAdmin.get(PATH, auth.needsPermission(READ), (request, response) => {
    const language = languageOfReader(request);
    const ids: string[] = [];
    red.nodes.eachNode(({ id, type }) => {
      if (type === 'verify-queue' && red.nodes.getNode(id)) ids.push(id);
    });
    Promise.all(ids.map((id) => rowOf(red.nodes.getNode(id) as QueueNode))).then(
      (rows) => response.json(rows.map((row) => ('problem' in row ? withText(red, row, language) : row))),
      () =>
        response
          .status(500)
          .json(withText(red, { code: 'PROTOCOL', problem: 'internal', values: {} }, language)),
    );
  });
}

async function rowOf(node: QueueNode): Promise<Row> {
  try {
    return { queue: node.id, ...(await node.calls().counts(PATIENCE_MS)) };
  } catch (reason) {
    const { problem, values } =
      reason instanceof VerifyError ? reason : new VerifyError('PROTOCOL', 'internal');
    return { queue: node.id, problem, values };
  }
}
