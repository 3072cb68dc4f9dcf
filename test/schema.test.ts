/**
 * docs/result.schema.json against the types of the source. What comes out of the nodes is held against it in the tests of
 * flows: `checkResult` and `checkError` of test/flows/five-actions.ts.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { type Cause, ERRORS } from '../src/contract/errors';
import type { RequestData } from '../src/contract/provider-request';
import type { Outcome, Result, Timing } from '../src/contract/result';
import type { TokenData } from '../src/providers/linkface/get-token';
import type { CompareData } from '../src/providers/tencent-market/face-compare';
import type { ThreeData } from '../src/providers/westdex/westdex-three';
import type { Coordinates, ReportedPhoto } from '../src/providers/xhey/photo';
import type { PollData } from '../src/providers/xhey/report';
import type { CreateData, Task } from '../src/providers/xhey/truth-create';

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

describe('the schema of results', () => {
  it('is a JSON Schema', () => assert.equal(ajv.validateSchema(schema), true));

  it('has a branch for each operation, and its provider', () => {
    const branches = schema.oneOf.map(({ $ref }) => schema.$defs[$ref.split('/').at(-1)!]!);
    const consts = (name: string) =>
      branches.flatMap(({ properties }) => (properties[name] as { const: string } | undefined)?.const ?? []);
    const named = (name: string) => (schema.$defs.result!.properties[name] as { enum: string[] }).enum;
    assert.deepEqual(consts('operation'), named('operation'));
    assert.deepEqual([...new Set(consts('provider'))], named('provider'));
    const { nodes } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))['node-red'];
    const folders = readdirSync(join(ROOT, 'src/providers'));
    const actions = Object.keys(nodes).filter((type) =>
      folders.some((provider) => existsSync(join(ROOT, 'src/providers', provider, `${type}.ts`))),
    );
    assert.deepEqual(named('operation'), [...actions, 'provider-request']);
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
});
