/**
 * What channels do to names, id numbers, photos, addresses and answers: the files of test/cases, each through a real
 * Node-RED. More of each of their kinds is in test/input, and of the answers in test/http and test/providers. All persons,
 * numbers and addresses are invented.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Result } from '../../src/contract/result';
import type { Message } from '../../src/node-red/runner/red';
import { ARRIVED, actionOf, encrypted, type Raised } from './five-actions';
import { deploy, type FlowNode, got, send, startRuntime, until } from './runtime';
import {
  closeServers,
  json,
  type ReceivedRequest,
  type ScriptedServer,
  scriptedServer,
  taskCreated,
  taskFinished,
} from './scripted-server';

const FOLDER = join(__dirname, '../../../test/cases');

/** An answer of a provider: JSON, or raw. `{$encrypted}` in it stands for westdex's encrypted text. */
interface Given {
  json?: unknown;
  status?: number;
  headers?: Record<string, string>;
  b64?: string;
}

/** One message, what it is answered, and what has to come of it. */
interface Case {
  file: string;
  title: string;
  /** Of the flow; with `f` before it answered by `answer`. */
  node: string;
  /** `{$buf}` stands for a Buffer. */
  message: Message;
  /** By operation, one after the other, the last again. */
  answers?: Readonly<Record<string, readonly Given[]>>;
  answer?: Given;
  /** What arrived at the provider, how often, and what the result or the error says. */
  wanted: Record<string, unknown> & { error?: string; or?: string };
}

/** The nodes that the cases name. */
const NODES: Readonly<Record<string, Record<string, unknown> & { type: string }>> = {
  create: { type: 'truth-create' },
  kcreate: { type: 'truth-create', key: 'key', keyType: 'msg' },
  rcreate: { type: 'truth-create', reuse: 24 },
  screate: { type: 'truth-create', store: 'store' },
  sfcreate: { type: 'truth-create', store: 'fitting store' },
  poll: { type: 'truth-poll', interval: 0.05, timeout: 30 },
  once: { type: 'truth-poll', mode: 'once' },
  ps: { type: 'truth-poll', interval: 0.05, timeout: 30, split: true },
  face: { type: 'face-compare' },
  kface: { type: 'face-compare', key: 'key', keyType: 'msg' },
  wd: { type: 'westdex-three' },
  rules: { type: 'photo-rules', unseen: 30 },
};

function flow(baseUrl: string): FlowNode[] {
  const at = { z: 'tab', x: 100, y: 100 };
  const store = { type: 'photo-store', kind: 'local', publicUrl: 'https://flows.example.com' };
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    ...['truth-create', 'face-compare', 'westdex-three'].map(actionOf).map(({ account }) => ({
      id: `an ${account.type}`,
      environment: 'custom',
      baseUrl: `${baseUrl}/${account.type}`,
      timeout: 10,
      circuit: false,
      ...account,
    })),
    { id: 'store', ...store },
    { id: 'fitting store', ...store, fit: true },
    ...Object.entries(NODES).map(([id, properties]) => ({
      id,
      ...at,
      account: properties.type === 'photo-rules' ? '' : `an ${actionOf(properties.type).account.type}`,
      wires: [[id === 'ps' ? 'join' : 'out'], ['out']],
      ...properties,
    })),
    { id: 'join', ...at, type: 'join', mode: 'auto', wires: [['out']] },
    { id: 'catch', ...at, type: 'catch', scope: null, wires: [['caught']] },
    ...['out', 'caught'].map((id) => ({ id, ...at, type: 'debug', active: false, wires: [] })),
  ];
}

/** By operation: the action, and what a success is where a case does not say. */
const OPERATIONS: Readonly<Record<string, [type: string, success: (response: ServerResponse) => void]>> = {
  'xhey.create': ['truth-create', taskCreated],
  'xhey.query': ['truth-poll', (response) => taskFinished(response)],
  tencent: ['face-compare', (response) => json(response, actionOf('face-compare').success())],
  westdex: ['westdex-three', (response) => json(response, actionOf('westdex-three').success())],
};

function operationOf({ url }: ReceivedRequest): string {
  const [provider = ''] = url.slice(1).split('-');
  return provider === 'xhey' ? `xhey.${url.split('/').at(-1)}` : provider;
}

function answerWith(response: ServerResponse, { json: value, status = 200, headers = {}, b64 }: Given): void {
  if (b64 === undefined) json(response, revived(value), status);
  else
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(Buffer.from(b64, 'base64'));
}

function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== 'object' || value === null) return value;
  if ('$encrypted' in value) return encrypted(String(value.$encrypted));
  if ('$buf' in value) return Buffer.from(String(value.$buf), 'base64');
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, revived(each)]));
}

const CASES: Case[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => ({ ...JSON.parse(readFileSync(join(FOLDER, name), 'utf8')), file: name.slice(0, -5) }));

const OF_ERRORS = ['requests', 'reason', 'charged'];
const OF_RESULTS = [
  ...['requests', 'name', 'idcard', 'image', 'url', 'photoUrlList', 'taskID'],
  ...['outcome', 'outcomes', 'reason', 'photos', 'location', 'data.result'],
];

describe('cases, in a real Node-RED', () => {
  let server: ScriptedServer;
  before(async () => {
    await startRuntime();
    server = await scriptedServer(() => {});
    await deploy(flow(server.baseUrl));
  });
  after(closeServers);

  for (const { file, title, node, message, answers = {}, answer, wanted } of CASES)
    it(`${file}: ${title}`, async () => {
      const counts = new Map<string, number>();
      server.script = (request, response) => {
        const operation = operationOf(request);
        const count = counts.get(operation) ?? 0;
        counts.set(operation, count + 1);
        const given = answer ? [answer] : answers[operation];
        if (given) answerWith(response, given[Math.min(count, given.length - 1)]!);
        else OPERATIONS[operation]![1](response);
      };
      const [before, outs, errors] = [server.requests.length, got('out').length, got('caught').length];
      send(NODES[node] ? node : node.replace(/^f/, ''), revived(message) as Message);
      await until(() => got('out').length > outs || got('caught').length > errors);
      const requests = server.requests.slice(before);
      const raised = got('caught')[errors]?.error as Raised | undefined;
      const expected = wanted.error ?? (raised && wanted.or?.split(' ')[0]);
      assert.equal(raised?.code, expected, raised?.message);
      const came: Record<string, unknown> = { requests: requests.length };
      if (raised) {
        const { problem: reason, charged } = raised.cause;
        Object.assign(came, { reason, charged });
        if (raised.code === 'INPUT' && !wanted.reason)
          assert.deepEqual([requests.length, charged], [0, false], raised.message);
      } else {
        const results = [got('out')[outs]!.payload as Result].flat();
        const { outcome, reason, data } = results[0]!;
        const photos = (data.photos ?? []) as { url: string; outcome: string; location: object | null }[];
        Object.assign(came, requests[0] && ARRIVED[OPERATIONS[operationOf(requests[0])]![0]]!(requests[0]));
        Object.assign(came, { outcome, reason, location: photos[0]?.location });
        came.outcomes = results.map((each) => each.outcome);
        came['data.result'] = data.result;
        came.photos = photos.map(({ url, outcome }) => [url, outcome]);
        // Outside mainland China nobody documents what the numbers mean.
        if (wanted.wgs84) assert.partialDeepStrictEqual(photos[0]!.location, { wgs84: null });
      }
      for (const name of raised ? OF_ERRORS : OF_RESULTS)
        if (name in wanted) assert.deepEqual(came[name], wanted[name], name);
    });
});
