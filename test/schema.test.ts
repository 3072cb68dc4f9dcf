/** docs/result.schema.json against the types of the source, and against what really comes out of the nodes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { type Cause, ERRORS, type ErrorCode } from '../src/contract/errors';
import type { RequestData } from '../src/contract/provider-request';
import type { Outcome, Result, Timing } from '../src/contract/result';
import type { TokenData } from '../src/providers/linkface/get-token';
import type { CompareData } from '../src/providers/tencent-market/face-compare';
import type { ThreeData } from '../src/providers/westdex/westdex-three';
import type { Coordinates, ReportedPhoto } from '../src/providers/xhey/photo';
import type { PollData } from '../src/providers/xhey/report';
import type { CreateData, Task } from '../src/providers/xhey/truth-create';
import { actionFlow, ask, deploy, type FlowNode, got, send, startRuntime, until } from './flows/runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from './flows/scripted-server';
import { jpg } from './input/pictures';

const ROOT = join(__dirname, '../..');

interface ObjectSchema {
  properties: Record<string, unknown>;
  required: string[];
}

const schema = JSON.parse(readFileSync(join(ROOT, 'docs/result.schema.json'), 'utf8')) as {
  oneOf: { $ref: string }[];
  $defs: Record<string, ObjectSchema & { enum: string[] }>;
};

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
const isResult = ajv.compile(schema);
const isCause = ajv.compile({ $ref: 'urn:cn-verify:node-red-cn-verify:result#/$defs/cause' });

/** Which of a type's own names must be there; an index signature is none of them. */
type Names<T> = {
  [Name in keyof T as string extends Name ? never : Name]-?: object extends Pick<T, Name>
    ? 'optional'
    : 'required';
};

/** The compiler holds these against the types, and the tests hold the schema against these. */
const result: Names<Result> = {
  provider: 'required',
  operation: 'required',
  environment: 'required',
  outcome: 'required',
  reason: 'required',
  code: 'required',
  message: 'required',
  requestId: 'required',
  charged: 'required',
  ledger: 'required',
  reused: 'required',
  data: 'required',
  timing: 'required',
  raw: 'optional',
};
const timing: Names<Timing> = { startedAt: 'required', durationMs: 'required', attempts: 'required' };
const task: Names<Task> = {
  taskId: 'required',
  photoUrls: 'required',
  names: 'optional',
  batch: 'optional',
  partial: 'optional',
};
const polledTask: Names<PollData['tasks'][number]> = { ...task, status: 'required' };
const truthCreateData: Names<CreateData> = {
  taskIds: 'required',
  tasks: 'required',
  photoCount: 'required',
  providerTime: 'required',
  repaired: 'required',
};
const truthPollData: Names<PollData> = {
  taskIds: 'required',
  tasks: 'required',
  photos: 'required',
  summary: 'required',
  whole: 'optional',
  submittedAt: 'optional',
  seal: 'optional',
  providerTime: 'required',
  repaired: 'required',
  lastError: 'optional',
};
const photo: Names<ReportedPhoto> = {
  url: 'required',
  name: 'optional',
  taskId: 'required',
  outcome: 'required',
  reason: 'required',
  status: 'required',
  message: 'required',
  takenAt: 'required',
  takenAtText: 'required',
  address: 'required',
  location: 'required',
  antiFakeCode: 'required',
  matchedBy: 'required',
};
const coordinates: Names<Coordinates> = { lat: 'required', lng: 'required' };
const providerRequestData: Names<RequestData> = { result: 'required', repaired: 'required' };
const getTokenData: Names<TokenData> = {
  token: 'required',
  expiresAt: 'required',
  sequenceId: 'required',
  detectionType: 'required',
  repaired: 'required',
};
const faceCompareData: Names<CompareData> = {
  score: 'required',
  incorrect: 'required',
  identityConfirmed: 'required',
  orderNo: 'required',
  sameFrom: 'required',
  differentBelow: 'required',
  scoreScale: 'required',
  repaired: 'required',
};
const westdexThreeData: Names<ThreeData> = { id: 'required', result: 'required', repaired: 'required' };
const cause: Names<Cause> = {
  provider: 'required',
  operation: 'required',
  environment: 'required',
  problem: 'required',
  values: 'required',
  providerCode: 'required',
  providerMessage: 'required',
  httpStatus: 'required',
  requestId: 'required',
  orderNo: 'required',
  score: 'required',
  identityConfirmed: 'optional',
  ledger: 'required',
  retryable: 'required',
  retryAfter: 'required',
  charged: 'required',
  attempts: 'required',
  hint: 'required',
  submitted: 'optional',
  notSubmitted: 'optional',
  uncertain: 'optional',
  taskIds: 'optional',
};
const outcome: Record<Outcome, true> = {
  submitted: true,
  passed: true,
  failed: true,
  inconclusive: true,
  unfinished: true,
  issued: true,
  answered: true,
};
const TYPES: Record<string, Record<string, 'required' | 'optional'>> = {
  result,
  timing,
  task,
  polledTask,
  truthCreateData,
  truthPollData,
  photo,
  coordinates,
  getTokenData,
  faceCompareData,
  westdexThreeData,
  providerRequestData,
  cause,
};

/** A run of one action on the sandbox. Another action is another row, or several. */
interface Run {
  type: string;
  account: string;
  payload: unknown;
  outcome: Outcome;
  action?: object;
}

const PERSON = {
  name: '张三',
  idNumber: '110101199001011237',
  photo: jpg(),
};
const photoUrl = (special: string) => `https://example.com/sandbox/${special}/a.jpg`;

const create = { type: 'truth-create', account: 'xhey-account', outcome: 'submitted' } as const;
const poll = { type: 'truth-poll', account: 'xhey-account' } as const;
const three = { type: 'westdex-three', account: 'westdex-account', payload: PERSON } as const;

const face = { type: 'face-compare', account: 'tencent-market-account' } as const;
const named = (name: string) => ({ ...PERSON, name });

const RUNS: Run[] = [
  { ...create, payload: ['https://example.com/a.jpg', photoUrl('-2305')] },
  { ...create, payload: 'https://example.com/a.jpg', action: { includeRaw: true } },
  { ...poll, payload: 'https://example.com/a.jpg', outcome: 'passed' },
  { ...poll, payload: ['https://example.com/a.jpg', photoUrl('-2305')], outcome: 'failed' },
  { ...poll, payload: photoUrl('-1'), outcome: 'inconclusive' },
  { ...poll, payload: photoUrl('revoked'), outcome: 'inconclusive' },
  { ...poll, payload: photoUrl('slow-99'), outcome: 'unfinished', action: { timeout: 0.2 } },
  {
    ...poll,
    payload: 'https://example.com/sandbox-query-http-503.jpg',
    outcome: 'unfinished',
    action: { timeout: 0.2 },
  },
  { type: 'get-token', account: 'linkface-account', payload: '', outcome: 'issued' },
  { ...face, payload: PERSON, outcome: 'passed', action: { includeRaw: true } },
  { ...face, payload: named('沙箱0.12'), outcome: 'failed' },
  { ...face, payload: named('沙箱101'), outcome: 'failed' },
  { ...face, payload: named('沙箱0.42'), outcome: 'inconclusive' },
  { ...three, outcome: 'answered' },
  { ...three, outcome: 'answered', action: { includeRaw: true } },
  { ...three, outcome: 'passed', action: { passWhen: 'code = "0"' } },
  { ...three, outcome: 'failed', action: { failWhen: 'code = "0"' } },
  { ...three, outcome: 'inconclusive', action: { passWhen: 'code' } },
  {
    type: 'provider-request',
    account: 'linkface-account',
    payload: { some: 'thing' },
    outcome: 'answered',
    action: { path: '/v2/any/thing' },
  },
];

describe('the schema of results', () => {
  it('is a JSON Schema', () => assert.equal(ajv.validateSchema(schema), true));

  it('has a branch for each operation, and its provider', () => {
    const branches = schema.oneOf.map(({ $ref }) => schema.$defs[$ref.split('/').at(-1)!]!);
    const consts = (name: string) =>
      branches.flatMap(({ properties }) => (properties[name] as { const: string } | undefined)?.const ?? []);
    const named = (name: string) => (schema.$defs.result!.properties[name] as { enum: string[] }).enum;
    assert.deepEqual(consts('operation'), named('operation'));
    assert.deepEqual([...new Set(consts('provider'))], named('provider'));
  });

  for (const [name, names] of Object.entries(TYPES)) {
    it(`has the properties of the type for ${name}, and wants the same of them`, () => {
      const { properties, required } = schema.$defs[name]!;
      assert.deepEqual(Object.keys(properties).sort(), Object.keys(names).sort());
      assert.deepEqual(
        [...required].sort(),
        Object.keys(names)
          .filter((each) => names[each] === 'required')
          .sort(),
      );
    });
  }

  it('has the outcomes and the error codes of the types', () => {
    assert.deepEqual([...schema.$defs.outcome!.enum].sort(), Object.keys(outcome).sort());
    assert.deepEqual([...schema.$defs.errorCode!.enum].sort(), Object.keys(ERRORS).sort());
  });

  it('can refuse', () => {
    const good = {
      provider: 'westdex',
      operation: 'westdex-three',
      environment: 'custom',
      outcome: 'answered',
      reason: null,
      code: '0',
      message: '',
      requestId: null,
      charged: null,
      ledger: null,
      reused: null,
      data: { id: null, result: null, repaired: [] },
      timing: { startedAt: '2025-07-28T07:01:00.000Z', durationMs: 1, attempts: 1 },
    };
    assert.ok(isResult(good), ajv.errorsText(isResult.errors));
    const bad: object[] = [
      { ...good, extra: 1 },
      { ...good, outcome: 'submitted' },
      { ...good, provider: 'xhey' },
      { ...good, code: 0 },
      { ...good, data: { id: null, repaired: [] } },
      { ...good, data: { id: null, result: 1, repaired: [], extra: 1 } },
      { ...good, timing: {} },
      { ...good, reason: 'Not a word' },
    ];
    for (const each of bad) assert.ok(!isResult(each), JSON.stringify(each));
    assert.ok(!isCause({}));
  });

  describe('against results from the sandbox, in a real Node-RED', () => {
    before(() => startRuntime());

    for (const { type, account, payload, outcome: expected, action } of RUNS) {
      it(`${type}: ${expected}${action ? ` with ${JSON.stringify(action)}` : ''}`, async () => {
        const nodes = actionFlow(
          { type, interval: 0.05, ...action },
          { type: account, environment: 'sandbox' },
        );
        if (type === 'truth-poll') nodes.push(createBefore(account));
        await deploy(nodes);
        send(type === 'truth-poll' ? 'create' : 'action', { payload });
        await until(() => got('out1').length + got('out2').length + got('caught').length > 0);
        const output = expected === 'unfinished' ? 'out2' : 'out1';
        assert.equal(got(output).length, 1, JSON.stringify(got('caught')));
        const found = got(output)[0]!.payload as Result;
        assert.ok(isResult(found), ajv.errorsText(isResult.errors));
        assert.deepEqual([found.operation, found.outcome], [type, expected]);
      });
    }

    it('covers every node that asks a provider, and all its outcomes', () => {
      const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
      const types = Object.keys(manifest['node-red'].nodes).filter(
        (type) => !type.endsWith('-account') && !/^(?:verify|photo)-/.test(type),
      );
      assert.deepEqual([...new Set(RUNS.map(({ type }) => type))].sort(), types.sort());
      for (const type of types) {
        const branch = Object.values(schema.$defs).find(
          ({ properties }) => (properties?.operation as { const?: string })?.const === type,
        );
        const covered = RUNS.filter((run) => run.type === type).map((run) => run.outcome as string);
        const possible = (branch!.properties.outcome as { enum: string[] }).enum;
        assert.deepEqual(
          possible.filter((each) => !covered.includes(each)),
          [],
          type,
        );
      }
    });
  });

  describe('against one error of every code, in a real Node-RED', () => {
    let server: ScriptedServer;

    const ACCOUNTS: Record<string, object> = {
      'truth-create': { type: 'xhey-account', credentials: { groupKey: 'a', groupSecret: 'b' } },
      'westdex-three': { type: 'westdex-account', credentials: { secretId: 'a', key: 'b' } },
    };
    const PAYLOADS: Record<string, unknown> = {
      'truth-create': 'https://example.com/a.jpg',
      'westdex-three': PERSON,
    };

    const flow = (type: string, properties: object = {}, action: object = {}) =>
      actionFlow(
        { type, ...action },
        { environment: 'custom', baseUrl: server.baseUrl, ...ACCOUNTS[type], ...properties },
      );

    const html =
      (status: number, headers = {}) =>
      (response: ServerResponse) =>
        response.writeHead(status, headers).end('<html>');
    const SCRIPTS: [ErrorCode, (response: ServerResponse) => unknown][] = [
      ['AUTH', html(401)],
      ['ACCOUNT', html(403)],
      ['RATE_LIMITED', html(429, { 'Retry-After': '120' })],
      ['NETWORK', (response) => response.socket!.resetAndDestroy()],
      ['TIMEOUT', () => {}],
      ['PROVIDER', (response) => json(response, { code: 500, msg: 'words', message: 'words', id: 'abc' })],
      ['PROTOCOL', html(200)],
      ['CONFIG', html(404)],
    ];
    const reached = new Set<string>();

    function assertError(expected: ErrorCode): Cause {
      const error = got('caught').at(-1)!.error as { code: string; cause: Cause };
      assert.equal(error.code, expected);
      assert.ok(isCause(error.cause), ajv.errorsText(isCause.errors));
      reached.add(error.code);
      return error.cause;
    }

    before(() => startRuntime());
    beforeEach(async () => {
      server = await scriptedServer(() => {});
    });
    afterEach(closeServers);

    for (const type of Object.keys(ACCOUNTS)) {
      for (const [code, script] of SCRIPTS) {
        it(`${type}: ${code}`, async () => {
          await deploy(flow(type, code === 'TIMEOUT' ? { timeout: 0.5 } : {}));
          server.script = (_asked, response) => script(response);
          await ask({ payload: PAYLOADS[type] });
          assertError(code);
        });
      }

      it(`${type}: INPUT`, async () => {
        await deploy(flow(type));
        await ask({ payload: { photoUrls: [], name: '' } });
        assert.equal(assertError('INPUT').charged, false);
      });

      it(`${type}: OVERLOADED`, async () => {
        await deploy(flow(type, { maxConcurrent: 1, maxWaiting: 0 }));
        send('action', { payload: PAYLOADS[type] });
        await ask({ payload: PAYLOADS[type] });
        assertError('OVERLOADED');
      });

      it(`${type}: BUDGET`, async () => {
        await deploy(flow(type, { maxPerDay: 1 }));
        await ask({ payload: PAYLOADS[type] });
        await ask({ payload: PAYLOADS[type] });
        const { charged, retryable, retryAfter } = assertError('BUDGET');
        assert.deepEqual([charged, retryable], [false, true]);
        assert.ok(retryAfter! > 0 && retryAfter! <= 86_400);
      });

      it(`${type}: UNCERTAIN`, async () => {
        await deploy(flow(type, { timeout: 0.5 }, { key: `${type} ${Date.now()}` }));
        await ask({ payload: PAYLOADS[type] });
        const { ledger } = assertError('TIMEOUT');
        await ask({ payload: PAYLOADS[type] });
        const cause = assertError('UNCERTAIN');
        assert.deepEqual([cause.charged, cause.retryable, cause.attempts], [false, false, 0]);
        assert.ok(ledger && cause.ledger === ledger);
        assert.equal(server.asked.length, 1);
      });
    }

    it('truth-poll: CANCELLED', async () => {
      const nodes = flow('truth-poll', ACCOUNTS['truth-create'], { interval: 0.05, resume: false });
      await deploy(nodes);
      send('action', { payload: '1' });
      await until(() => server.asked.length >= 1);
      const again = nodes.map(({ credentials, ...node }) =>
        node.id === 'action' ? { ...node, interval: 0.06 } : node,
      );
      await deploy(again as FlowNode[], 'nodes');
      await until(() => got('caught').length === 1);
      assertError('CANCELLED');
    });

    it('leaves no code out', () => assert.deepEqual([...reached].sort(), Object.keys(ERRORS).sort()));
  });
});

/** Submits what a truth-poll is to ask after. */
function createBefore(account: string): FlowNode {
  const at = { z: 'tab', x: 100, y: 100 };
  assert.equal(account, 'xhey-account');
  return { id: 'create', type: 'truth-create', account: 'account', ...at, wires: [['action']] };
}
