import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../src/store/database';
import { until } from '../until';
import { useDatabases } from './open';

describe('database', () => {
  const { test, notices, file, start } = useDatabases();

  it('keeps what was written', async () => {
    const first = start();
    assert.equal(first.state(), 'opening');
    assert.equal(await first.call('probe.put', { id: 'a' }), 'a');
    assert.equal(first.state(), 'ready');
    await first.close();
    assert.equal(first.state(), 'closed');
    assert.deepEqual(await start().call('probe.list', null), ['a']);
    assert.deepEqual(notices, []);
  });

  it('makes files that only their owner can read', async () => {
    await start().call('probe.put', { id: 'a' });
    for (const suffix of ['', '-wal', '-owner'])
      assert.equal(statSync(file() + suffix).mode & 0o777, 0o600, suffix);
    assert.equal(existsSync(`${file()}-shm`), false);
  });

  it('is set up so that a commit is on disk', async () => {
    const database = start();
    for (const [name, value] of [
      ['journal_mode', 'wal'],
      ['synchronous', 2],
      ['locking_mode', 'exclusive'],
      ['auto_vacuum', 2],
    ] as const)
      assert.deepEqual(await database.call('probe.pragma', { name }), { [name]: value });
  });

  it('writes the WAL back once there is much of it, and not with every commit from then on', async () => {
    const database = start();
    await database.call('probe.put', { id: 'first' });
    const before = statSync(file(), { bigint: true }).mtimeNs;
    const content = 'x'.repeat(8_000);
    for (let id = 0; id < 1_200; id += 60)
      await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          database.call('probe.put', { id: `${id + index}`, content }),
        ),
      );
    // An answer comes before what is written back after it, so one more is waited for.
    const writtenBack = async () => {
      await database.call('probe.list', null);
      return statSync(file(), { bigint: true }).mtimeNs;
    };
    const after = await writtenBack();
    assert.ok(after > before);
    for (let id = 0; id < 20; id++) await database.call('probe.put', { id: `later ${id}` });
    assert.equal(await writtenBack(), after);
  });

  const transactionsOf = (database: Database, count: number, size = 0) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        database.call<object, number>('probe.transaction', { id: `${index}`, padding: 'x'.repeat(size) }),
      ),
    );

  it('makes one transaction of what comes together', async () => {
    const database = start();
    await database.ready();
    // Fewer than are sent before the turn is over: with more, the thread may begin with the first of them.
    const numbers = await transactionsOf(database, 30);
    assert.equal(new Set(numbers).size, 1);
    assert.notEqual(await database.call('probe.transaction', { id: 'next' }), numbers[0]);
  });

  const turn = () => new Promise(setImmediate);
  /** @returns once what `calls` makes is sent, while `holding` has the thread; then the thread goes on */
  async function sentMeanwhile<Answer>(
    database: Database,
    holding: string,
    calls: () => Promise<Answer>[],
  ): Promise<[held: Promise<number>, ...Promise<Answer>[]]> {
    const path = join(test.folder, 'go');
    await database.ready();
    const held = database.call<object, number>(holding, { id: 'held', path }, { whenAway: 'keep' });
    await until(() => existsSync(`${path}.held`));
    const sent = calls();
    for (let turns = 0; turns < 3; turns++) await turn();
    writeFileSync(path, '');
    return [held, ...sent];
  }

  it('makes one transaction of what came in several turns while the thread was busy', async () => {
    const database = start();
    let first: Promise<number> | undefined;
    const [, last] = await sentMeanwhile(database, 'probe.hold', () => {
      first = database.call('probe.transaction', { id: 'first' });
      return [turn().then(() => database.call<object, number>('probe.transaction', { id: 'last' }))];
    });
    assert.equal(await last, await first);
  });

  it('sends thirty-two calls at once, before the turn that makes them is over', async () => {
    const database = start();
    await database.ready();
    const path = join(test.folder, 'touched');
    const calls = Array.from({ length: 32 }, () => database.call('probe.touch', { path }));
    const nobody = new Int32Array(new SharedArrayBuffer(4));
    for (let wait = 0; wait < 4_000 && !existsSync(path); wait++) Atomics.wait(nobody, 0, 0, 5);
    assert.ok(existsSync(path));
    await Promise.all(calls);
  });

  it('keeps the order of what was sent before it was known that the disk is full', async () => {
    const database = start();
    const [full, later] = await sentMeanwhile(database, 'probe.full-once', () => [
      database.call<object, number>('probe.transaction', { id: 'later' }, { whenAway: 'keep' }),
    ]);
    assert.ok((await full) <= (await later!));
    assert.deepEqual(notices, ['unwritable', 'written-again']);
  });

  it('commits at most 512 KB at a time, so that what comes next is on disk soon, and what is larger alone', async () => {
    const database = start();
    await database.ready();
    const [first = 0, ...others] = await transactionsOf(database, 12, 100_000);
    assert.deepEqual(
      [first, ...others].map((number) => number - first),
      [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2],
    );
    await database.call('probe.put', { id: 'large', content: 'x'.repeat(2_000_000) });
    assert.ok((await database.call<null, string[]>('probe.list', null)).includes('large'));
  });

  it('does long work in steps, with other calls in between', async () => {
    const database = start();
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => database.call('probe.put', { id })));
    const ends: string[] = [];
    await Promise.all([
      database.callUntilDone('probe.take', null).then((count) => ends.push(`${count} done`)),
      database.call('probe.put', { id: 'f' }).then(() => ends.push('put')),
    ]);
    assert.deepEqual(ends, ['put', '6 done']);
    assert.deepEqual(await database.call('probe.list', null), []);
  });

  it('lets one operation fail alone', async () => {
    const database = start();
    const results = await Promise.allSettled([
      database.call('probe.put', { id: 'a' }),
      database.call('probe.fail-late', { id: 'b' }),
      database.call('probe.fail-early', null),
      database.call('probe.put', { id: 'c' }),
      database.call('probe.fault', null),
      database.call('probe.unknown', null),
      database.call('constructor', null),
      database.call('probe.fail-late', { id: 'd' }),
    ]);
    assert.deepEqual(
      results.map((each) =>
        each.status === 'fulfilled' ? each.value : `${each.reason.code} ${each.reason.problem}`,
      ),
      [
        'a',
        'BUDGET budget-day',
        'INPUT key-used',
        'c',
        'PROTOCOL internal',
        'PROTOCOL internal',
        'PROTOCOL internal',
        'BUDGET budget-day',
      ],
    );
    const [, late] = results;
    assert.equal(late?.status === 'rejected' && late.reason.details.retryAfter, 9);
    assert.deepEqual(await database.call('probe.list', null), ['a', 'c']);
  });

  it('refuses what JSON cannot hold, and nothing that came with it', async () => {
    const database = start();
    const [cyclic, other] = await Promise.allSettled([
      database.call('probe.put', { id: 1n }),
      database.call('probe.put', { id: 'other' }),
    ]);
    assert.deepEqual([cyclic.status, other.status], ['rejected', 'fulfilled']);
    await assert.rejects(database.call('probe.endless', null), { problem: 'internal' });
  });

  it('gives operations the clock of the caller and the cipher', async () => {
    const database = start({ now: () => 1234 });
    assert.deepEqual(await database.call('probe.at', null), { now: 1234, isDamaged: false });
    const { sealed } = await database.call<unknown, { sealed: string }>('probe.seal', { text: '一' });
    assert.equal(await database.call('probe.open', { sealed }), '一');
  });

  it('belongs to one at a time', async () => {
    const first = start();
    await first.call('probe.put', { id: 'a' });
    const second = start();
    await assert.rejects(second.call('probe.put', { id: 'b' }), { problem: 'database-held-elsewhere' });
    assert.equal(second.state(), 'held-elsewhere');
    const kept = second.call('probe.put', { id: 'c' }, { whenAway: 'keep' });
    await first.close();
    await kept;
    assert.deepEqual(await second.call('probe.list', null), ['a', 'c']);
    assert.deepEqual(notices, ['held-elsewhere', 'opened']);
  });

  it('is written to no file where none is wanted', async () => {
    const database = start({ file: null });
    await assert.rejects(database.call('probe.put', { id: 'a' }), {
      code: 'CONFIG',
      problem: 'database-off',
    });
    assert.equal(existsSync(join(test.folder, 'cn-verify')), false);
  });

  it('is copied while it is in use', async () => {
    const database = start();
    await database.call('probe.put', { id: 'a' });
    const copy = join(test.folder, 'copy.db');
    await database.backup(copy);
    await database.close();
    assert.deepEqual(await start({ file: copy }).call('probe.list', null), ['a']);
  });

  it('gives the answer of what was written after its caller had gone', async () => {
    const database = start();
    await database.ready();
    const leaving = new AbortController();
    const late: string[] = [];
    const call = database.call<object, string>(
      'probe.put',
      { id: 'a' },
      { signal: leaving.signal, late: (answer) => late.push(answer) },
    );
    // It is sent with the end of this turn of the event loop.
    await new Promise(setImmediate);
    leaving.abort();
    await assert.rejects(call, { code: 'CANCELLED' });
    assert.deepEqual(await database.call('probe.list', null), ['a']);
    assert.deepEqual(late, ['a']);
    const queued = database.call('probe.put', { id: 'b' }, { signal: AbortSignal.abort() });
    await assert.rejects(queued, { code: 'CANCELLED' });
    assert.deepEqual(await database.call('probe.list', null), ['a']);
  });

  it('goes on when its thread has ended', async () => {
    const database = start();
    await database.call('probe.put', { id: 'a' });
    const [, ended] = await Promise.all([
      database.call('probe.put', { id: 'b' }),
      database.call('probe.exit', { id: 'a', isWritten: true }),
    ]);
    assert.equal(ended, 'known');
    const before = await database.call('probe.thread', null);
    const call = database.call('probe.put', { id: 'c' }, { whenAway: 'keep' });
    const exit = assert.rejects(database.call('probe.exit', { id: 'x', isWritten: false }));
    await call;
    await exit;
    assert.notEqual(await database.call('probe.thread', null), before);
    assert.deepEqual(await database.call('probe.list', null), ['a', 'b', 'c']);
  });
});
