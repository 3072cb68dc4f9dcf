/** A disk that takes no more. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { temporaryDirectory } from '../demo-process';
import { until } from '../until';
import { dueIn, idsOf, openTasks, type Process, startProcess } from './tasks';

const SIZE = 2_000;
const ids = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index}`);

describe('waiting: tasks on a full disk', function () {
  this.timeout(60_000);
  let file: string;
  let writer: Process;
  const is = (state: string) => until(async () => (await writer.ask('state')) === state);
  const left = async () => {
    const { tasks, database } = await openTasks(file);
    const found = idsOf(tasks.list());
    await database.close();
    return found.sort();
  };
  const sorted = (...all: string[][]) => all.flat().sort();

  beforeEach(async () => {
    file = join(temporaryDirectory(), 'cn-verify.db');
    writer = startProcess();
    await writer.ask('open', file);
    await writer.ask('add', ids('first', 10), { size: SIZE });
    assert.deepEqual(await writer.ask('settle'), []);
    writer.limit(0);
    await writer.ask('add', ids('more', 50), { size: SIZE });
    await is('unwritable');
  });
  afterEach(() => writer.kill());

  it('are not due before they are written, which is when there is room', async () => {
    await writer.ask('add', ids('yet-more', 50), { size: SIZE });
    await writer.ask('deliver', ['first-0', 'more-0', 'yet-more-49']);
    assert.deepEqual(dueIn(writer), new Set(ids('first', 10)));
    assert.deepEqual(await writer.ask('warnings'), ['unwritable']);
    writer.limit('unlimited');
    await until(() => dueIn(writer).size === 10 + 49 + 49);
    assert.deepEqual(await writer.ask('warnings'), ['unwritable', 'written-again']);
    assert.deepEqual(await writer.ask('settle'), []);
    await writer.kill();
    assert.deepEqual(
      await left(),
      sorted(ids('first', 10).slice(1), ids('more', 50).slice(1), ids('yet-more', 49)),
    );
  });

  it('are due when their time is over, though they are not written', async () => {
    await writer.ask('add', ['short'], { milliseconds: 100 });
    await until(() => dueIn(writer).has('short'));
    assert.equal(dueIn(writer).has('more-0'), false);
    assert.equal(await writer.ask('state'), 'unwritable');
  });

  it('are due at once where they only have to be delivered', async () => {
    await writer.ask('add', ['delivery'], { milliseconds: null });
    await until(() => dueIn(writer).has('delivery'));
    assert.equal(await writer.ask('state'), 'unwritable');
  });

  it('are not brought back when they were over before there was room', async () => {
    await writer.ask('deliver', ids('more', 50));
    writer.limit('unlimited');
    assert.deepEqual(await writer.ask('settle'), []);
    await writer.kill();
    assert.deepEqual(await left(), ids('first', 10));
  });

  it('are written at once when a node closes, if there is room by then', async () => {
    writer.limit('unlimited');
    assert.deepEqual(await writer.ask('settle'), []);
    await writer.kill();
    assert.equal((await left()).length, 60);
  });

  it('are named when a node closes before there is room', async () => {
    await writer.ask('deliver', ids('more', 48));
    assert.deepEqual(await writer.ask('settle'), ['more-48', 'more-49']);
    await writer.kill();
    assert.deepEqual(await left(), ids('first', 10));
  });
});

describe('waiting: tasks whose database another process has', function () {
  this.timeout(60_000);
  it('are due at once, in memory only, and are written when that process has ended', async () => {
    const file = join(temporaryDirectory(), 'cn-verify.db');
    const [first, second] = [startProcess(), startProcess()];
    await first.ask('open', file);
    await first.ask('add', ids('first', 3));
    assert.deepEqual(await first.ask('settle'), []);
    assert.deepEqual(await second.ask('open', file), []);
    await second.ask('add', ids('second', 3));
    await until(() => dueIn(second).size === 3);
    assert.deepEqual(await second.ask('settle'), ids('second', 3));
    assert.deepEqual(await second.ask('warnings'), ['held-elsewhere']);
    await first.kill();
    await until(async () => (await second.ask('settle')).length === 0);
    assert.deepEqual((await second.ask('claim')).sort(), ids('first', 3));
    await second.kill();
    const { tasks, database } = await openTasks(file);
    assert.deepEqual(idsOf(tasks.list()).sort(), [...ids('first', 3), ...ids('second', 3)]);
    await database.close();
  });
});
