/** What a process keeps for a shared ledger that is away, in its own database. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createEntry, newId } from '../../src/ledger/entry';
import { sharedKept } from '../../src/ledger/shared-kept';
import { temporaryDirectory } from '../demo-process';
import { closeAll } from '../http/server';
import { openTestDatabase, SECRET } from '../store/open';
import { ACCOUNT, call, openLedger } from './ledgers';

const LOCATION = 'digest of a location';

describe('the outbox of a shared ledger', () => {
  let file: string;
  let now = 1_000;
  const start = (secret = SECRET) => openTestDatabase(file, { secret: async () => secret, now: () => now++ });
  beforeEach(() => {
    file = join(temporaryDirectory(), 'cn-verify.db');
  });
  afterEach(closeAll);

  it('gives the next process what this one could not deliver, in order, and each location its own', async () => {
    const first = start();
    const { outbox } = sharedKept(first);
    await outbox.put('b', LOCATION, 'ledger.settle', { values: 1 });
    await outbox.put('a', LOCATION, 'ledger.discard', { answers: ['一'] });
    await outbox.put('c', 'another location', 'ledger.settle', {});
    await outbox.put('d', LOCATION, 'ledger.settle', { values: 2 });
    // Its answer may have been lost.
    await outbox.put('b', LOCATION, 'ledger.settle', { values: 1 });
    await outbox.remove('d');
    await first.close();
    assert.deepEqual(await sharedKept(start()).outbox.list(LOCATION), [
      { id: 'b', location: LOCATION, operation: 'ledger.settle', parameters: { values: 1 } },
      { id: 'a', location: LOCATION, operation: 'ledger.discard', parameters: { answers: ['一'] } },
    ]);
  });

  it('gives what an earlier version kept as the operations read it now', async () => {
    const own = start();
    const { outbox } = sharedKept(own);
    const at = Date.parse('2026-11-30T04:00:00Z');
    const claimed = createEntry(newId(at), call(), at);
    const keys = [{ key: 'k', content: 'request' }];
    const claim = { entry: claimed, owner: 'ended', keys, maxPerDay: 0, maxPerMonth: 0, since: null };
    const entry = { ...claimed, state: 'settled', outcome: 'passed', orderNo: 'an order', charged: true };
    const settle = { claim, entry, answers: [[{ score: 0.82 }]], keepsKeys: true };
    await outbox.put('a', LOCATION, 'ledger.settle', settle);
    await outbox.put('b', LOCATION, 'ledger.discard', { account: ACCOUNT, keys: ['k'] });
    const [settled, discarded] = await outbox.list(LOCATION);
    const { ledger, database } = openLedger(join(temporaryDirectory(), 'shared.db'));
    await database.call('ledger.settle', settled!.parameters);
    const look = { account: ACCOUNT, keys, since: null };
    const answered = { state: 'answered', entry: claimed.id, at: claimed.at, answer: { score: 0.82 } };
    assert.deepEqual(await database.call('ledger.look', look), { k: answered });
    assert.deepEqual(await ledger.find({ id: claimed.id }, 1), [entry]);
    await database.call('ledger.discard', discarded!.parameters);
    assert.deepEqual(await database.call('ledger.look', look), {});
  });

  it('is deleted with the rest where an operator starts again under another secret', async () => {
    const first = start();
    const kept = sharedKept(first);
    await kept.outbox.put('a', LOCATION, 'ledger.settle', {});
    await kept.memory.write(LOCATION, { id: 'of the shared ledger', count: 3 });
    await first.close();
    const second = start(Buffer.alloc(32, 8));
    const { outbox, memory } = sharedKept(second);
    await assert.rejects(outbox.list(LOCATION), { problem: 'secret-differs' });
    await assert.rejects(outbox.put('b', LOCATION, 'ledger.settle', {}), { problem: 'secret-differs' });
    await second.startAnew();
    assert.deepEqual(await outbox.list(LOCATION), []);
    await outbox.put('b', LOCATION, 'ledger.settle', {});
    assert.equal((await outbox.list(LOCATION)).length, 1);
    // How far the shared ledger had come is no secret.
    assert.deepEqual(await memory.read(LOCATION), { id: 'of the shared ledger', count: 3 });
  });

  it('is in memory where the process keeps nothing', async () => {
    const { memory, outbox } = sharedKept(null);
    await memory.write(LOCATION, { id: 'x', count: 1 });
    assert.deepEqual(await memory.read(LOCATION), { id: 'x', count: 1 });
    assert.equal(await memory.read('another location'), null);
    await outbox.put('a', LOCATION, 'ledger.settle', {});
    assert.deepEqual(await outbox.list(LOCATION), []);
  });
});
