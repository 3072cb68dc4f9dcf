import assert from 'node:assert/strict';
import { polled, taken } from '../photos/results';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node photo-rules', () => {
  afterEach(unload);

  it('is loaded with its defaults', async () => {
    await load('photo-rules');
    assert.equal(nodeOf('node').type, 'photo-rules');
    assertDefaults('photo-rules', {
      name: '',
      input: 'payload',
      inputType: 'msg',
      maxAge: 0,
      at: '',
      within: 0,
      latitude: '',
      longitude: '',
      coordinates: 'gcj02',
      unseen: 0,
      ledger: '',
      addressHolds: '',
      output: 'payload',
    });
  });

  it('judges the photos of a truth-poll', async () => {
    await load('photo-rules', {}, {}, { maxAge: 10 });
    const photos = [taken({ minutesAgo: 5 }), taken({ minutesAgo: 15 })];
    const { from, message, result } = await ask({ payload: polled(photos), topic: 'kept' });
    assert.deepEqual([from, message.topic, result.outcome, result.reason], ['out1', 'kept', 'failed', null]);
    assert.deepEqual(result.data.summary, { total: 2, passed: 1, failed: 1, inconclusive: 0 });
  });

  it('raises an error for what is no result of truth-poll', async () => {
    await load('photo-rules', {}, {}, { maxAge: 10 });
    const { from, error } = await ask({ payload: { operation: 'truth-create', data: {} } });
    assert.deepEqual([from, error.code, error.cause.problem], ['caught', 'INPUT', 'not-a-poll-result']);
  });
});
