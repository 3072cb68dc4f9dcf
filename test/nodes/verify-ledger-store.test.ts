import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node verify-ledger-store', () => {
  afterEach(unload);

  it('is loaded with its defaults, and shows its secret to nobody', async () => {
    await load('verify-ledger', {}, { url: '', secret: 'a-secret-of-the-test' });
    assert.equal(nodeOf('config').type, 'verify-ledger-store');
    assert.doesNotMatch(inspect(nodeOf('config'), { depth: 10 }), /-of-the-test/);
    assertDefaults('verify-ledger-store', { name: '', schema: 'cn_verify', tls: '', unencrypted: false });
  });

  it('raises an error at Catch where it has no secret', async () => {
    await load('verify-ledger', {}, { url: 'postgres://127.0.0.1:1/x' });
    const { from, error } = await ask({ payload: { sum: 'day' } });
    assert.deepEqual([from, error.code, error.cause.problem], ['caught', 'CONFIG', 'ledger-secret-missing']);
  });
});
