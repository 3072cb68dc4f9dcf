/** What a process keeps for a shared ledger that is away, in its own database. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { sharedKept } from '../../src/ledger/shared-kept';
import { type Database, openDatabase } from '../../src/store/database';
import { temporaryDirectory } from '../demo-process';

const PLACE = 'digest of a place';

describe('the outbox of a shared ledger', () => {
  let file: string;
  let now = 1_000;
  const open = new Set<Database>();
  const start = (secret = 7) => {
    const database = openDatabase({
      file,
      secret: async () => Buffer.alloc(32, secret),
      now: () => now++,
      notify: () => {},
    });
    open.add(database);
    return database;
  };
  beforeEach(() => {
    file = join(temporaryDirectory(), 'cn-verify.db');
  });
  afterEach(async () => {
    for (const database of open) await database.close();
    open.clear();
  });

  it('gives the next process what this one could not deliver, in order, and each place its own', async () => {
    const first = start();
    const { outbox } = sharedKept(first);
    await outbox.put('b', PLACE, 'ledger.settle', { entry: 1 });
    await outbox.put('a', PLACE, 'ledger.discard', { keys: ['一'] });
    await outbox.put('c', 'another place', 'ledger.settle', {});
    await outbox.put('d', PLACE, 'ledger.settle', { entry: 2 });
    // Its answer may have been lost.
    await outbox.put('b', PLACE, 'ledger.settle', { entry: 1 });
    await outbox.remove('d');
    await first.close();
    assert.deepEqual(await sharedKept(start()).outbox.list(PLACE), [
      { id: 'b', place: PLACE, operation: 'ledger.settle', parameters: { entry: 1 } },
      { id: 'a', place: PLACE, operation: 'ledger.discard', parameters: { keys: ['一'] } },
    ]);
  });

  it('is given up with the rest where an operator starts anew under another secret', async () => {
    const first = start();
    const kept = sharedKept(first);
    await kept.outbox.put('a', PLACE, 'ledger.settle', {});
    await kept.memory.write(PLACE, { id: 'of the shared ledger', count: 3 });
    await first.close();
    const second = start(8);
    const { outbox, memory } = sharedKept(second);
    await assert.rejects(outbox.list(PLACE), { problem: 'secret-differs' });
    await assert.rejects(outbox.put('b', PLACE, 'ledger.settle', {}), { problem: 'secret-differs' });
    await second.startAnew();
    assert.deepEqual(await outbox.list(PLACE), []);
    await outbox.put('b', PLACE, 'ledger.settle', {});
    assert.equal((await outbox.list(PLACE)).length, 1);
    // How far the shared ledger had come is no secret.
    assert.deepEqual(await memory.read(PLACE), { id: 'of the shared ledger', count: 3 });
  });

  it('is in memory where the process keeps nothing', async () => {
    const { memory, outbox } = sharedKept(null);
    await memory.write(PLACE, { id: 'x', count: 1 });
    assert.deepEqual(await memory.read(PLACE), { id: 'x', count: 1 });
    assert.equal(await memory.read('another place'), null);
    await outbox.put('a', PLACE, 'ledger.settle', {});
    assert.deepEqual(await outbox.list(PLACE), []);
  });
});
