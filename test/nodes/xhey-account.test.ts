import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { sharedSandbox } from '../../src/sandbox/shared';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node xhey-account', () => {
  afterEach(unload);

  it('is loaded with its defaults, and shows its keys to nobody', async () => {
    await load('truth-create', {}, { groupKey: 'an-id-of-the-test', groupSecret: 'a-secret-of-the-test' });
    assert.equal(nodeOf('config').type, 'xhey-account');
    assert.doesNotMatch(inspect(nodeOf('config'), { depth: 10 }), /-of-the-test/);
    assertDefaults('xhey-account', {
      ...{
        name: '',
        environment: 'production',
        baseUrl: '',
        timeout: 10,
        maxConcurrent: 16,
        maxPerSecond: 0,
      },
      ...{ maxWaiting: 1000, circuit: true, keepAlive: true, tls: '', proxy: '', sandboxFetches: false },
    });
  });

  it('serves truth-create on the sandbox without keys', async () => {
    await load('truth-create', { environment: 'sandbox' });
    const { from, result } = await ask({ payload: 'https://example.com/photo.jpg' });
    assert.deepEqual([from, result.provider, result.environment], ['out1', 'xhey', 'sandbox']);
  });

  it('has the sandbox download photos where it says so', async () => {
    await load('truth-create', { environment: 'sandbox', sandboxFetches: true });
    const { from } = await ask({ payload: 'http://127.0.0.1:9/photo.jpg' });
    const { requests } = await sharedSandbox(undefined);
    assert.deepEqual([from, requests.get('/xhey/fetching/v2/truth_build/create')], ['out1', 1]);
  });

  it('raises an error at Catch where a key is missing', async () => {
    await load('truth-create', {}, { groupKey: 'an-id-of-the-test' });
    const { from, error } = await ask({ payload: 'https://example.com/photo.jpg' });
    assert.deepEqual([from, error.code, error.cause.values], ['caught', 'CONFIG', { name: 'groupSecret' }]);
  });
});
