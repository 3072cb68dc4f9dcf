import assert from 'node:assert/strict';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node provider-request', () => {
  afterEach(unload);

  it('is loaded with its defaults', async () => {
    await load('provider-request');
    assert.equal(nodeOf('node').type, 'provider-request');
    assertDefaults('provider-request', {
      name: '',
      path: '',
      apiCode: '',
      query: '',
      body: 'payload',
      extra: '',
      encrypt: '',
      paid: true,
      key: '',
      reuse: 0,
      output: 'payload',
      includeRaw: false,
    });
  });

  it('asks for the departments of a team', async () => {
    await load('provider-request', undefined, {}, { path: '/v2/department/sublist', paid: false });
    const { from, message, result } = await ask({ payload: { departmentID: 1 }, topic: 'kept' });
    assert.deepEqual([from, message.topic, result.outcome], ['out1', 'kept', 'answered']);
  });

  it('raises an error for a message without an object', async () => {
    await load('provider-request', undefined, {}, { path: '/v2/department/sublist' });
    const { from, error } = await ask({ payload: 1 });
    assert.deepEqual([from, error.code, error.cause.problem], ['caught', 'INPUT', 'not-an-object']);
  });
});
