import assert from 'node:assert/strict';
import { assertDefaults } from './form';
import { load, nodeOf, unload } from './load';

describe('node verify-in', () => {
  afterEach(unload);

  it('is loaded with its defaults', async () => {
    await load('verify-in', {}, {});
    assert.equal(nodeOf('node').type, 'verify-in');
    const defaults = { name: '', queue: '', concurrency: 64, timeout: 600, repeatable: false };
    assertDefaults('verify-in', defaults);
  });
});
