/** The book over a real journal, in memory and on disk. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Beginning, Book, type Entry, type Holder } from '../../src/waiting/book';
import { Journal } from '../../src/waiting/journal';
import { temporaryDirectory } from '../demo-process';
import { KEY } from './process';

const DAY_MS = 86_400_000;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const idsOf = (entries: readonly { taskIds: readonly string[] }[]) =>
  entries.flatMap(({ taskIds }) => taskIds);

/** An instance of a node, and what it was told. */
class Instance implements Holder {
  readonly came: { entry: Entry; at: number }[] = [];
  readonly dropped: Entry[] = [];
  due(entry: Entry): void {
    this.came.push({ entry, at: performance.now() });
  }
  drop(entry: Entry): void {
    this.dropped.push(entry);
  }
}

function beginning(taskId: string, rest: Partial<Beginning> = {}): Beginning {
  const now = Date.now();
  return {
    ...{ node: 'node', type: 'truth-poll', since: now, deadline: now + 60_000, taskIds: [taskId] },
    ...{ work: { state: {} }, message: { payload: taskId }, durable: true, ...rest },
  };
}

for (const where of ['in memory', 'on disk'] as const) {
  describe(`waiting: the book, ${where}`, () => {
    const isOnDisk = where === 'on disk';
    let folder: string | null;
    let book: Book;
    let journal: Journal;
    let holder: Instance;
    const open = async () => {
      journal = new Journal({
        folder,
        key: () => KEY,
        told: (trouble) => assert.fail(trouble),
        onFound: () => assert.fail('The folder was not free'),
      });
      book = new Book(journal);
      book.found(await journal.open());
    };
    /** What another process would find. */
    const reopen = async () => {
      await book.settle();
      await journal.close();
      await open();
    };
    const enter = (taskId: string, rest?: Partial<Beginning>) => book.enter(beginning(taskId, rest), holder);

    beforeEach(async () => {
      folder = isOnDisk ? join(temporaryDirectory(), 'waiting') : null;
      holder = new Instance();
      await open();
    });
    afterEach(() => journal.close());

    it('says whether an entry is safe', async () => {
      assert.equal(await enter('1').written, isOnDisk);
      assert.equal(await enter('2', { durable: false }).written, false);
    });

    it('has every entry with its holder, in the order they are due', async () => {
      const pauses = Array.from({ length: 60 }, (_, index) => 5 * ((index * 7) % 60));
      const start = performance.now() + 50;
      for (const milliseconds of pauses)
        book.due(enter(`${milliseconds}`).entry, start + milliseconds - performance.now());
      while (holder.came.length < pauses.length) await pause(20);
      assert.deepEqual(
        idsOf(holder.came.map(({ entry }) => entry)),
        Array.from({ length: 60 }, (_, index) => `${5 * index}`),
      );
    });

    it('takes the latest word for when an entry is due', async () => {
      const { entry } = enter('1');
      const { entry: other } = enter('2');
      const start = performance.now();
      book.due(entry, 10);
      book.due(other, 20);
      book.due(entry, 600);
      book.due(other, 10_000);
      book.due(other, 40);
      while (holder.came.length < 2) await pause(20);
      assert.deepEqual(idsOf(holder.came.map(({ entry }) => entry)), ['2', '1']);
      assert.ok(holder.came[0]!.at - start >= 39);
      assert.ok(holder.came[1]!.at - start >= 599);
    });

    it('does not hold the event loop for ten thousand that are due at once', async () => {
      for (let index = 0; index < 10_000; index++) book.due(enter(`${index}`, { durable: false }).entry, 20);
      let turns = 0;
      for (; holder.came.length < 10_000; turns++) await pause(0);
      assert.ok(turns > 50, `${turns}`);
    });

    it('has an entry due at its deadline at the latest', async () => {
      const now = Date.now();
      book.due(enter('1', { since: now, deadline: now + 50 }).entry, Number.POSITIVE_INFINITY);
      await pause(100);
      assert.equal(holder.came.length, 1);
    });

    it('lists and ends what nobody has in hand, and leaves the rest to its holder', async () => {
      const { entry } = enter('held');
      book.enter(beginning('free'), null);
      assert.deepEqual(idsOf(book.list('node')), ['held', 'free']);
      assert.deepEqual(book.list('node', entry.id), [entry]);
      assert.deepEqual(book.list('another'), []);
      assert.equal(book.drop(book.list()), 2);
      assert.deepEqual(holder.dropped, [entry]);
      assert.deepEqual(idsOf(book.list()), ['held']);
    });

    it('asks after what has a holder, once', async () => {
      const { entry } = enter('1');
      const { entry: asked } = enter('2');
      asked.asking = true;
      book.enter(beginning('free'), null);
      book.due(entry, 60_000);
      assert.equal(book.ask(book.list()), 2);
      await pause(20);
      assert.deepEqual(
        holder.came.map(({ entry }) => entry),
        [entry],
      );
    });

    it('hands over to the next instance, whose predecessor can end nothing any more', async () => {
      const { entry } = enter('1');
      book.due(entry, 20);
      const { entry: fleeting } = enter('2', { durable: false });
      assert.deepEqual(book.detach(holder, true), [fleeting]);
      await pause(40);
      assert.deepEqual(holder.came, []);
      const next = new Instance();
      assert.deepEqual(book.hold('node', 'another-type', next), []);
      assert.deepEqual(book.hold('node', 'truth-poll', next), [entry]);
      assert.deepEqual(book.hold('node', 'truth-poll', holder), []);
      book.sent(entry, holder);
      assert.deepEqual(book.list(), [entry]);
      book.sent(entry, next);
      assert.deepEqual(book.list(), []);
    });

    it('lets go of the answer to a request only when the node is gone', () => {
      const { entry } = enter('1', { message: { payload: 1, req: {}, res: {} } });
      book.detach(holder, true);
      assert.deepEqual(Object.keys(entry.message), ['payload', 'req', 'res']);
      book.hold('node', 'truth-poll', holder);
      book.detach(holder, false);
      assert.deepEqual(Object.keys(entry.message), ['payload']);
    });

    it('keeps what has no node for seven days, and forgets how long once it has one again', async () => {
      const start = Date.now();
      const exists = () => false;
      book.enter(beginning('1'), null);
      enter('held');
      assert.deepEqual(idsOf(book.orphans(exists, start).kept), ['1']);
      assert.deepEqual(idsOf(book.orphans(exists, start + 6.9 * DAY_MS).kept), ['1']);
      book.hold('node', 'truth-poll', holder);
      book.detach(holder, false);
      assert.deepEqual(idsOf(book.orphans(() => true, start + 8 * DAY_MS).kept), []);
      assert.deepEqual(idsOf(book.orphans(exists, start + 8 * DAY_MS).gone), []);
      const { gone } = book.orphans(exists, start + 15.1 * DAY_MS);
      assert.deepEqual(idsOf(gone).sort(), ['1', 'held']);
      assert.deepEqual(book.list(), []);
    });

    if (!isOnDisk) return;

    it('gives the next process all that was not sent', async () => {
      const entries = ['1', '2', '3'].map((taskId) => enter(taskId).entry);
      enter('fleeting', { durable: false });
      book.sent(entries[1]!, holder);
      book.end(entries[2]!);
      await reopen();
      assert.deepEqual(idsOf(book.hold('node', 'truth-poll', holder)), ['1']);
    });

    it('has what was sent on disk for two seconds: a kill comes before the next node has it', async () => {
      const { entry, written } = enter('1');
      await written;
      book.sent(entry, holder);
      const onDisk = async () => {
        // Not settled: that is what a kill leaves.
        await journal.close();
        await open();
        return idsOf(book.list());
      };
      assert.deepEqual(await onDisk(), ['1']);
      const [again] = book.hold('node', 'truth-poll', holder);
      book.sent(again!, holder);
      await pause(2_100);
      assert.deepEqual(await onDisk(), []);
    });

    it('remembers over a restart since when there is no node', async () => {
      const start = Date.now();
      book.enter(beginning('1'), null);
      book.orphans(() => false, start - 6 * DAY_MS);
      await reopen();
      assert.deepEqual(idsOf(book.orphans(() => false, start).kept), ['1']);
      assert.deepEqual(idsOf(book.orphans(() => false, start + 1.1 * DAY_MS).gone), ['1']);
      await reopen();
      assert.deepEqual(book.list(), []);
    });

    for (const [what, shift] of [
      ['behind', 2 * DAY_MS],
      ['ahead', -2 * DAY_MS],
    ] as const) {
      it(`gives never more than there was at first, with a clock two days ${what} at the next start`, async () => {
        const since = Date.now() + shift;
        enter('1', { since, deadline: since + 60_000 });
        await reopen();
        const [entry] = book.hold('node', 'truth-poll', holder);
        const left = entry!.until - performance.now();
        const expected = shift > 0 ? 60_000 : 0;
        assert.ok(Math.abs(left - expected) < 1_000, `${left}`);
      });
    }
  });
}
