/**
 * docs/result.schema.json against the types as the source declares them. What comes out of the nodes is held against it in the tests of
 * flows: `checkResult` and `checkError` of test/flows/five-actions.ts.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { ERRORS } from '../src/contract/errors';
import { FILLS } from '../src/node-red/runner/status';

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

/** By its name in the schema: the type, and those it extends, each after the file of src that declares it. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  result: ['contract/result Result'],
  timing: ['contract/result Timing'],
  task: ['providers/xhey/truth-create Task'],
  truthCreateData: ['providers/xhey/truth-create CreateData'],
  truthPollData: ['providers/xhey/report PollData'],
  summary: ['providers/xhey/report Summary'],
  photo: ['providers/xhey/photo ReportedPhoto'],
  coordinates: ['providers/xhey/photo Coordinates'],
  getTokenData: ['providers/linkface/get-token TokenData'],
  faceCompareData: [
    'providers/tencent-market/face-compare CompareData',
    'providers/tencent-market/codes Bands',
  ],
  westdexThreeData: ['providers/westdex/westdex-three ThreeData'],
  providerRequestData: ['contract/provider-request RequestData'],
  cause: ['contract/errors Cause'],
};

/** @returns the properties that the source declares; one that may be missing ends with a question mark */
function declared(name: string): string[] {
  return TYPES[name]!.flatMap((declaration) => {
    const [file, type] = declaration.split(' ');
    const source = readFileSync(join(ROOT, 'src', `${file}.ts`), 'utf8');
    const body = new RegExp(`interface ${type}\\b.*\\{\\n([^]*?)\\n\\}`).exec(source)?.[1];
    assert.ok(body, declaration);
    return [...body.matchAll(/^ {2}(\w+\??):/gm)].map(([, property]) => property!);
  });
}

/** @returns the same of the schema */
function described(name: string): string[] {
  const { properties, required } = schema.$defs[name]!;
  return Object.keys(properties).map((property) => (required.includes(property) ? property : `${property}?`));
}

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

  for (const name of Object.keys(TYPES))
    it(`has the properties of the type for ${name}, and wants the same of them`, () =>
      assert.deepEqual(described(name).sort(), declared(name).sort()));

  it('has a task of truth-poll with its status, beside what every task has', () =>
    assert.deepEqual(described('polledTask').sort(), [...declared('task'), 'status'].sort()));

  it('has the outcomes and the error codes of the types', () => {
    assert.deepEqual([...schema.$defs.outcome!.enum].sort(), Object.keys(FILLS).sort());
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
