/** That a photo is deleted when its time is over, whatever happens to the process, the clock and the store. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LocalFolder, type LocalStoreOptions, openLocalStore } from '../../src/photos/local';
import type { RemovablePhoto } from '../../src/photos/store';
import { StoredPhotos, type StoredPhotosOptions } from '../../src/photos/stored-photos';
import type { Deletions, Due, DuePhoto, NewPhoto, SteadyClock } from '../../src/photos/stored-photos-sql';
import type { Database } from '../../src/store/database';
import { temporaryDirectory } from '../demo-process';
import { failure, makeContext } from '../http/context';
import { atEnd, closeAll, pause } from '../http/server';
import { jpg, PNG } from '../input/pictures';
import { openTestDatabase } from '../store/open';
import { until } from '../until';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.parse('2026-11-25T10:45:00+08:00');
const MB = 1024 ** 2;
const LOCAL = { node: 'store', publicUrl: new URL('https://verify.example.com/flows'), keepMs: HOUR_MS };

describe('photos: stored', () => {
  let folder: string;
  let database: Database;
  /** What the clock on the wall says, and the steady one of this process. */
  let now: number;
  let steady: SteadyClock;
  /** Ids in the order in which they were deleted. */
  let deleted: string[];
  let tried: string[];
  let fails: (photo: DuePhoto) => boolean;
  const notices: string[] = [];

  beforeEach(() => {
    folder = temporaryDirectory();
    now = START;
    steady = { process: 'first', elapsed: 1_000 };
    database = openTestDatabase(join(folder, 'cn-verify.db'), { now: () => now });
    [deleted, tried, notices.length] = [[], [], 0];
    fails = () => false;
  });
  afterEach(closeAll);

  const shared = () => ({
    database,
    clock: () => ({ ...steady }),
    firstPauseMs: 50,
    notify: (notice: string, { count }: { count: number }) => notices.push(`${notice} ${count}`),
  });
  function open(options: Partial<StoredPhotosOptions> = {}): StoredPhotos {
    const stored = new StoredPhotos({
      ...shared(),
      scope: 'store',
      remove: async (photo) => {
        tried.push(photo.id);
        if (fails(photo)) throw new Error('The store is away.');
        deleted.push(photo.id);
      },
      ...options,
    });
    atEnd(() => stored.close());
    return stored;
  }
  const photo =
    (changes: Partial<NewPhoto> = {}) =>
    (id: string) => ({
      node: 'store',
      url: `https://example.com/${id}`,
      region: 'r',
      contentType: 'image/jpeg',
      bytes: 1_000,
      keepMs: HOUR_MS,
      maxBytes: null,
      ...changes,
    });
  const pass = (milliseconds: number) => {
    now += milliseconds;
    steady.elapsed += milliseconds;
  };
  /** As another process after a while; its steady clock begins somewhere. */
  const restart = async (stored: StoredPhotos, options?: Partial<StoredPhotosOptions>) => {
    stored.close();
    steady = { process: `after ${steady.process}`, elapsed: 7 };
    const next = open(options);
    await idle();
    return next;
  };
  const due = (scope: string | null = 'store') =>
    database.call<object, Due>('stored-photos.due', { scope, most: 9, clock: steady });
  const settle = (deletions: Partial<Deletions>) =>
    database.call<Deletions, number>('stored-photos.settle', { deleted: [], failed: [], ...deletions });
  /** Everything that was due when it was called was tried once. */
  const idle = () =>
    until(async () => {
      const found = await Promise.all(['store', null].map(due));
      return found.every(({ photos }) => photos.length === 0);
    }, 'Photos are due for ever.');
  const heldBy = async (stored: StoredPhotos) => (await stored.total('store')).count;
  const untilHeld = (stored: StoredPhotos, count: number) =>
    until(async () => (await heldBy(stored)) === count, `It does not hold ${count} photos.`);

  describe('are deleted', () => {
    it('when they are due, and not before, by the next process too', async () => {
      const first = open();
      const id = await first.enter(photo());
      assert.match(id, /^[\w-]{22}$/);
      pass(HOUR_MS / 2);
      const other = await first.enter(photo());
      assert.notEqual(other, id);
      pass(HOUR_MS / 2 - 1_000);
      const second = await restart(first);
      assert.deepEqual([deleted, await heldBy(second)], [[], 2]);
      pass(2_000);
      const third = await restart(second);
      assert.deepEqual([deleted, await heldBy(third)], [[id], 1]);
      pass(HOUR_MS);
      await restart(third);
      assert.deepEqual(deleted, [id, other]);
    });

    it('by themselves', async () => {
      now = Date.now();
      const started = performance.now();
      database = openTestDatabase(undefined, { now: Date.now });
      const stored = open({ clock: () => ({ process: 'first', elapsed: performance.now() - started }) });
      // It has looked once, and found nothing that it would wait for.
      await pause(100);
      const id = await stored.enter(photo({ keepMs: 400 }));
      await untilHeld(stored, 0);
      assert.deepEqual(deleted, [id]);
    });

    it('where they came while the store found that nothing is due', async () => {
      let goOn = () => {};
      let found = 0;
      const call = async <Answer>(operation: string, parameters: unknown, options?: object) => {
        const answer = await database.call<unknown, Answer>(operation, parameters, options);
        // The answer is on its way when the photo comes.
        if (operation.endsWith('.due') && found++ === 0)
          await new Promise<void>((resolve) => (goOn = resolve));
        return answer;
      };
      const stored = open({ database: { ...database, call } as Database });
      await until(() => found === 1, 'the store does not look');
      stored.discard(await stored.enter(photo()), false);
      await pause(20);
      goOn();
      await until(() => deleted.length === 1, 'it is not deleted');
    });

    it('at once where they are not needed, and others are not', async () => {
      const stored = open();
      const [one, other] = [await stored.enter(photo()), await stored.enter(photo())];
      stored.discard(one, false);
      await untilHeld(stored, 1);
      assert.deepEqual(deleted, [one]);
      stored.forget(other);
      await untilHeld(stored, 0);
      assert.deepEqual(deleted, [one], 'what was not put is not deleted');
    });

    it('twice where an upload may end after the first time', async () => {
      const stored = open();
      const id = await stored.enter(photo());
      pass(10 * MINUTE_MS);
      stored.discard(id, true);
      await until(() => deleted.length === 1, 'it is not deleted');
      const next = await restart(stored);
      assert.deepEqual([deleted, await heldBy(next)], [[id], 1]);
      pass(50 * MINUTE_MS + 1_000);
      const last = await restart(next);
      assert.deepEqual([deleted, await heldBy(last)], [[id, id], 0]);
    });

    it('by their own store alone', async () => {
      const stored = open();
      await stored.enter(photo());
      const local = await stored.enter(photo({ url: null }));
      const other = await stored.enter(photo({ node: 'another' }));
      pass(2 * HOUR_MS);
      const mine: string[] = [];
      const remove = async ({ id }: DuePhoto) => void mine.push(id);
      stored.close();
      open({ scope: null, remove });
      await until(() => mine.length > 0, 'it is not deleted');
      assert.deepEqual(mine, [local]);
      open({ scope: 'another', remove });
      await until(() => mine.length > 1, 'it is not deleted');
      assert.deepEqual(mine, [local, other]);
    });

    it('in the order in which they are due, more of them than are read at once', async () => {
      const stored = open();
      const ids = await Promise.all(
        Array.from({ length: 120 }, (_, index) => stored.enter(photo({ keepMs: HOUR_MS + index }))),
      );
      pass(2 * HOUR_MS);
      await untilHeld(await restart(stored), 0);
      assert.deepEqual(deleted, ids);
      assert.deepEqual(notices, []);
    });
  });

  describe('are kept no longer than they may', () => {
    /** A photo that is kept for an hour. */
    async function entered(): Promise<StoredPhotos> {
      const stored = open();
      await stored.enter(photo());
      return stored;
    }
    /** In the same process: something else wakes the store. */
    const look = async (stored: StoredPhotos) => {
      const other = await stored.enter(photo({ keepMs: 30 * DAY_MS }));
      stored.discard(other, false);
      await until(() => deleted.includes(other), 'the store sleeps');
      await idle();
      return heldBy(stored);
    };

    /** Minutes that pass, by how many the clock is set then, and how many photos are held after that. */
    type Step = [passed: number, set: number, held: number, how?: 'restart'];
    const clocks: [string, ...Step[]][] = [
      ['where the clock is set back by a day', [30, -1_440, 1], [25, 0, 1], [6, 0, 0]],
      ['where the clock is set ahead, which makes it early', [1, 120, 0]],
      ['where the clock was set back while nothing ran', [1, -60, 0, 'restart']],
      [
        'and no shorter for a clock that is behind by a little after a start',
        ...([
          [30, 0, 1],
          [0, -2, 1, 'restart'],
          [29, 0, 1],
          [2, 0, 0],
        ] as const satisfies Step[]),
      ],
    ];
    for (const [name, ...steps] of clocks)
      it(name, async () => {
        let stored = await entered();
        for (const [passed, set, held, how] of steps) {
          pass(passed * MINUTE_MS);
          now += set * MINUTE_MS;
          if (how) stored = await restart(stored);
          assert.equal(how ? await heldBy(stored) : await look(stored), held);
        }
      });

    it('where one has to be deleted twice, and the clock is set back before the first time', async () => {
      const stored = open();
      fails = () => true;
      stored.discard(await stored.enter(photo()), true);
      await until(() => tried.length === 1, 'it is not tried');
      pass(MINUTE_MS);
      now -= DAY_MS;
      fails = () => false;
      assert.equal(await look(stored), 1, 'it is deleted once');
      pass(HOUR_MS);
      assert.equal(await look(stored), 0);
    });

    for (const [name, setBy, late] of [
      ['where the clock is set back by a moment again and again', () => -900, 0],
      [
        'and no shorter for a clock that goes back and forth by a moment',
        (second: number) => (second % 2 ? 900 : -900),
        1,
      ],
    ] as const)
      it(name, async () => {
        const stored = await entered();
        for (let second = 0; second < 60; second++) {
          pass(1_000);
          now += setBy(second);
          await stored.enter(photo({ keepMs: 30 * DAY_MS, node: 'another' }));
        }
        pass(59 * MINUTE_MS - 5_000);
        assert.equal(await look(stored), 1);
        pass(late ? 3_000 : 6_100);
        assert.equal(await look(stored), late);
      });
  });

  describe('that cannot be deleted', () => {
    it('are tried again, later each time, and that is reported once', async () => {
      // Longer than this takes: only the next process tries again.
      const slow = { firstPauseMs: MINUTE_MS };
      const stored = open(slow);
      fails = () => true;
      const id = await stored.enter(photo());
      stored.discard(id, false);
      await until(() => notices.length === 1, 'nothing is reported');
      const retryIn = async () => (await due()).photos[0]?.attempts;
      assert.equal(await retryIn(), undefined, 'it is not due again yet');
      pass(MINUTE_MS + 1);
      assert.equal(await retryIn(), 1);
      const next = await restart(stored, slow);
      assert.equal(tried.length, 2);
      // Twice as long as before.
      pass(1.2 * MINUTE_MS);
      assert.equal(await retryIn(), undefined);
      pass(0.9 * MINUTE_MS);
      fails = () => false;
      await untilHeld(await restart(next, slow), 0);
      assert.deepEqual([tried.length, deleted], [3, [id]]);
    });

    it('do not hold up the others', async () => {
      const stored = open();
      const ids = await Promise.all(Array.from({ length: 20 }, () => stored.enter(photo())));
      const bad = new Set(ids.slice(0, 6));
      fails = ({ id }) => bad.has(id);
      pass(2 * HOUR_MS);
      const next = await restart(stored);
      await untilHeld(next, 6);
      assert.deepEqual(new Set(deleted), new Set(ids.slice(6)));
      assert.deepEqual(notices, ['kept-on 6']);
      fails = () => false;
      pass(HOUR_MS);
      await untilHeld(await restart(next), 0);
    });

    it('say that the store is away, so that the others are not tried', async () => {
      const stored = open();
      await Promise.all(Array.from({ length: 40 }, () => stored.enter(photo())));
      fails = () => true;
      pass(2 * HOUR_MS);
      stored.close();
      open({ firstPauseMs: 60_000 });
      await until(() => notices.length === 1, 'nothing is reported');
      assert.ok(tried.length >= 8 && tried.length <= 11, `${tried.length}`);
      assert.equal(notices.join(), `kept-on ${tried.length}`);
    });

    it('are reported to be deleted again once all of them are', async () => {
      const stored = open();
      fails = () => true;
      for (const id of [await stored.enter(photo()), await stored.enter(photo())]) stored.discard(id, false);
      await until(() => notices.length > 0, 'nothing is reported');
      fails = () => false;
      pass(HOUR_MS);
      stored.discard(await stored.enter(photo()), false);
      await until(() => notices.length === 2, 'nothing is reported');
      assert.match(notices.join(), /^kept-on [12],deleted-again 0$/);
    });

    const failedAttempts = async (id: string, count: number) => {
      for (let attempt = 0; attempt < count; attempt++)
        assert.equal(await settle({ failed: [{ id, retryInMs: 1 }] }), 0, `${attempt}`);
    };

    it('are given up after a week and a hundred attempts, and not after one of these alone', async () => {
      const stored = open();
      const [often, seldom] = [await stored.enter(photo()), await stored.enter(photo())];
      stored.close();
      await failedAttempts(often, 120);
      await failedAttempts(seldom, 1);
      pass(7 * DAY_MS);
      await failedAttempts(often, 1);
      pass(365 * DAY_MS);
      await failedAttempts(seldom, 98);
      for (const id of [often, seldom]) assert.equal(await settle({ failed: [{ id, retryInMs: 1 }] }), 1);
      assert.equal(await heldBy(stored), 0);
    });

    it('and are given up: that is reported', async () => {
      const stored = open();
      const id = await stored.enter(photo());
      stored.close();
      fails = () => true;
      await failedAttempts(id, 99);
      pass(8 * DAY_MS);
      await restart(stored);
      await until(() => notices.length > 0, 'nothing is reported');
      assert.deepEqual([notices[0], tried], ['given-up 1', [id]]);
    });
  });

  describe('are written down', () => {
    it('before they are put, or not put at all', async () => {
      const stored = open();
      await stored.enter(photo());
      assert.deepEqual(await stored.total('store'), { count: 1, bytes: 1_000, oldest: START });
      assert.deepEqual(await stored.total('another'), { count: 0, bytes: 0, oldest: null });
      stored.close();
      await failure(stored.enter(photo()), 'CANCELLED');
      await untilHeld(stored, 1);
    });

    const enterTwice = async () => {
      const stored = open();
      stored.close();
      const entry = { ...photo()('one'), id: 'one', clock: steady };
      for (let run = 0; run < 2; run++) await database.call('stored-photos.enter', entry);
      assert.equal(await heldBy(stored), 1);
      return stored;
    };

    it('once, though an operation may run twice', async () => {
      const stored = await enterTwice();
      for (let run = 0; run < 2; run++)
        await database.call('stored-photos.discard', { id: 'one', mayArrive: true });
      const { photos } = await due();
      assert.equal(photos.length, 1);
      for (let run = 0; run < 2; run++) await settle({ deleted: photos });
      assert.equal(await heldBy(stored), 1, 'it is deleted once more, later');
      pass(2 * HOUR_MS);
      await settle({ deleted: (await due()).photos });
      assert.equal(await heldBy(stored), 0);
    });

    it('and one that is discarded while it is deleted is deleted once more', async () => {
      const stored = await enterTwice();
      pass(2 * HOUR_MS);
      const { photos } = await due();
      await settle({ deleted: photos.map((each) => ({ ...each, delete_at: each.delete_at - 1 })) });
      assert.equal(await heldBy(stored), 1);
    });
  });

  describe('as files of this Node-RED', () => {
    let photos: string;
    let local: LocalFolder;
    beforeEach(() => {
      photos = join(folder, 'photos');
      local = openFolder();
    });

    function openFolder(): LocalFolder {
      const opened = new LocalFolder({ ...shared(), folder: photos });
      atEnd(() => opened.photos.close());
      return opened;
    }
    const put = (bytes = jpg(2_000), options: Partial<LocalStoreOptions> = {}): Promise<RemovablePhoto> =>
      openLocalStore(local, { ...LOCAL, maxBytes: MB, ...options }).put(bytes, makeContext());
    const idOf = ({ url }: RemovablePhoto) => url.slice(-22);
    const files = () => (existsSync(photos) ? readdirSync(photos).sort() : []);

    it('have names that nobody guesses, are their owner’s alone, and are found by their names', async () => {
      const puts = [await put(jpg(2_000)), await put(PNG)];
      const [one, other] = puts.map(idOf) as [string, string];
      assert.equal(puts[0]!.url, `https://verify.example.com/flows/cn-verify/photos/${one}`);
      assert.deepEqual(files(), [one, other].sort());
      assert.equal(statSync(join(photos, one)).mode & 0o777, 0o600);
      assert.equal(statSync(photos).mode & 0o777, 0o700);
      assert.ok(readFileSync(join(photos, other)).equals(PNG));
      assert.deepEqual(await local.find(one), { folder: photos, name: one, contentType: 'image/jpeg' });
      assert.equal((await local.find(other))?.contentType, 'image/png');
      for (const wrong of ['', '..', `${one}x`, `../photos/${one}`, 'A'.repeat(22)])
        assert.equal(await local.find(wrong), null, wrong);
    });

    it('are gone for the world when their time is over, before anything deletes them', async () => {
      const id = idOf(await put());
      local.photos.close();
      pass(HOUR_MS - 1);
      assert.notEqual(await local.find(id), null);
      pass(1);
      assert.deepEqual([await local.find(id), files()], [null, [id]]);
      local = openFolder();
      await until(() => files().length === 0, 'it is not deleted');
    });

    it('are gone at once where they are not needed', async () => {
      const discarded = await put();
      const tested = await put();
      discarded.discard();
      await tested.remove(makeContext());
      await until(() => files().length === 0, 'they are not deleted');
      await untilHeld(local.photos, 0);
    });

    it('have no more bytes than their store may, each store its own', async () => {
      const limit = { maxBytes: 5_000 };
      const first = await put(jpg(3_000), limit);
      await put(jpg(2_000), limit);
      const refused = await failure(put(jpg(2_000), limit), 'CONFIG');
      assert.deepEqual(
        [refused.problem, refused.values, refused.details.charged],
        ['store-full', { maxMB: 0 }, false],
      );
      assert.equal(files().length, 2);
      await put(jpg(2_000), { ...limit, node: 'another' });
      await put(jpg(2_000), { maxBytes: 7_000 });
      first.discard();
      await untilHeld(local.photos, 2);
      await put(jpg(1_000), limit);
    });

    it('are not written down for good where the disk does not take them', async () => {
      writeFileSync(photos, 'of somebody');
      const refused = await failure(put(), 'CONFIG');
      assert.deepEqual(
        [refused.problem, refused.values, refused.details.charged],
        ['store-unwritable', { code: 'EEXIST' }, false],
      );
      rmSync(photos);
      await untilHeld(local.photos, 0);
    });

    it('that the file system does not delete are reported and tried again', async () => {
      const id = idOf(await put());
      // No file can be unlinked that is a folder.
      rmSync(join(photos, id));
      mkdirSync(join(photos, id));
      pass(2 * HOUR_MS);
      local.photos.close();
      local = openFolder();
      await until(() => notices.length === 1, 'nothing is reported');
      assert.deepEqual(notices, ['kept-on 1']);
      rmSync(join(photos, id), { recursive: true });
      pass(HOUR_MS);
      local.photos.discard(idOf(await put()), false);
      await untilHeld(local.photos, 0);
    });

    it('that the database does not know are deleted, and nothing else is', async () => {
      const kept = idOf(await put());
      const unknown = Array.from({ length: 3 }, (_, index) => `${index}`.repeat(22));
      for (const name of [...unknown, 'notes.txt', `${'x'.repeat(22)}.1`])
        writeFileSync(join(photos, name), 'x');
      await local.deleteUnknown();
      assert.deepEqual(files(), [kept, 'notes.txt', `${'x'.repeat(22)}.1`].sort());
    });

    it('that the database forgot, because another file stands in its place, are deleted', async () => {
      await put();
      const other = temporaryDirectory();
      const empty = openTestDatabase(join(other, 'cn-verify.db'), { now: () => now });
      await empty.call('stored-photos.total', { node: 'store' });
      await empty.close();
      renameSync(join(other, 'cn-verify.db'), join(folder, 'cn-verify.db'));
      await until(() => files().length === 0, 'it is not deleted');
      assert.equal((await local.photos.total('store')).count, 0);
    });
  });
});
