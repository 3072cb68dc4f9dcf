/** A real Node-RED in this process, with the built package installed in its user directory as a user would have it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import type { Cause } from '../../src/contract/errors';
import { pendingTasksOf } from '../../src/node-red/runner/pending-tasks-of';
import type { Message, Red, Status } from '../../src/node-red/runner/red';
import { FEW_NODES } from '../node-red-process';
import { filesIn, leaksIn } from '../private';
import { afterEachFailure, afterEachFile } from '../root-hooks';
import { until } from '../until';
import { databaseIn } from './on-disk';
import { closeServers, type Script, type ScriptedServer, scriptedServer } from './scripted-server';

export { until };

const PACKAGE = '@cn-verify/node-red-cn-verify';
const ROOT = join(__dirname, '../../..');

export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

interface LiveNode {
  id: string;
  receive(message: Message): void;
  on(event: 'input', listener: (message: Message) => void): void;
  on(event: 'close', listener: () => void): void;
}

interface Runtime {
  init(server: unknown, settings: object): void;
  start(): Promise<void>;
  events: NodeJS.EventEmitter;
  nodes: { getNode(id: string): LiveNode; getNodeInfo?(type: string): unknown };
  runtime: {
    flows: { setFlows(options: object): Promise<unknown> };
    nodes: { getNodeList(options: object): Promise<{ module: string; types: string[]; err?: unknown }[]> };
  };
}

/** What came out of a deployed flow since it was deployed, in order. */
export interface Seen {
  /** By node id. */
  messages: Map<string, Message[]>;
  statuses: { id: string; status: Status }[];
  /** Those of the flows before, while they were stopped. */
  lastStatuses: { id: string; status: Status }[];
}

export interface LogLine {
  level: number;
  type?: string;
  msg: unknown;
}

let red: Runtime | undefined;
/** What was shown or raised by all flows of this file. */
const traces: string[] = [];

afterEachFile(clear);
afterEachFailure(dropTasks);

/** Removes the flows; none of them may have shown a person or a secret anywhere. */
async function clear(): Promise<void> {
  if (!red) return;
  await deploy([]);
  await dropTasks();
  const shown = [
    ...traces.splice(0),
    ...logs.splice(0).map(({ msg }) => inspect(msg, { depth: 5 })),
    ...filesIn(userDir, MAY_HOLD_SOMEBODY),
  ];
  assert.deepEqual([...new Set(shown.flatMap(leaksIn))], []);
}

/** What waits would be resumed by the next node that has the id of the one it came to. */
async function dropTasks(): Promise<void> {
  // Without a database nothing waits.
  if (!red || !existsSync(databaseIn(userDir))) return;
  const { tasks } = pendingTasksOf({ events: red.events } as unknown as Red);
  tasks.drop(tasks.list());
  await tasks.flush();
}

function keepTraces(): void {
  traces.push(JSON.stringify(seen.statuses), JSON.stringify(seen.lastStatuses));
  for (const message of [...seen.messages.values()].flat()) {
    try {
      const { error } = message as { error?: { message: string; stack?: string; cause: Cause } };
      // What a test put there itself has no cause.
      if (!error?.cause) continue;
      // The three lists are the caller's own addresses: docs/contract.md, "Errors".
      const { submitted, notSubmitted, uncertain, ...cause } = error.cause;
      traces.push(JSON.stringify({ ...error, cause }));
    } catch {
      // Or cannot be read.
    }
  }
}

/** Flows are what the user wrote, and what is kept may hold a message; all else must hold nobody. */
const MAY_HOLD_SOMEBODY = /^(node_modules|context|cn-verify|\.?flows\.json.*)$/;

/** A context store that never answers, as one over a network may be. */
const silentStore = () => ({
  open: async () => {},
  close: async () => {},
  get: () => {},
  set: () => {},
  keys: () => {},
  delete: async () => {},
  clean: async () => {},
});

/** A context store that answers when a test lets it: each read waits in `slowReads`, to be called with its value. */
export const slowReads: ((value: unknown) => void)[] = [];
const slowStore = () => ({
  ...silentStore(),
  get: (_scope: string, _key: string, callback: (error: null, value: unknown) => void) =>
    slowReads.push((value) => callback(null, value)),
});

export let userDir = '';
export const logs: LogLine[] = [];
export let seen: Seen = { messages: new Map(), statuses: [], lastStatuses: [] };

/**
 * Starts Node-RED, or clears the one that this process has already: all its test files share a user directory, and so a
 * ledger, where a test has keys and accounts of its own.
 * @param settings beside those that make it quick and quiet; a file with any needs a process of its own
 */
export async function startRuntime(settings: object = {}): Promise<void> {
  if (red) {
    assert.deepEqual(settings, {}, 'Node-RED has its settings already.');
    return clear();
  }
  userDir = mkdtempSync(join(tmpdir(), 'cn-verify-test-'));
  mkdirSync(join(userDir, 'node_modules', dirname(PACKAGE)), { recursive: true });
  symlinkSync(ROOT, join(userDir, 'node_modules', PACKAGE), 'junction');
  const runtime = require(process.env.NODE_RED || 'node-red') as Runtime;
  const server = createServer();
  runtime.init(server, {
    userDir,
    flowFile: 'flows.json',
    credentialSecret: 'test',
    httpAdminRoot: false,
    disableEditor: true,
    ...FEW_NODES,
    contextStorage: {
      default: { module: 'memory' },
      disk: { module: 'localfilesystem' },
      silent: { module: silentStore },
      slow: { module: slowStore },
    },
    logging: { capture: { level: 'debug', handler: () => (line: LogLine) => logs.push(line) } },
    ...settings,
  });
  runtime.events.on('node-status', ({ id, status }: { id: string; status: Status }) =>
    seen.statuses.push({ id, status }),
  );
  const started = once(runtime.events, 'flows:started');
  await runtime.start();
  await started;
  red = runtime;
  process.once('exit', () => rmSync(userDir, { recursive: true, force: true, maxRetries: 5 }));
}

/**
 * Hooks of a suite: Node-RED, and a provider of its own for each test.
 * @param script that answers until a test puts another in its place
 * @returns the provider of the test that runs
 */
export function nodeRedWithProvider(script: Script = () => {}): ScriptedServer {
  const provider = {} as ScriptedServer;
  before(() => startRuntime());
  beforeEach(async () => {
    await scriptedServer(script, provider);
  });
  afterEach(closeServers);
  return provider;
}

/**
 * Deploys flows in place of those before; what nodes of type `debug` get is collected.
 * @param nodes with their credentials inline
 * @param deploymentType all of them, or only those that changed
 */
export async function deploy(nodes: FlowNode[], deploymentType: 'full' | 'nodes' = 'full'): Promise<void> {
  const runtime = red!;
  const kept = seen.messages;
  keepTraces();
  seen = { messages: new Map(), statuses: [], lastStatuses: [] };
  const started = once(runtime.events, 'flows:started');
  await runtime.runtime.flows.setFlows({ flows: { flows: nodes }, deploymentType });
  await started;
  seen.lastStatuses = seen.statuses.splice(0);
  for (const { id, type } of nodes) {
    if (type !== 'debug') continue;
    if (deploymentType === 'nodes') {
      seen.messages.set(id, kept.get(id) ?? []);
      continue;
    }
    const messages: Message[] = [];
    seen.messages.set(id, messages);
    runtime.nodes.getNode(id).on('input', (message) => messages.push(message));
  }
}

export function send(id: string, message: Message): void {
  red!.nodes.getNode(id).receive(message);
}

export function liveNode(id: string): LiveNode {
  return red!.nodes.getNode(id);
}

export function got(id: string): Message[] {
  return seen.messages.get(id) ?? [];
}

export async function installedTypes(): Promise<string[]> {
  const sets = await red!.runtime.nodes.getNodeList({});
  return sets.filter(({ module, err }) => module === PACKAGE && !err).flatMap(({ types }) => types);
}

/**
 * An account at a server of the test; xhey's, unless `properties` say otherwise.
 * @param baseUrl of the server
 * @param properties beside those
 */
export function accountAt(baseUrl: string, properties: object = {}): Record<string, unknown> {
  const credentials = { groupKey: 'groupKey', groupSecret: 'groupSecret' };
  return { type: 'xhey-account', environment: 'custom', baseUrl, credentials, ...properties };
}

/** One action node with everything wired that can come out of it: `out1`, `out2`, `caught`, `completed`. */
export function actionFlow(
  action: Record<string, unknown> & { type: string },
  account: Record<string, unknown> | null,
): FlowNode[] {
  // Without x and y a node counts as a config node.
  const at = { z: 'tab', x: 100, y: 100 };
  const sink = (id: string): FlowNode => ({
    id,
    ...at,
    type: 'debug',
    active: false,
    tosidebar: false,
    wires: [],
  });
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    ...(account ? [{ id: 'account', type: 'xhey-account', name: '', ...account }] : []),
    { ...action, id: 'action', ...at, account: account?.id ?? 'account', wires: [['out1'], ['out2']] },
    // With a scope it would be deployed anew along with the node it names.
    { id: 'catch', ...at, type: 'catch', scope: null, wires: [['caught']] },
    { id: 'complete', ...at, type: 'complete', scope: ['action'], wires: [['completed']] },
    ...['out1', 'out2', 'caught', 'completed'].map(sink),
  ];
}

export interface Ended {
  out1: Message[];
  out2: Message[];
  caught: Message[];
  completed: Message[];
}

/**
 * Sends one message into `actionFlow` and waits until the node has called done.
 * @param message to send
 */
export async function ask(message: Message): Promise<Ended> {
  const before = {
    out1: got('out1').length,
    out2: got('out2').length,
    caught: got('caught').length,
    completed: got('completed').length,
  };
  send('action', message);
  await until(() => got('caught').length > before.caught || got('completed').length > before.completed);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const since = (id: keyof typeof before) => got(id).slice(before[id]);
  return { out1: since('out1'), out2: since('out2'), caught: since('caught'), completed: since('completed') };
}

/** @returns the last status of a node, once none has come for longer than two could be apart */
export async function settledStatus(id = 'action'): Promise<Status | undefined> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return seen.statuses.filter((each) => each.id === id).at(-1)?.status;
}
