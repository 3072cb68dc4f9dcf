import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { jpg } from '../input/pictures';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

const PERSON = { name: '张三', idNumber: '110101199001011237', photo: jpg() };

describe('node tencent-market-account', () => {
  afterEach(unload);

  it('is loaded with its defaults, and shows its keys to nobody', async () => {
    await load('face-compare', {}, { secretId: 'an-id-of-the-test', secretKey: 'a-secret-of-the-test' });
    assert.equal(nodeOf('config').type, 'tencent-market-account');
    assert.doesNotMatch(inspect(nodeOf('config'), { depth: 10 }), /-of-the-test/);
    assertDefaults('tencent-market-account', {
      ...{
        name: '',
        environment: 'production',
        baseUrl: '',
        timeout: 15,
        maxConcurrent: 16,
        maxPerSecond: 0,
      },
      ...{ maxWaiting: 1000, circuit: true, keepAlive: true, tls: '', proxy: '' },
      ...{ scheme: 'auto', source: 'market' },
    });
  });

  it('serves face-compare on the sandbox without keys', async () => {
    await load('face-compare', { environment: 'sandbox' });
    const { from, result } = await ask({ payload: PERSON });
    assert.deepEqual([from, result.provider, result.environment], ['out1', 'tencent-market', 'sandbox']);
  });

  it('raises an error at Catch where a key is missing', async () => {
    await load('face-compare', {}, { secretId: 'an-id-of-the-test' });
    const { from, error } = await ask({ payload: PERSON });
    assert.deepEqual([from, error.code, error.cause.values], ['caught', 'CONFIG', { name: 'secretKey' }]);
  });
});
