/**
 * One node with its config node on node-red-node-test-helper, both as they come out of the palette. Real flows are in
 * test/flows, in a process of their own: the helper starts Node-RED in its own way.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Cause } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import type { Message, Node } from '../../src/node-red/runner/red';
import { temporaryDirectory } from '../demo-process';
import { defaultsOf, define, ROOT } from './form';

interface LiveNode extends Omit<Node, 'on'> {
  on(event: string, listener: (message: Message) => void): void;
}

interface TestHelper {
  init(runtime: string, settings: object): void;
  load(modules: ((red: unknown) => void)[], flow: object[], credentials: object): Promise<void>;
  unload(): Promise<void>;
  getNode(id: string): (LiveNode & Record<string, unknown>) | null;
}

const helper = require('node-red-node-test-helper') as TestHelper;
const nodeRed = require.resolve(process.env.NODE_RED || 'node-red');
helper.init(nodeRed, { userDir: temporaryDirectory() });
// Each flow of the helper has an admin server of its own, and for each the package listens once more.
(require(nodeRed) as { events: NodeJS.EventEmitter }).events.setMaxListeners(0);

/**
 * @param type of the node
 * @param properties of its account or ledger that are not those of a new one
 * @param credentials of its account or ledger
 * @param ownProperties of the node that are not those of a new one
 * @param others a config node beside those, under the id `store`
 */
export async function load(
  type: string,
  properties: object = { environment: 'sandbox' },
  credentials: object = {},
  ownProperties: object = {},
  others: { type: string; properties: object; credentials: object }[] = [],
): Promise<void> {
  const { account, ledger, queue } = define(type).defaults;
  const named = account ? 'account' : queue ? 'queue' : 'ledger';
  const configType = (account ?? queue ?? ledger)?.type;
  const modules = [...(configType ? [configType] : []), type, ...others.map((other) => other.type)].map(
    (name) => require(join(ROOT, 'dist/nodes', name, `${name}.js`)).default as (red: unknown) => void,
  );
  // Without x and y a node counts as a config node.
  const at = { z: 'tab', x: 100, y: 100 };
  const own = { id: 'node', ...at, type, ...defaultsOf(type) };
  const flow = [
    { id: 'tab', type: 'tab' },
    ...(configType ? [{ id: 'config', type: configType, ...defaultsOf(configType), ...properties }] : []),
    ...others.map((other) => ({
      id: 'store',
      type: other.type,
      ...defaultsOf(other.type),
      ...other.properties,
    })),
    { ...own, [named]: 'config', ...ownProperties, wires: [['out1'], ['out2']] },
    { id: 'catch', ...at, type: 'catch', scope: ['node'], wires: [['caught']] },
    ...['out1', 'out2', 'caught'].map((id) => ({ id, ...at, type: 'helper' })),
  ];
  await helper.load(modules, flow, {
    config: credentials,
    ...Object.fromEntries(others.map((other) => ['store', other.credentials])),
  });
}

export const unload = () => helper.unload();

/** @returns a node of the flow */
export function nodeOf(id: 'config' | 'node' | 'store'): LiveNode & Record<string, unknown> {
  const node = helper.getNode(id);
  assert.ok(node, `${id} is not loaded`);
  return node;
}

/** Where a message came out, and what is in it. */
export interface Came {
  from: 'out1' | 'out2' | 'caught';
  message: Message;
  result: Result;
  error: { code: string; message: string; cause: Cause };
}

/**
 * @param message for the node
 * @returns the first that comes out
 */
export function ask(message: Message): Promise<Came> {
  return new Promise((resolve) => {
    for (const from of ['out1', 'out2', 'caught'] as const) {
      helper.getNode(from)!.on('input', (came) => {
        const { payload: result, error } = came as { payload: Result; error: Came['error'] };
        resolve({ from, message: came, result, error });
      });
    }
    nodeOf('node').receive(message);
  });
}
