import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node verify-queue', () => {
  afterEach(unload);

  it('is loaded with its defaults, and shows its address to nobody', async () => {
    await load('verify-call', {}, { url: 'redis://:a-secret-of-the-test@127.0.0.1' });
    assert.equal(nodeOf('config').type, 'verify-queue');
    assert.doesNotMatch(inspect(nodeOf('config'), { depth: 10 }), /-of-the-test/);
    assertDefaults('verify-queue', { name: 'verification', ledger: '', keep: 3_600 });
  });

  it('raises an error at Catch where its address is of no Redis', async () => {
    await load('verify-call', {}, { url: 'http://127.0.0.1' });
    const { from, error } = await ask({ payload: 1 });
    assert.deepEqual([from, error.code, error.cause.problem], ['caught', 'CONFIG', 'queue-url-unreadable']);
  });
});
