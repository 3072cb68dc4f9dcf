import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node linkface-account', () => {
  afterEach(unload);

  it('is loaded with its defaults, and shows its keys to nobody', async () => {
    await load('get-token', {}, { apiId: 'an-id-of-the-test', apiSecret: 'a-secret-of-the-test' });
    assert.equal(nodeOf('config').type, 'linkface-account');
    assert.doesNotMatch(inspect(nodeOf('config'), { depth: 10 }), /-of-the-test/);
    assertDefaults('linkface-account', {
      ...{
        name: '',
        environment: 'production',
        baseUrl: '',
        timeout: 10,
        maxConcurrent: 16,
        maxPerSecond: 0,
      },
      ...{ maxWaiting: 1000, circuit: true, keepAlive: true, tls: '', proxy: '' },
      timestampUnit: 'ms',
    });
  });

  it('serves get-token on the sandbox without keys', async () => {
    await load('get-token', { environment: 'sandbox' });
    const { from, result } = await ask({ payload: '' });
    assert.deepEqual([from, result.provider, result.environment], ['out1', 'linkface', 'sandbox']);
  });

  it('raises an error at Catch where a key is missing', async () => {
    await load('get-token', {}, { apiId: 'an-id-of-the-test' });
    const { from, error } = await ask({ payload: '' });
    assert.deepEqual([from, error.code, error.cause.values], ['caught', 'CONFIG', { name: 'apiSecret' }]);
  });
});
