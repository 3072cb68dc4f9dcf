/** What docs/providers/westdex.md says, through a real Node-RED; what holds for all actions is tested with all of them. */
import assert from 'node:assert/strict';
import { KEY_DERIVATIONS } from '../../src/providers/westdex/account';
import { aesKey, decrypt, encrypt } from '../../src/providers/westdex/cipher';
import { jpg } from '../input/pictures';
import { errorOf, resultOf } from './five-actions';
import { actionFlow, ask, deploy, settledStatus, startRuntime } from './runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const KEY = 'fedcba9876543210fedcba9876543210';
const SECRET_ID = 'a secret/id+of the test';
const NAME = '欧阳测试';
const ID_NUMBER = '53010219200508011X';
const PHOTO = jpg();
const PERSON = { name: NAME, idNumber: ID_NUMBER, photo: PHOTO };

const sandboxFlow = (action: object = {}, account: object = {}) =>
  actionFlow(
    { type: 'westdex-three', ...action },
    { type: 'westdex-account', environment: 'sandbox', ...account },
  );

describe('westdex-three, in a real Node-RED', () => {
  let server: ScriptedServer;
  before(() => startRuntime());
  beforeEach(async () => {
    server = await scriptedServer((_asked, response) => json(response, { code: '00000', message: '成功' }));
  });
  afterEach(closeServers);

  const custom = (account: object = {}, action: object = {}) =>
    sandboxFlow(action, {
      environment: 'custom',
      baseUrl: `${server.baseUrl}/api/invoke`,
      credentials: { secretId: SECRET_ID, key: KEY },
      ...account,
    });

  for (const keyDerivation of KEY_DERIVATIONS) {
    it(`${keyDerivation}: gives one clear message back, and it is the one that came in`, async () => {
      await deploy(sandboxFlow({}, { keyDerivation }));
      const message = { payload: { ...PERSON }, topic: 'gate 7', kept: { whatever: 1 } };
      const { timing, code, requestId, data, ledger, ...rest } = await resultOf(message);
      assert.deepEqual([message.topic, message.kept], ['gate 7', { whatever: 1 }]);
      assert.deepEqual(rest, {
        provider: 'westdex',
        operation: 'westdex-three',
        environment: 'sandbox',
        outcome: 'answered',
        reason: null,
        message: '成功',
        charged: null,
        reused: null,
      });
      assert.match(ledger!, /^20\d{6}-\d{6}-/);
      assert.ok(['00000', '0', '200'].includes(code));
      assert.match(requestId!, /^SANDBOX\d+$/);
      assert.deepEqual(data, { id: requestId, result: { code: '0', msg: '一致' }, repaired: [] });
      assert.equal(timing.attempts, 1);
      assert.deepEqual(await settledStatus(), { fill: 'green', shape: 'dot', text: 'sandbox answered' });
    });
  }

  it('leaves a photo of 5 MB as it is', async () => {
    await deploy(sandboxFlow());
    const photo = Buffer.concat([PHOTO, Buffer.alloc(5 * 1024 * 1024, 0xa5)]);
    const before = Buffer.from(photo);
    assert.equal((await resultOf({ payload: { ...PERSON, photo } })).outcome, 'answered');
    assert.ok(photo.equals(before));
  });

  it('adds the answer, its data still encrypted, where includeRaw is set', async () => {
    await deploy(sandboxFlow({ includeRaw: true }));
    const { raw } = await resultOf({ payload: PERSON });
    const { message, data } = raw as { message: string; data: string };
    assert.equal(message, '成功');
    assert.match(data, /^[A-Za-z0-9+/]+=*$/);
  });

  it('is sent exactly what the document says', async () => {
    await deploy(custom());
    const before = Date.now();
    await resultOf({ payload: PERSON });
    const { method, url, headers, body } = server.asked[0]!;
    const { pathname, searchParams } = new URL(url, server.baseUrl);
    assert.equal(method, 'POST');
    assert.equal(pathname, `/api/invoke/${encodeURIComponent(SECRET_ID)}/idCardThreeElements`);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
    assert.equal(headers['transfer-encoding'], undefined);
    const timeStamp = searchParams.get('timestamp')!;
    assert.ok(Number(timeStamp) >= before && Number(timeStamp) <= Date.now());
    const { xM, gMSFZHM } = JSON.parse(body).data;
    const data = { timeStamp, customNumber: SECRET_ID, xM, gMSFZHM };
    assert.equal(body, JSON.stringify({ data, photoData: PHOTO.toString('base64') }));
    const aes = aesKey('sha1prng', KEY)!;
    assert.deepEqual([decrypt(xM, aes), decrypt(gMSFZHM, aes)], [NAME, ID_NUMBER]);
  });

  it('gives a text as the result, and judges it by passWhen and failWhen', async () => {
    await deploy(custom({}, { passWhen: '$ = "一致"', failWhen: '$ = "不一致"' }));
    for (const [text, outcome] of [
      ['一致', 'passed'],
      ['不一致', 'failed'],
      ['库中无照片', 'inconclusive'],
    ] as const) {
      const data = encrypt(text, aesKey('sha1prng', KEY)!);
      server.script = (_asked, response) => json(response, { code: '00000', data, id: 'W77' });
      const result = await resultOf({ payload: PERSON });
      assert.deepEqual([result.outcome, result.data], [outcome, { id: 'W77', result: text, repaired: [] }]);
    }
  });

  for (const [what, account] of [
    ['hex with a key that is not hexadecimal', { keyDerivation: 'hex', key: 'zz' }],
    ['utf8 with a key of another length', { keyDerivation: 'utf8', key: 'short' }],
    ['an unknown derivation', { keyDerivation: 'md5', key: KEY }],
  ] as const) {
    it(`CONFIG: ${what}`, async () => {
      const { keyDerivation, key } = account;
      await deploy(custom({ keyDerivation, credentials: { secretId: SECRET_ID, key } }));
      const { code, cause, message } = await errorOf({ payload: PERSON });
      assert.deepEqual([code, cause.charged, cause.attempts, server.asked.length], ['CONFIG', false, 0, 0]);
      assert.ok(!message.includes(key));
    });
  }

  it('has a time stamp of its own for each attempt', async () => {
    await deploy(custom());
    server.script = (_asked, response, count) =>
      count === 1
        ? response.writeHead(429, { 'Retry-After': '1' }).end()
        : json(response, { code: '00000', message: '成功' });
    assert.equal((await ask({ payload: PERSON })).out1.length, 1);
    const [first, second] = server.asked.map(({ url, body }) => {
      const { data, photoData } = JSON.parse(body);
      assert.ok(url.endsWith(`?timestamp=${data.timeStamp}`));
      return { data, photoData };
    });
    assert.ok(Number(second!.data.timeStamp) >= Number(first!.data.timeStamp) + 1000);
    const { timeStamp } = second!.data;
    assert.deepEqual({ ...first, data: { ...first!.data, timeStamp } }, second);
  });
});
