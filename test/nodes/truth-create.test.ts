import assert from 'node:assert/strict';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node truth-create', () => {
  afterEach(unload);

  it('is loaded with its defaults', async () => {
    await load('truth-create');
    assert.equal(nodeOf('node').type, 'truth-create');
    assertDefaults('truth-create', {
      name: '',
      photos: 'payload',
      photosType: 'msg',
      store: '',
      batchSize: 9,
      output: 'payload',
      includeRaw: false,
    });
  });

  it('submits a photo', async () => {
    await load('truth-create');
    const { from, message, result } = await ask({ payload: 'https://example.com/photo.jpg', topic: 'kept' });
    assert.equal(from, 'out1');
    assert.equal(message.topic, 'kept');
    assert.equal(result.outcome, 'submitted');
    assert.equal((result.data.taskIds as string[]).length, 1);
  });

  it('raises an error for an address that is none', async () => {
    await load('truth-create');
    const { from, error } = await ask({ payload: 'photo.jpg' });
    assert.equal(from, 'caught');
    assert.equal(error.code, 'INPUT');
    assert.equal(error.cause.problem, 'not-a-url');
  });
});
