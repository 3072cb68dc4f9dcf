import assert from 'node:assert/strict';
import type { Message } from '../../src/node-red/runner/red';
import { jpg } from '../input/pictures';
import { polled, taken } from '../photos/results';
import { checkError, errorOf, FIVE, flowOf, REQUESTS, resultOf } from './five-actions';
import {
  actionFlow,
  ask,
  deploy,
  got,
  nodeRedWithProvider,
  seen,
  send,
  slowReads,
  startRuntime,
  until,
} from './runtime';
import { json } from './scripted-server';

const PHOTO = 'https://example.com/photo.jpg';
const SANDBOX = { environment: 'sandbox' };

describe('typed inputs, in a real Node-RED', () => {
  const outcome = (messages: Message[]) => (messages[0]?.payload as { outcome: string } | undefined)?.outcome;
  const change = (to: string, type: string) => ({
    id: 'change',
    type: 'change',
    z: 'tab',
    x: 1,
    y: 1,
    rules: [{ t: 'set', p: to, pt: type, to: PHOTO, tot: 'str' }],
    wires: [['action']],
  });

  before(async () => {
    process.env.CN_VERIFY_TEST_PHOTO = PHOTO;
    await startRuntime();
  });
  after(() => {
    delete process.env.CN_VERIFY_TEST_PHOTO;
  });

  const rows: [string, string][] = [
    ['photo.url', 'msg'],
    [PHOTO, 'str'],
    ['CN_VERIFY_TEST_PHOTO', 'env'],
    ['[photo.url, photo.url]', 'jsonata'],
    ['$append(photo.url, $globalContext("none"))', 'jsonata'],
  ];
  for (const [photos, photosType] of rows) {
    it(`${photosType}: ${photos}`, async () => {
      await deploy(actionFlow({ type: 'truth-create', photos, photosType }, SANDBOX));
      assert.equal(outcome((await ask({ payload: 'not this', photo: { url: PHOTO } })).out1), 'submitted');
    });
  }

  for (const [name, type] of [
    ['photo', 'flow'],
    ['#:(disk)::photo', 'flow'],
    ['#:(disk)::photo', 'global'],
  ] as const) {
    it(`${type}: ${name}`, async () => {
      const action = { type: 'truth-create', photos: name, photosType: type };
      await deploy([...actionFlow(action, SANDBOX), change(name, type)]);
      send('change', { payload: 'not this' });
      await until(() => got('out1').length === 1);
      assert.equal(outcome(got('out1')), 'submitted');
    });
  }

  for (const [what, photos, photosType, code] of [
    ['JSONata that fails on a message', '$error("no")', 'jsonata', 'INPUT'],
    ['a property that cannot be reached', 'payload.a.b.c', 'msg', 'INPUT'],
    ['a variable that is not set', 'CN_VERIFY_NOT_SET', 'env', 'CONFIG'],
  ] as const)
    it(`${what} is an ${code} error`, async () => {
      await deploy(actionFlow({ type: 'truth-create', photos, photosType }, SANDBOX));
      assert.equal((await errorOf({ payload: PHOTO })).code, code);
    });

  it('a text or bytes that are the JSON of an object are read as it, where an input looks inside', async () => {
    const account = { type: 'westdex-account', environment: 'sandbox' };
    await deploy(actionFlow({ type: 'westdex-three', key: 'payload.order', keyType: 'msg' }, account));
    const person = { name: '张三', idNumber: '110101199001011237', photo: jpg().toString('base64') };
    const text = JSON.stringify({ ...person, order: 'from-mqtt' });
    for (const payload of [text, `\uFEFF ${text}`, Buffer.from(text), new Uint8Array(Buffer.from(text))])
      assert.equal((await resultOf({ payload })).outcome, 'answered');
    for (const payload of [`[${text}]`, text.slice(1), '"name"', '{', 'name', '', Buffer.from([0xff, 0xd8])])
      assert.equal((await errorOf({ payload })).cause.problem, 'name-missing', String(payload));
  });

  it('what is missing is missing where the node looked for it', async () => {
    const account = { type: 'westdex-account', environment: 'sandbox' };
    for (const photo of [{}, { photo: 'msg.payload.photo', photoType: 'msg' }]) {
      await deploy(actionFlow({ type: 'westdex-three', ...photo }, account));
      const { message } = await errorOf({ payload: { name: '张三', idNumber: '110101199001011237' } });
      assert.match(message, /^There is no photo in msg\.payload\.photo\. /);
    }
  });
});

describe('a variable that is not set, in a typed input', () => {
  const provider = nodeRedWithProvider((_request, response) => json(response, {}));
  const NOT_SET = '$' + '{CN_VERIFY_NOT_SET}';
  const PERSON = ['personName', 'idNumber', 'photo', 'key', 'consent', 'guardianConsent', 'accountFrom'];
  const INPUTS: Readonly<Record<string, readonly string[]>> = {
    'truth-create': ['photos', 'key', 'accountFrom'],
    'truth-poll': ['task', 'accountFrom'],
    'get-token': ['detectionType', 'sequenceId', 'accountFrom'],
    'face-compare': PERSON,
    'westdex-three': PERSON,
    'provider-request': ['path', 'query', 'body', 'extra', 'apiCode', 'key', 'consent', 'accountFrom'],
  };

  async function assertNamed(message: Message) {
    const { code, cause } = await errorOf(message);
    const { problem, values } = cause;
    assert.deepEqual([code, problem, values?.variable], ['CONFIG', 'variable-not-set', 'CN_VERIFY_NOT_SET']);
  }

  for (const action of FIVE.concat(REQUESTS[0]!))
    for (const name of INPUTS[action.type]!)
      it(`is named before anything is sent: ${name} of ${action.type}`, async () => {
        await deploy(flowOf(action, provider.baseUrl, {}, { [name]: NOT_SET, [`${name}Type`]: 'str' }));
        await assertNamed({ payload: action.payload });
        assert.equal(provider.requests.length, 0);
      });

  for (const name of ['input', 'at', 'latitude', 'longitude', 'addressHolds'])
    it(`is named: ${name} of photo-rules`, async () => {
      await deploy(actionFlow({ type: 'photo-rules', [name]: NOT_SET, [`${name}Type`]: 'str' }, null));
      await assertNamed({ payload: polled([taken()]) });
    });

  it('is named: a head in billColumns of verify-ledger', async () => {
    await deploy(actionFlow({ type: 'verify-ledger', billColumns: { orderNo: NOT_SET } }, null));
    await assertNamed({ payload: { bill: [], account: 'account', month: '2026-11' } });
  });

  for (const [value, type] of [
    ...['num', 'msg', 'flow', 'global', 'env', 'jsonata'].map((type) => [NOT_SET, type]),
    ['$(CN_VERIFY_NOT_SET)', 'str'],
    [`team-${NOT_SET}`, 'env'],
  ] as const)
    it(`is named: ${value} as ${type}`, async () => {
      await deploy(flowOf(FIVE[0]!, provider.baseUrl, {}, { key: value, keyType: type }));
      await assertNamed({ payload: PHOTO });
      assert.equal(provider.requests.length, 0);
    });

  it('is not one that is set to the empty text, in a text', async () => {
    process.env.CN_VERIFY_TEST_EMPTY = '';
    try {
      const key = `team-${'$'}{CN_VERIFY_TEST_EMPTY}`;
      await deploy(actionFlow({ type: 'truth-create', key, keyType: 'env' }, SANDBOX));
      assert.equal((await resultOf({ payload: PHOTO })).outcome, 'submitted');
    } finally {
      delete process.env.CN_VERIFY_TEST_EMPTY;
    }
  });

  it('is named in a subflow, and has its value where the subflow has it', async () => {
    const [tab, account, action, ...others] = flowOf(
      FIVE[2]!,
      provider.baseUrl,
      {},
      {
        sequenceId: '$' + '{SEQUENCE}',
        sequenceIdType: 'str',
      },
    );
    const at = { z: 'tab', x: 1, y: 1 };
    const subflow = (env: object[]) => [
      {
        id: 'sub',
        type: 'subflow',
        name: 'sub',
        in: [{ x: 1, y: 1, wires: [{ id: 'inner' }] }],
        out: [],
        env,
      },
      { ...action!, id: 'inner', z: 'sub', wires: [[], []] },
      { id: 'action', type: 'subflow:sub', ...at, wires: [] },
    ];
    const env = [{ name: 'SEQUENCE', type: 'str', value: 'of-the-subflow' }];
    await deploy([tab!, account!, ...others, ...subflow(env)]);
    send('action', { payload: '' });
    await until(() => provider.requests.length > 0);
    assert.match(provider.requests[0]!.url, /sequence_id=of-the-subflow&/);
    await deploy([tab!, account!, ...others, ...subflow([])]);
    send('action', { payload: '' });
    await until(() => got('caught').length === 1);
    const { cause } = checkError(got('caught')[0]!);
    assert.deepEqual([cause.problem, cause.values?.variable], ['variable-not-set', 'SEQUENCE']);
  });

  it('is not what JSONata writes alike', async () => {
    const photos = '$' + '{"photoUrls": [photo]}';
    await deploy(
      actionFlow({ type: 'truth-create', photos, photosType: 'jsonata' }, { environment: 'sandbox' }),
    );
    assert.equal((await resultOf({ payload: '', photo: PHOTO })).outcome, 'submitted');
  });
});

describe('typed inputs that are waited for, in a real Node-RED', () => {
  const provider = nodeRedWithProvider((_request, response) => json(response, {}));

  it('keep nothing of a Buffer for the next message, for which the flow has written it anew', async () => {
    const inputs = {
      detectionType: '#:(slow)::type',
      detectionTypeType: 'flow',
      sequenceId: 'payload.sequence',
      sequenceIdType: 'msg',
    };
    await deploy(flowOf(FIVE[2]!, provider.baseUrl, {}, inputs));
    const payload = Buffer.from('{"sequence":"first-"}');
    send('action', { payload });
    await until(() => slowReads.length === 1);
    payload.write('{"sequence":"second"}');
    send('action', { payload });
    await until(() => slowReads.length === 2);
    for (const answer of slowReads.splice(0)) answer('silent_liveness');
    await until(() => provider.requests.length === 2);
    assert.deepEqual(
      provider.requests.map(({ url }) => /sequence_id=([^&]*)/.exec(url)?.[1]),
      ['first-', 'second'],
    );
  });
});

describe('status, in a real Node-RED', () => {
  before(() => startRuntime());

  it('changes less often than messages come, from a blue ring with the number in flight to the last outcome', async () => {
    await deploy(actionFlow({ type: 'truth-create' }, SANDBOX));
    const { statuses } = seen;
    const began = performance.now();
    for (let index = 0; index < 200; index++) send('action', { payload: PHOTO });
    await until(() => got('completed').length === 200);
    await until(() => statuses.at(-1)?.status.text === 'sandbox submitted');
    const [{ status }] = statuses as [(typeof statuses)[number]];
    assert.deepEqual({ ...status, text: '' }, { fill: 'blue', shape: 'ring', text: '' });
    assert.match(status.text!, /^sandbox [1-9]\d*$/);
    assert.deepEqual(statuses.at(-1)!.status, { fill: 'green', shape: 'dot', text: 'sandbox submitted' });
    // docs/contract.md, "Status": at most one change every 250 ms.
    const most = 2 + (performance.now() - began) / 250;
    assert.ok(statuses.length <= most, `${statuses.length} in place of ${most}`);
  });

  it('holds no value from a message', async () => {
    await deploy(actionFlow({ type: 'truth-create' }, SANDBOX));
    await ask({ payload: 'https://example.com/somebody.jpg' });
    await ask({ payload: 'somebody' });
    assert.ok(!JSON.stringify(seen.statuses).includes('somebody'));
  });
});
