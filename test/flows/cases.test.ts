/**
 * What channels do to names, id numbers, photos, addresses and answers, each through a real Node-RED: the files of
 * test/cases, reported of other software, and at least two samples of each of their kinds that are our own. All persons,
 * numbers and addresses are invented.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Cause } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import type { Message } from '../../src/node-red/runner/red';
import { aesKey, decrypt } from '../../src/providers/westdex/cipher';
import { encrypted, SECRET } from './five-actions';
import { type Case, type Given, OWN, type Wanted } from './own-cases';
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

const IN_FLOW = { z: 'tab', x: 100, y: 100 };
const PHOTO_STORE = {
  id: 'store',
  type: 'photo-store',
  kind: 'local',
  publicUrl: 'https://flows.example.com',
};
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
const ACCOUNTS: Readonly<Record<string, Record<string, unknown> & { type: string }>> = {
  xhey: { type: 'xhey-account', credentials: { groupKey: 'group', groupSecret: SECRET } },
  tencent: {
    type: 'tencent-market-account',
    scheme: 'cloudmarket',
    credentials: { secretId: 'id', secretKey: SECRET },
  },
  westdex: { type: 'westdex-account', credentials: { secretId: 'id', key: SECRET } },
};
const ACCOUNT_OF: Readonly<Record<string, string>> = {
  'truth-create': 'xhey',
  'truth-poll': 'xhey',
  'face-compare': 'tencent',
  'westdex-three': 'westdex',
};

function flow(baseUrl: string): FlowNode[] {
  const sink = (id: string): FlowNode => ({
    id,
    ...IN_FLOW,
    type: 'debug',
    active: false,
    tosidebar: false,
    wires: [],
  });
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    ...Object.entries(ACCOUNTS).map(([id, properties]) => ({
      id,
      environment: 'custom',
      baseUrl: `${baseUrl}/${id}`,
      timeout: 10,
      circuit: false,
      ...properties,
    })),
    PHOTO_STORE,
    { ...PHOTO_STORE, id: 'fitting store', fit: true },
    ...Object.entries(NODES).map(([id, properties]) => ({
      id,
      ...IN_FLOW,
      account: ACCOUNT_OF[properties.type],
      wires: [[id === 'ps' ? 'join' : 'out'], ['out']],
      ...properties,
    })),
    { id: 'join', ...IN_FLOW, type: 'join', mode: 'auto', wires: [['out']] },
    { id: 'catch', ...IN_FLOW, type: 'catch', scope: null, wires: [['caught']] },
    sink('out'),
    sink('caught'),
  ];
}

/** What a success is where a case does not say. */
const SUCCESSES: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'xhey.create': taskCreated,
  'xhey.query': (response) => taskFinished(response),
  tencent: (response) =>
    json(response, {
      msg: '',
      success: true,
      code: 200,
      data: { order_no: '568753443590770688', score: 0.82, msg: '', incorrect: 100 },
    }),
  westdex: (response) =>
    json(response, { code: '00000', message: '成功', data: encrypted('{"code":"0"}'), id: 'W1' }),
};

function operationOf({ url }: ReceivedRequest): string {
  const [, provider = ''] = url.split('/');
  return provider === 'xhey' ? `xhey.${url.split('/').at(-1)}` : provider;
}

function answerWith(response: ServerResponse, { json: value, status = 200, headers = {}, b64 }: Given): void {
  if (b64 === undefined) json(response, revived(value), status);
  else
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(Buffer.from(b64, 'base64'));
}

/** What a request says, by the names of the providers' documents. */
function arrived(asked: ReceivedRequest): Record<string, unknown> {
  const operation = operationOf(asked);
  if (operation === 'tencent') return Object.fromEntries(new URLSearchParams(asked.body));
  const body = JSON.parse(asked.body);
  if (operation !== 'westdex') return body;
  const key = aesKey('sha1prng', SECRET)!;
  return { name: decrypt(body.data.xM, key), idcard: decrypt(body.data.gMSFZHM, key), image: body.photoData };
}

function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if ('$encrypted' in value) return encrypted(String(value.$encrypted));
  if ('$buf' in value) return Buffer.from(String(value.$buf), 'base64');
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, revived(each)]));
}

function filed(): (Case & { file: string })[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({ ...JSON.parse(readFileSync(join(FOLDER, name), 'utf8')), file: name.slice(0, -5) }));
}

const OF_ERRORS = ['requests', 'reason', 'charged'] as const;
const OF_RESULTS = [
  ...['requests', 'name', 'idcard', 'image', 'url', 'photoUrlList', 'taskID'],
  ...['outcome', 'outcomes', 'reason', 'photos', 'location', 'data.result'],
] as (keyof Wanted)[];

describe('cases, in a real Node-RED', () => {
  let server: ScriptedServer;
  before(async () => {
    await startRuntime();
    server = await scriptedServer(() => {});
    await deploy(flow(server.baseUrl));
  });
  after(closeServers);

  async function check({ node, message, answers = {}, answer, wanted }: Case): Promise<void> {
    const counts = new Map<string, number>();
    server.script = (asked, response) => {
      const operation = operationOf(asked);
      const count = counts.get(operation) ?? 0;
      counts.set(operation, count + 1);
      const given = answer ? [answer] : answers[operation];
      if (given) answerWith(response, given[Math.min(count, given.length - 1)]!);
      else SUCCESSES[operation]!(response);
    };
    const [before, outs, errors] = [server.asked.length, got('out').length, got('caught').length];
    send(NODES[node] ? node : node.replace(/^f/, ''), revived(message) as Message);
    await until(() => got('out').length > outs || got('caught').length > errors);
    const asked = server.asked.slice(before);
    const raised = got('caught')[errors]?.error as
      | { code: string; message: string; cause: Cause }
      | undefined;
    const expected = wanted.error ?? (raised && wanted.or?.split(' ')[0]);
    assert.equal(raised?.code, expected, raised?.message);
    const told: Record<string, unknown> = { requests: asked.length };
    if (raised) {
      const { problem: reason, charged } = raised.cause;
      Object.assign(told, { reason, charged });
      if (raised.code === 'INPUT' && !wanted.reason)
        assert.deepEqual([asked.length, charged], [0, false], raised.message);
    } else {
      const results = [got('out')[outs]!.payload as Result].flat();
      const { outcome, reason, data } = results[0]!;
      const photos = (data.photos ?? []) as { url: string; outcome: string; location: object | null }[];
      Object.assign(told, asked[0] && arrived(asked[0]), { outcome, reason, location: photos[0]?.location });
      told.outcomes = results.map((each) => each.outcome);
      told['data.result'] = data.result;
      told.photos = photos.map(({ url, outcome }) => [url, outcome]);
      // Outside mainland China nobody documents what the numbers mean.
      if (wanted.wgs84) assert.partialDeepStrictEqual(photos[0]!.location, { wgs84: null });
    }
    for (const name of raised ? OF_ERRORS : OF_RESULTS)
      if (name in wanted) assert.deepEqual(told[name], wanted[name], name);
  }

  for (const each of filed()) {
    it(`${each.file}: ${each.title}`, () => check(each));
  }

  for (const [kind, cases] of Object.entries(OWN)) {
    describe(`our own of kind ${kind}`, () => {
      for (const each of cases) it(each.title, () => check(each));
    });
  }

  it('has at least two of its own of each kind', () => {
    for (const { file } of filed()) assert.ok((OWN[file.slice(0, 2)]?.length ?? 0) >= 2, file);
  });
});
