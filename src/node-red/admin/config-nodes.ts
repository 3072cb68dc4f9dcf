/** What forms and the sidebar ask of the accounts, photo stores and queues that are deployed. */
import type { AccountNode } from '../account/account-node';
import type { PhotoStoreNode } from '../photos/photo-store-of';
import type { QueueNode } from '../queue/verify-queue';
import { nodesOf } from '../runner/deployed';
import { asVerifyError, withText } from '../runner/flow-error';
import type { Node } from '../runner/red';
import type { AdminQuestion } from './question';

/** A reader does not wait longer for a Redis that is away. */
const COUNTING_MS = 2_000;

/** Forms give a node's id, never a credential: docs/node-red.md, "Runtime". */
export function testAccount(question: AdminQuestion): Promise<unknown> | null {
  return accountNode(question)?.test?.run(question.language) ?? null;
}

/** @returns which pair of keys the account uses */
export function keysInUse(question: AdminQuestion): { inUse: 'next' | 'first' } | null {
  const node = accountNode(question);
  return node && { inUse: node.onNextPair ? 'next' : 'first' };
}

export function testStore({ red, params, language }: AdminQuestion): Promise<unknown> | null {
  const node = red.nodes.getNode(String(params.id)) as PhotoStoreNode | null;
  return node?.type === 'photo-store' ? node.test.run(language) : null;
}

/** @returns what each photo store holds */
export function totalsOfStores(question: AdminQuestion): Promise<object[]> {
  const stores = nodesOf<PhotoStoreNode>(question.red, 'photo-store', 'total');
  return rowsOf(question, stores, 'node', (store) => store.total());
}

/** @returns how many jobs each queue has */
export function countsOfQueues(question: AdminQuestion): Promise<object[]> {
  const queues = nodesOf<QueueNode>(question.red, 'verify-queue', 'calls');
  return rowsOf(question, queues, 'queue', async (queue) => queue.calls().counts(COUNTING_MS));
}

function accountNode({ red, params }: AdminQuestion): AccountNode | null {
  const node = red.nodes.getNode(String(params.id));
  return node && 'onNextPair' in node ? (node as AccountNode) : null;
}

/** A node that fails gets a row with the reason, in the reader's language. */
function rowsOf<Kind extends Node>(
  { red, language }: AdminQuestion,
  nodes: readonly Kind[],
  kind: string,
  ask: (node: Kind) => Promise<object>,
): Promise<object[]> {
  const rows = nodes.map(async (node) => {
    try {
      return { [kind]: node.id, ...(await ask(node)) };
    } catch (reason) {
      const { problem, values } = asVerifyError(red, node, reason);
      return { [kind]: node.id, ...withText(red, { problem, values }, language) };
    }
  });
  return Promise.all(rows);
}
