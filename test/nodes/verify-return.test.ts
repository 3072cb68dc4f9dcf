import assert from 'node:assert/strict';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node verify-return', () => {
  afterEach(unload);

  it('is loaded with its defaults', async () => {
    await load('verify-return');
    assert.equal(nodeOf('node').type, 'verify-return');
    assertDefaults('verify-return', { name: '' });
  });

  it('raises an error at Catch for a message of no job', async () => {
    await load('verify-return');
    const { from, error } = await ask({ payload: 1 });
    assert.deepEqual([from, error.code, error.cause.problem], ['caught', 'INPUT', 'not-a-job']);
  });
});
