import assert from 'node:assert/strict';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node verify-call', () => {
  afterEach(unload);

  it('is loaded with its defaults', async () => {
    await load('verify-call', {}, {});
    assert.equal(nodeOf('node').type, 'verify-call');
    assertDefaults('verify-call', { name: '', queue: '', wait: 20, maxWaiting: 1_000 });
  });

  it('raises an error at Catch for a setting out of its bounds', async () => {
    await load('verify-call', {}, {}, { wait: -1 });
    const { from, error } = await ask({ payload: 1 });
    assert.deepEqual([from, error.code], ['caught', 'CONFIG']);
    assert.deepEqual([error.cause.operation, error.cause.charged], ['verify-call', false]);
  });
});
