/** Pending tasks in memory only, and over a real database. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NodeTasks, type TaskRunner } from '../../src/node-red/runner/node-tasks';
import type { Node } from '../../src/node-red/runner/red';
import { Seal } from '../../src/store/seal';
import { packContent } from '../../src/waiting/content';
import { type NewTask, type PendingTask, PendingTasks } from '../../src/waiting/pending-tasks';
import { temporaryDirectory } from '../demo-process';
import { closeAll } from '../http/server';
import { SECRET } from '../store/open';
import { until } from '../until';
import { createTasks, Instance, idsOf, newTask, type Opened, openTasks } from './tasks';

const DAY_MS = 86_400_000;
/** A file of each version of the database. */
const VERSIONS = join(__dirname, '../../../test/store/versions');
const nextTurns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

for (const where of ['in memory', 'on disk'] as const) {
  describe(`waiting: pending tasks ${where}`, () => {
    let file: string;
    let opened: Opened | null;
    let tasks: PendingTasks;
    let owner: Instance;
    const open = async () => {
      if (where === 'on disk') {
        opened = await openTasks(file);
        ({ tasks } = opened);
        return;
      }
      let isLoaded = false;
      opened = null;
      tasks = new PendingTasks({
        database: null,
        onPartial: () => assert.fail(),
        onUnreadable: () => assert.fail(),
        onLoaded: () => {
          isLoaded = true;
        },
        onBug: () => assert.fail(),
      });
      await until(() => isLoaded);
    };
    /** What the next process would find after a stop. */
    const reopen = async () => {
      assert.deepEqual(await tasks.flush(), []);
      await opened!.database.close();
      await open();
    };
    const add = (taskId: string, changes?: Partial<NewTask>) => tasks.add(newTask(taskId, changes), owner);
    const cameOnce = async (...all: PendingTask[]) => {
      await until(() => owner.came.length === all.length);
      assert.deepEqual(owner.came.splice(0), all);
    };

    beforeEach(async () => {
      file = join(temporaryDirectory(), 'cn-verify.db');
      owner = new Instance();
      await open();
    });
    afterEach(async () => {
      for (const task of tasks.list()) tasks.schedule(task, Number.POSITIVE_INFINITY);
      tasks.release(owner, true);
      await tasks.flush();
      await opened?.database.close();
    });

    it('are due when they were added, once', async () => {
      const added = [add('1'), add('2', { isDurable: false }), add('3')];
      await until(() => owner.came.length === 3);
      assert.deepEqual(new Set(owner.came), new Set(added));
      assert.deepEqual(await tasks.flush(), []);
      await nextTurns(20);
      assert.equal(owner.came.length, 3);
    });

    it('are due in the order of their pauses', async () => {
      const added = Array.from({ length: 60 }, (_, index) => add(`${index}`));
      await until(() => owner.came.length === 60);
      owner.came.length = 0;
      for (const [index, task] of added.entries()) tasks.schedule(task, 20 + 5 * ((index * 7) % 60));
      // A machine that holds this loop up makes some due later than their pauses say.
      const times = new Map(added.map((task) => [task, task.dueAt]));
      const inOrder = added.toSorted((a, b) => times.get(a)! - times.get(b)!);
      await until(() => owner.came.length === 60);
      assert.deepEqual(owner.came, inOrder);
    });

    it('are due when it was said last', async () => {
      const [first, second] = [add('1'), add('2')];
      await until(() => owner.came.length === 2);
      owner.came.length = 0;
      tasks.schedule(first, 10);
      tasks.schedule(second, 20);
      tasks.schedule(first, 400);
      tasks.schedule(second, 10_000);
      tasks.schedule(second, 40);
      await cameOnce(second, first);
    });

    it('are due at their deadline at the latest, and those that only have to be delivered never are', async () => {
      const since = Date.now();
      const task = add('1', { since, deadline: since + 50 });
      const delivery = add('2', { deadline: null });
      await until(() => owner.came.length === 2);
      owner.came.length = 0;
      for (const each of [task, delivery]) tasks.schedule(each, Number.POSITIVE_INFINITY);
      await cameOnce(task);
      assert.equal(delivery.dueAt, Number.POSITIVE_INFINITY);
    });

    it('can be due further away than a timer reaches', async () => {
      const warnings: string[] = [];
      process.on('warning', ({ name }) => warnings.push(name));
      const month = 31 * DAY_MS;
      const task = add('1', { deadline: Date.now() + 2 * month });
      await cameOnce(task);
      tasks.schedule(task, month);
      await nextTurns(20);
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(owner.came.length, 0);
      assert.ok(task.dueAt > performance.now() + month - 60_000);
      assert.deepEqual(warnings, []);
    });

    it('come in small groups, though ten thousand are due at once', async () => {
      const groups: number[] = [];
      const count = new (class extends Instance {
        override due(task: PendingTask): void {
          super.due(task);
          if (this.came.length % 64 === 1) setImmediate(() => groups.push(this.came.length));
        }
      })();
      for (let index = 0; index < 10_000; index++)
        tasks.add(newTask(`${index}`, { isDurable: false }), count);
      await until(() => count.came.length === 10_000);
      assert.ok(groups.length > 100, `${groups.length}`);
      tasks.release(count, true);
    });

    it('are listed, whoever their owner is, and dropped by that one', async () => {
      const task = add('owned');
      tasks.add(newTask('free'), null);
      assert.deepEqual(idsOf(tasks.list('node')), ['owned', 'free']);
      assert.deepEqual(tasks.list('node', task.id), [task]);
      assert.deepEqual(tasks.list('another'), []);
      assert.equal(tasks.drop(tasks.list()), 2);
      assert.deepEqual(owner.dropped, [task]);
      assert.deepEqual(idsOf(tasks.list()), ['owned']);
    });

    it('are queried at once where an operator wants it, but not twice', async () => {
      const task = add('1');
      const queried = add('2');
      tasks.add(newTask('free'), null);
      await until(() => owner.came.length === 2);
      owner.came.length = 0;
      queried.isQuerying = true;
      tasks.schedule(task, 60_000);
      assert.equal(tasks.queryNow(tasks.list()), 2);
      await cameOnce(task);
      await nextTurns(20);
      assert.deepEqual(owner.came, []);
    });

    it('go to the next instance, and the one before can end nothing any more', async () => {
      const task = add('1');
      const fleeting = add('2', { isDurable: false });
      await until(() => owner.came.length === 2);
      tasks.schedule(task, 20);
      assert.deepEqual(tasks.release(owner, true), [fleeting]);
      const next = new Instance();
      assert.deepEqual(tasks.claim('node', 'another-type', next), []);
      assert.deepEqual(tasks.claim('node', 'truth-poll', next), [task]);
      assert.deepEqual([task.stepReason, task.dueAt], ['resumed', Number.POSITIVE_INFINITY]);
      assert.deepEqual(tasks.claim('node', 'truth-poll', owner), []);
      tasks.delivered(task, owner);
      assert.deepEqual(tasks.list(), [task]);
      tasks.delivered(task, next);
      assert.deepEqual(tasks.list(), []);
      assert.equal(owner.came.length, 2);
    });

    it('of a node that is started again are queried one after the other, not all in one turn', () => {
      const added = ['1', '2', '3', '4', '5'].map((taskId, index) =>
        tasks.add(newTask(taskId, { since: Date.now() + index }), null),
      );
      const node = { id: 'node', type: 'truth-poll', receive() {} } as unknown as Node;
      new NodeTasks(node, tasks, {} as TaskRunner, undefined).resumePending();
      // The first is due at once. The clock of each is read a moment after that of the one before.
      const [, second, ...others] = added.map(({ dueAt }) => dueAt);
      for (const [index, dueAt] of others.entries()) assert.ok(dueAt - second! >= 400 * (index + 1));
    });

    it('keep the open HTTP request of a message until the node is gone', () => {
      const task = add('1', { message: { payload: 1, req: {}, res: {} } });
      tasks.release(owner, true);
      assert.deepEqual(Object.keys(task.message), ['payload', 'req', 'res']);
      tasks.claim('node', 'truth-poll', owner);
      tasks.release(owner, false);
      assert.deepEqual(Object.keys(task.message), ['payload']);
    });

    it('are kept without a node for seven days, counted again once they had one', () => {
      const start = Date.now();
      const exists = () => false;
      tasks.add(newTask('1'), null);
      add('owned');
      assert.deepEqual(idsOf(tasks.sweepOrphans(exists, start).kept), ['1']);
      assert.deepEqual(idsOf(tasks.sweepOrphans(exists, start + 6.9 * DAY_MS).kept), ['1']);
      tasks.claim('node', 'truth-poll', owner);
      tasks.release(owner, false);
      assert.deepEqual(tasks.sweepOrphans(() => true, start + 8 * DAY_MS).kept, []);
      assert.deepEqual(tasks.sweepOrphans(exists, start + 8 * DAY_MS).deleted, []);
      const { kept, deleted } = tasks.sweepOrphans(exists, start + 15.1 * DAY_MS);
      assert.deepEqual([idsOf(kept), idsOf(deleted).sort()], [[], ['1', 'owned']]);
      assert.deepEqual(tasks.list(), []);
    });

    for (const [what, days] of [
      ['two years ahead', 730],
      ['three years behind', -1_095],
    ] as const) {
      it(`are not deleted by a clock that is ${what} at one start`, () => {
        const start = Date.now();
        const exists = () => false;
        tasks.add(newTask('1'), null);
        tasks.sweepOrphans(exists, start);
        for (const at of [days, days + 6.9, 0, 6.9])
          assert.deepEqual(tasks.sweepOrphans(exists, start + at * DAY_MS).deleted, []);
        assert.deepEqual(idsOf(tasks.sweepOrphans(exists, start + 7.1 * DAY_MS).deleted), ['1']);
      });
    }

    if (where === 'in memory') {
      it('are none that could be lost where none is kept', async () => {
        add('1');
        assert.deepEqual(await tasks.flush(), []);
      });
      return;
    }

    it('are on disk before they are due', async () => {
      const { database } = opened!;
      const order: string[] = [];
      const { call } = database;
      database.call = async (operation, parameters, options) => {
        const answer = await call.call(database, operation, parameters, options);
        order.push(operation);
        return answer as never;
      };
      const count = 2_000;
      for (let index = 0; index < count; index++) add(`${index}`);
      for (const task of tasks.list()) assert.equal(task.isStored, false);
      await until(() => owner.came.length > 0);
      assert.ok(owner.came.every(({ isStored }) => isStored));
      await until(() => owner.came.length === count);
      assert.ok(order.every((operation) => operation === 'waiting.put'));
    });

    it('are all found by the next process, but not what was delivered, dropped, or should not survive', async () => {
      const [waiting, delivered, dropped] = ['1', '2', '3'].map((taskId) => add(taskId));
      waiting!.attempts = 3;
      add('fleeting', { isDurable: false });
      tasks.delivered(delivered!, owner);
      tasks.release(owner, true);
      tasks.drop([dropped!]);
      await reopen();
      const found = tasks.claim('node', 'truth-poll', owner);
      assert.deepEqual(idsOf(found), ['1']);
      const { work, message, attempts } = found[0]!;
      const expected = { work: { state: {} }, message: { payload: '1' }, attempts: 3 };
      assert.deepEqual({ work, message, attempts }, expected);
    });

    it('are found oldest first, more than one page of them', async () => {
      const start = Date.now() - 10_000;
      const taskIds = Array.from({ length: 1_500 }, (_, index) => `${index}`);
      for (const taskId of taskIds)
        tasks.add(
          newTask(taskId, { since: start + Number(taskId), message: { payload: 'x'.repeat(1_000) } }),
          owner,
        );
      await reopen();
      assert.deepEqual(idsOf(tasks.claim('node', 'truth-poll', owner)), taskIds);
    });

    const storedRows = async () =>
      (await opened!.database.call<object, unknown[]>('waiting.list', { after: '' })).length;

    it('stay on disk for two seconds after they were delivered: a kill may come before the next node has the message', async () => {
      const task = add('1');
      await cameOnce(task);
      tasks.delivered(task, owner);
      // A deletion at once would come first.
      await new Promise((resolve) => setTimeout(resolve, 1));
      assert.equal(await storedRows(), 1);
      await until(async () => (await storedRows()) === 0);
    });

    it('that were delivered on their way to the disk leave nothing there', async () => {
      const added = Array.from({ length: 50 }, (_, index) => add(`${index}`));
      await nextTurns(2);
      for (const task of added) tasks.delivered(task, owner);
      await until(async () => (await storedRows()) === 0);
      await reopen();
      assert.deepEqual(tasks.list(), []);
    });

    it('remember over a restart since when they have no node', async () => {
      const start = Date.now();
      tasks.add(newTask('1'), null);
      tasks.sweepOrphans(() => false, start - 6 * DAY_MS);
      await reopen();
      assert.deepEqual(idsOf(tasks.sweepOrphans(() => false, start).kept), ['1']);
      assert.deepEqual(idsOf(tasks.sweepOrphans(() => false, start + 1.1 * DAY_MS).deleted), ['1']);
      await reopen();
      assert.deepEqual(tasks.list(), []);
    });

    for (const [what, shift] of [
      ['behind', 2 * DAY_MS],
      ['ahead', -2 * DAY_MS],
    ] as const) {
      it(`never have more time left than at first, with a clock two days ${what} at the next start`, async () => {
        const since = Date.now() + shift;
        add('1', { since, deadline: since + 60_000 });
        await reopen();
        const [task] = tasks.claim('node', 'truth-poll', owner);
        const left = task!.until - performance.now();
        assert.ok(shift > 0 ? left > 0 && left <= 60_000 : left <= 0, `${left}`);
      });
    }

    it('are written again where another file stands in the place of theirs, but not what was delivered', async () => {
      const added = Array.from({ length: 100 }, (_, index) => add(`${index}`));
      await until(() => owner.came.length === 100);
      tasks.delivered(added[0]!, owner);
      const loaded = opened!.loaded();
      writeFileSync(`${file}.new`, '');
      renameSync(`${file}.new`, file);
      rmSync(`${file}-wal`);
      await until(() => opened!.loaded() > loaded);
      assert.equal(tasks.list().length, 99);
      await reopen();
      assert.equal(tasks.list().length, 99);
    });

    it('that cannot be opened are named, can be dropped, and go after seven days', async () => {
      for (const taskId of ['1', '2', '3']) add(taskId);
      await until(() => owner.came.length === 3);
      await tasks.flush();
      const { database } = opened!;
      const rows = await database.call<object, { taskIds: string[] }[]>('waiting.list', { after: '' });
      const row = rows.find(({ taskIds }) => taskIds[0] === '1');
      const content = Buffer.from('something that no version of Node.js has written').toString('base64');
      await database.call('waiting.put', { ...row, content });
      await reopen();
      assert.deepEqual(opened!.warnings, ['unreadable 1']);
      assert.deepEqual(idsOf(tasks.claim('node', 'truth-poll', owner)).sort(), ['2', '3']);
      const exists = () => true;
      const now = Date.now();
      assert.deepEqual(idsOf(tasks.sweepOrphans(exists, now).kept), ['1']);
      assert.deepEqual(idsOf(tasks.sweepOrphans(exists, now + 7.1 * DAY_MS).deleted), ['1']);
    });
  });
}

describe('waiting: pending tasks', () => {
  let file: string;
  let owner: Instance;
  beforeEach(() => {
    file = join(temporaryDirectory(), 'cn-verify.db');
    owner = new Instance();
  });
  afterEach(closeAll);

  it('are in memory only under another secret, and on disk once the right one is there', async () => {
    const first = await openTasks(file);
    first.tasks.add(newTask('1'), owner);
    assert.deepEqual(await first.tasks.flush(), []);
    await first.database.close();

    let secret = Buffer.alloc(32, 8);
    const { tasks, warnings, loaded } = await openTasks(file, () => secret);
    assert.deepEqual(tasks.list(), []);
    tasks.add(newTask('2'), owner);
    await until(() => owner.came.length === 2);
    assert.deepEqual(await tasks.flush(), ['2']);
    assert.deepEqual(warnings, ['secret-differs']);
    const before = loaded();
    secret = SECRET;
    await until(() => loaded() > before);
    assert.deepEqual(await tasks.flush(), []);
    assert.deepEqual(idsOf(tasks.claim('node', 'truth-poll', new Instance())), ['1']);
  });

  it('are due at once where another process has the database, in memory only, and are written when that has ended', async () => {
    const first = await openTasks(file);
    first.tasks.add(newTask('1'), null);
    assert.deepEqual(await first.tasks.flush(), []);
    const { tasks, database, warnings } = createTasks(file);
    tasks.add(newTask('2'), owner);
    assert.equal(database.state(), 'opening');
    await until(() => owner.came.length === 1);
    assert.deepEqual([database.state(), await tasks.flush()], ['held-elsewhere', ['2']]);
    await first.database.close();
    await until(async () => (await tasks.flush()).length === 0);
    assert.deepEqual(idsOf(tasks.claim('node', 'truth-poll', owner)), ['1']);
    assert.deepEqual(warnings, ['held-elsewhere', 'opened']);
  });

  for (const name of readdirSync(VERSIONS))
    it(`in a file that ${name} made are resumed, and new ones are written beside them`, async () => {
      const made = new DatabaseSync(file);
      made.exec(readFileSync(join(VERSIONS, name), 'utf8'));
      const { id } = made.prepare('SELECT id FROM waiting').get() as { id: string };
      const { bytes } = packContent({ work: { state: 1 }, message: { payload: 'waits' } })!;
      made.prepare('UPDATE waiting SET sealed = ?').run(new Seal(SECRET).seal('waiting', bytes, id));
      made.close();
      const { tasks, database, warnings } = await openTasks(file);
      const resumed = tasks.claim('a-node', 'truth-poll', owner);
      assert.deepEqual(
        resumed.map(({ taskIds, work, message }) => [taskIds, work, message]),
        [[['1', '2'], { state: 1 }, { payload: 'waits' }]],
      );
      tasks.add(newTask('3'), owner);
      resumed[0]!.attempts = 7;
      tasks.release(owner, true);
      assert.deepEqual(await tasks.flush(), []);
      await database.close();
      const next = await openTasks(file);
      assert.deepEqual(
        next.tasks.list().map(({ taskIds, attempts }) => [taskIds, attempts]),
        [
          [['1', '2'], 7],
          [['3'], 0],
        ],
      );
      assert.deepEqual(warnings, []);
    });

  it('are named as not on disk where a bug keeps them from it, and somebody is told', async () => {
    const first = await openTasks(file);
    await first.database.close();
    const changed = new DatabaseSync(file);
    changed.exec('ALTER TABLE waiting RENAME COLUMN attempts TO something');
    changed.close();
    const { tasks, database, warnings } = await openTasks(file);
    const task = tasks.add(newTask('1'), owner);
    await until(() => owner.came.length === 1);
    assert.deepEqual([database.state(), task.isStored, await tasks.flush()], ['ready', false, ['1']]);
    assert.deepEqual(warnings, ['bug in waiting.list', 'bug in waiting.put']);
  });
});
