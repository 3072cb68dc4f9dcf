/**
 * One node with its config node on node-red-node-test-helper, both as they come out of the palette. Real flows are in
 * test/flows; the helper starts Node-RED in its own way, so that these tests have a process of their own.
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
 * Loads a node that is new, but for those properties, with a config node that it uses.
 * @param type of the node
 * @param properties of its account, queue or ledger that are not those of a new one
 * @param credentials of its account, queue or ledger
 * @param ownProperties of the node that are not those of a new one
 */
export async function load(
  type: string,
  properties: object = { environment: 'sandbox' },
  credentials: object = {},
  ownProperties: object = {},
): Promise<void> {
  const used = configNodeOf(type);
  // Without x and y a node counts as a config node.
  const at = { z: 'tab', x: 100, y: 100 };
  const own = { id: 'node', ...at, type, ...defaultsOf(type) };
  const flow = [
    { id: 'tab', type: 'tab' },
    ...(used ? [{ id: 'config', type: used.type, ...defaultsOf(used.type), ...properties }] : []),
    { ...own, ...(used ? { [used.property]: 'config' } : {}), ...ownProperties, wires: [['out1'], ['out2']] },
    { id: 'catch', ...at, type: 'catch', scope: ['node'], wires: [['caught']] },
    ...['out1', 'out2', 'caught'].map((id) => ({ id, ...at, type: 'helper' })),
  ];
  await helper.load(modulesOf(used ? [used.type, type] : [type]), flow, { config: credentials });
}

/**
 * Loads config nodes of one type alone.
 * @param type of them
 * @param nodes by id: properties that are not those of a new one, and credentials
 */
export async function loadAll(
  type: string,
  nodes: Record<string, { properties: object; credentials: object }>,
): Promise<void> {
  const all = Object.entries(nodes);
  const flow = all.map(([id, { properties }]) => ({ id, type, ...defaultsOf(type), ...properties }));
  const credentials = Object.fromEntries(all.map(([id, each]) => [id, each.credentials]));
  await helper.load(modulesOf([type]), flow, credentials);
}

function configNodeOf(type: string): { property: string; type: string } | undefined {
  const { defaults } = define(type);
  const property = ['account', 'queue', 'ledger'].find((name) => defaults[name]?.type);
  return property ? { property, type: defaults[property]!.type! } : undefined;
}

function modulesOf(types: string[]): ((red: unknown) => void)[] {
  return types.map((type) => require(join(ROOT, 'dist/nodes', type, `${type}.js`)).default);
}

export const unload = () => helper.unload();

/** @returns a node of the flow */
export function nodeOf(id: string): LiveNode & Record<string, unknown> {
  const node = helper.getNode(id);
  assert.ok(node, `${id} is not loaded`);
  return node;
}

/** The output that a message came out of, and what is in it. */
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
