import assert from 'node:assert/strict';
import { closeServers, scriptedServer, taskFinished } from '../flows/scripted-server';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node truth-poll', () => {
  afterEach(async () => {
    await unload();
    closeServers();
  });

  it('is loaded with its defaults', async () => {
    await load('truth-poll');
    assert.equal(nodeOf('node').type, 'truth-poll');
    assertDefaults('truth-poll', {
      name: '',
      task: 'payload',
      taskType: 'msg',
      mode: 'wait',
      interval: 2,
      maxInterval: 15,
      timeout: 300,
      resume: true,
      split: false,
      output: 'payload',
      includeRaw: false,
    });
  });

  it('reports the photo of a task', async () => {
    const { baseUrl } = await scriptedServer((_asked, response) =>
      taskFinished(response, [{ photoUrl: 'https://example.com/photo.jpg', status: 0, msg: '' }]),
    );
    const credentials = { groupKey: 'groupKey', groupSecret: 'groupSecret' };
    await load('truth-poll', { environment: 'custom', baseUrl }, credentials);
    const { from, message, result } = await ask({ payload: '1', topic: 'kept' });
    assert.equal(from, 'out1');
    assert.equal(message.topic, 'kept');
    assert.equal(result.outcome, 'passed');
    assert.deepEqual(result.data.summary, { total: 1, passed: 1, failed: 0, inconclusive: 0 });
  });

  it('raises an error for an address in place of a task id', async () => {
    await load('truth-poll');
    const { from, error } = await ask({ payload: 'https://example.com/photo.jpg' });
    assert.equal(from, 'caught');
    assert.equal(error.code, 'INPUT');
    assert.equal(error.cause.problem, 'task-id-is-url');
  });
});
