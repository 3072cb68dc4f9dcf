import assert from 'node:assert/strict';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node get-token', () => {
  afterEach(unload);

  it('is loaded with its defaults', async () => {
    await load('get-token');
    assert.equal(nodeOf('node').type, 'get-token');
    assertDefaults('get-token', {
      name: '',
      detectionType: 'liveness',
      detectionTypeType: 'str',
      sequenceId: '',
      output: 'payload',
      includeRaw: false,
    });
  });

  it('issues a token', async () => {
    await load('get-token');
    const { from, message, result } = await ask({ payload: '', topic: 'kept' });
    assert.equal(from, 'out1');
    assert.equal(message.topic, 'kept');
    assert.equal(result.outcome, 'issued');
    assert.equal(typeof result.data.token, 'string');
  });

  it('raises an error where its account has no keys', async () => {
    await load('get-token', {});
    const { from, error } = await ask({});
    assert.equal(from, 'caught');
    assert.equal(error.code, 'CONFIG');
    assert.equal(error.cause.problem, 'credential-missing');
  });
});
