import assert from 'node:assert/strict';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node verify-ledger', () => {
  beforeEach(() => load('verify-ledger', {}, {}, { ledger: '' }));
  afterEach(unload);

  it('is loaded with its defaults', () => {
    assert.equal(nodeOf('node').type, 'verify-ledger');
    assertDefaults('verify-ledger', { name: '', ledger: '' });
  });

  it('answers of the ledger of this Node-RED', async () => {
    const { from, message } = await ask({ payload: { id: 'nobody-wrote-this' }, topic: 'kept' });
    assert.deepEqual([from, message.topic, message.payload], ['out1', 'kept', []]);
  });

  it('raises an error for what is no question', async () => {
    const { from, error } = await ask({ payload: 'yesterday' });
    assert.deepEqual([from, error.code], ['caught', 'INPUT']);
  });

  it('compares no bill with the calls of an account that nobody knows', async () => {
    const bill = [{ orderNo: '1', price: '1' }];
    const { from, error } = await ask({ payload: { bill, account: 'a mistyped name', month: '2026-11' } });
    assert.deepEqual([from, error.code, error.cause.problem], ['caught', 'INPUT', 'bill-account']);
  });
});
