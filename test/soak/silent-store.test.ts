/** A typed input that never calls back: docs/contract.md, "Errors", and docs/node-red.md, "Runtime", on context stores. */
import assert from 'node:assert/strict';
import type { Cause } from '../../src/contract/errors';
import { actionFlow, deploy, got, send, startRuntime, until } from '../flows/runtime';

describe('a context store that never answers, in a real Node-RED', () => {
  before(() => startRuntime());

  it('ends as one INPUT error after 30 s, and holds up nothing else', async function () {
    this.timeout(60_000);
    const reads = { photos: '#:(silent)::x', photosType: 'flow' };
    const nodes = actionFlow({ type: 'truth-create', ...reads }, { environment: 'sandbox' });
    const at = { z: 'tab', x: 1, y: 1 };
    const other = { id: 'other', ...at, type: 'truth-create', account: 'account', wires: [['out2']] };
    await deploy([...nodes, other]);
    const start = Date.now();
    for (let index = 0; index < 3; index++) send('action', { index });
    send('other', { payload: 'https://example.com/a.jpg' });
    await until(() => got('out2').length === 1);
    assert.equal(got('caught').length, 0);
    await until(() => got('caught').length === 3);
    assert.ok(Date.now() - start >= 29_900);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(got('caught').length, 3);
    for (const { error } of got('caught') as unknown as { error: { code: string; cause: Cause } }[]) {
      const { problem, charged, values } = error.cause;
      assert.deepEqual(
        [error.code, problem, charged, values],
        ['INPUT', 'field-silent', false, { name: 'photos', seconds: 30 }],
      );
    }
    assert.equal(got('out1').length, 0);
  });
});
