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
    assert.deepEqual(await writer.ask('flush'), []);
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
    assert.deepEqual(await writer.ask('flush'), []);
    await writer.kill();
    assert.deepEqual(
      await left(),
      sorted(ids('first', 10).slice(1), ids('more', 50).slice(1), ids('yet-more', 49)),
    );
  });

  for (const [when, milliseconds] of [
    ['when their time is over, though they are not written', 100],
    ['at once where they only have to be delivered', null],
  ] as const)
    it(`are due ${when}`, async () => {
      await writer.ask('add', ['short'], { milliseconds });
      await until(() => dueIn(writer).has('short'));
      assert.equal(dueIn(writer).has('more-0'), false);
      assert.equal(await writer.ask('state'), 'unwritable');
    });

  it('are written at once when a node closes and there is room, but for those that were over before', async () => {
    await writer.ask('deliver', ids('more', 40));
    writer.limit('unlimited');
    assert.deepEqual(await writer.ask('flush'), []);
    await writer.kill();
    assert.deepEqual(await left(), sorted(ids('first', 10), ids('more', 50).slice(40)));
  });

  it('are named when a node closes before there is room', async () => {
    await writer.ask('deliver', ids('more', 48));
    assert.deepEqual(await writer.ask('flush'), ['more-48', 'more-49']);
    await writer.kill();
    assert.deepEqual(await left(), ids('first', 10));
  });
});
