import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { VerifyError } from '../../src/contract/errors';
import { Seen } from '../../src/photos/seen';
import type { Database, DatabaseOptions } from '../../src/store/database';
import { temporaryDirectory } from '../demo-process';
import { atEnd, closeAll } from '../http/server';
import { openTestDatabase } from '../store/open';

const NEVER = Number.POSITIVE_INFINITY;
const DAY_MS = 86_400_000;
const START = Date.parse('2026-11-25T10:45:00+08:00');

describe('photos: which came before', () => {
  let file: string;
  let database: Database;
  let seen: Seen;
  /** What the clock of the database and of `Seen` says. */
  let now: number;

  beforeEach(() => {
    file = join(temporaryDirectory(), 'cn-verify.db');
    now = START;
    open();
  });
  afterEach(closeAll);

  function open(options: Partial<DatabaseOptions> = {}): void {
    database = openTestDatabase(file, { now: () => now, ...options });
    const opened = new Seen({ database, now: () => now });
    seen = opened;
    atEnd(() => opened.close());
  }
  const restart = async () => {
    seen.close();
    await database.close();
    open();
  };
  const photos = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({
      identity: `code ${from + index}`,
      photo: `photo ${from + index}`,
    }));
  const copies = (from: number, to: number) =>
    photos(from, to).map(({ identity, photo }) => ({ identity, photo: `copy of ${photo}` }));
  const record = (given: ReturnType<typeof photos>, days = 30) => seen.recordAndCheck(given, days);

  it('says how long ago, and the same again to a photo that comes again, after a restart too', async () => {
    assert.deepEqual(await record(photos(0, 2)), [NEVER, NEVER]);
    now += DAY_MS;
    assert.deepEqual(await record(copies(1, 3)), [DAY_MS, NEVER]);
    for (const days of [8, 1]) {
      await restart();
      now += days * DAY_MS;
      assert.deepEqual(await record([...photos(0, 2), ...copies(1, 3)]), [NEVER, NEVER, DAY_MS, NEVER]);
    }
    assert.deepEqual(await record([]), []);
  });

  it('tells copies within one message in their order, whatever stands between them', async () => {
    const given = ['b', 'a', 'b', 'c', 'a', 'b'].map((identity, index) => ({ identity, photo: `${index}` }));
    assert.deepEqual(await record(given), [NEVER, NEVER, 0, NEVER, 0, 0]);
    now += 5_000;
    assert.deepEqual(await record(given), [NEVER, NEVER, 0, NEVER, 0, 0]);
    assert.deepEqual(await record([{ identity: 'a', photo: 'later' }]), [5_000]);
  });

  it('does not take one photo for another that has the same name under another identity', async () => {
    assert.deepEqual(await record([{ identity: 'a', photo: 'x' }]), [NEVER]);
    now += 1_000;
    assert.deepEqual(await record([{ identity: 'a', photo: 'y' }]), [1_000]);
    assert.deepEqual(await record([{ identity: 'b', photo: 'y' }]), [NEVER]);
  });

  it('counts from the latest copy, and is not confused by a clock that was set back', async () => {
    const identity = 'code';
    assert.deepEqual(await record([{ identity, photo: 'first' }]), [NEVER]);
    now += 5 * DAY_MS;
    assert.deepEqual(await record([{ identity, photo: 'second' }]), [5 * DAY_MS]);
    now += 2 * DAY_MS;
    assert.deepEqual(await record([{ identity, photo: 'third' }]), [2 * DAY_MS]);
    now = START;
    assert.deepEqual(await record([{ identity, photo: 'fourth' }]), [0]);
  });

  it('keeps digests alone, and none under another secret', async () => {
    await record([{ identity: 'ANTIFAKE7', photo: 'https://example.com/SITE7.jpg' }]);
    for (const name of readdirSync(dirname(file))) {
      const content = readFileSync(join(dirname(file), name), 'latin1');
      assert.ok(!content.includes('ANTIFAKE7') && !content.includes('SITE7'), name);
    }
    await database.close();
    open({ secret: async () => Buffer.alloc(32, 8) });
    const error = await record([{ identity: 'ANTIFAKE7', photo: 'x' }]).catch((reason: unknown) => reason);
    assert.ok(error instanceof VerifyError);
    assert.deepEqual([error.code, error.problem, error.details.charged], ['CONFIG', 'secret-differs', false]);
  });

  it('gives no verdict where nothing can be written down', async () => {
    open({ file: '/dev/null/cn-verify.db' });
    await assert.rejects(record(photos(0, 1)), { code: 'CONFIG', details: { charged: false } });
  });

  describe('is forgotten', () => {
    /** As at the next start: time counts from the photo that came last before it. */
    const startAndForget = async () => {
      await record(photos(900, 901));
      await restart();
      await seen.forget();
    };
    const isKnown = async (code: number) => (await record(copies(code, code + 1)))[0] !== NEVER;

    for (const [days, wanted] of [
      [7, false],
      [8, true],
    ] as const) {
      it(`${wanted ? 'not ' : ''}7.5 days later, where a node looks back ${days}`, async () => {
        await record(photos(0, 1), days);
        now += 7.5 * DAY_MS;
        await startAndForget();
        assert.equal(await isKnown(0), wanted);
      });
    }

    it('after as many days as any node that is deployed looks back', async () => {
      const release = seen.keepFor(30);
      seen.keepFor(10);
      await record(photos(0, 1), 1);
      release();
      await record(photos(1, 2), 1);
      now += 20 * DAY_MS;
      await startAndForget();
      assert.deepEqual([await isKnown(0), await isKnown(1)], [true, false]);
    });

    it('but not because the clock is two years ahead at one start', async () => {
      await record(photos(0, 1), 7);
      now += 730 * DAY_MS;
      await restart();
      await record(photos(1, 2), 7);
      await seen.forget();
      now = START + DAY_MS;
      await restart();
      await seen.forget();
      assert.ok(await isKnown(0));
    });

    it('in small steps, of which none deletes what is not over', async () => {
      await record(photos(0, 1_200), 7);
      now += 8 * DAY_MS;
      await record(photos(2_000, 2_010), 7);
      await startAndForget();
      const gaps = await record([...copies(0, 1_200), ...copies(2_000, 2_010)]);
      const count = (wanted: number) => gaps.filter((gap) => gap === wanted).length;
      assert.deepEqual([count(NEVER), count(0)], [1_200, 10]);
    });
  });
});
