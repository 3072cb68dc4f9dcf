/** What docs/providers/westdex.md says, through a real Node-RED; what holds for all actions is tested with all of them. */
import assert from 'node:assert/strict';
import { KEY_DERIVATIONS } from '../../src/providers/westdex/account';
import { aesKey, decrypt } from '../../src/providers/westdex/cipher';
import { jpg } from '../input/pictures';
import { errorOf, resultOf } from './five-actions';
import { actionFlow, deploy, nodeRedWithProvider, settledStatus } from './runtime';
import { json } from './scripted-server';

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
  const server = nodeRedWithProvider((_request, response) =>
    json(response, { code: '00000', message: '成功' }),
  );

  const custom = (account: object = {}) => {
    const credentials = { secretId: SECRET_ID, key: KEY };
    const baseUrl = `${server.baseUrl}/api/invoke`;
    return sandboxFlow({}, { environment: 'custom', baseUrl, credentials, ...account });
  };

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
    const { method, url, headers, body } = server.requests[0]!;
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

  for (const [keyDerivation, key] of [
    ['hex', 'no-hex'],
    ['utf8', 'short'],
    ['md5', KEY],
  ] as const)
    it(`cannot use ${key} by ${keyDerivation}: CONFIG, and nothing is sent`, async () => {
      await deploy(custom({ keyDerivation, credentials: { secretId: SECRET_ID, key } }));
      const { code, cause, message } = await errorOf({ payload: PERSON });
      assert.deepEqual([code, cause.charged, server.requests.length], ['CONFIG', false, 0]);
      assert.ok(!message.includes(key));
    });
});
