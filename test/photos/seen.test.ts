import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { VerifyError } from '../../src/errors';
import { Seen } from '../../src/photos/seen';
import { DIGEST_BYTES, SeenMemory } from '../../src/photos/seen-memory';
import { temporaryDirectory } from '../demo-process';
import { KEY, SeenProcess } from './seen-process';

const NEVER = Number.POSITIVE_INFINITY;
const DAY_MS = 86_400_000;
const NOW = Date.now();

describe('photos: what came before', () => {
  let folder: string;
  let seen: Seen;
  let damaged: number[];
  const opened = (capacity?: number, key = KEY) =>
    new Seen({
      folder,
      key: async () => key,
      now: Date.now,
      damaged: (count) => damaged.push(count),
      ...(capacity ? { capacity } : {}),
    });
  const photos = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({
      same: `code ${from + index}`,
      photo: `photo ${from + index}`,
    }));
  const again = (from: number, to: number) =>
    photos(from, to).map(({ same, photo }) => ({ same, photo: `another ${photo}` }));
  const files = () =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.seen'))
      .sort();

  beforeEach(() => {
    folder = join(temporaryDirectory(), 'ledger/seen');
    damaged = [];
    seen = opened();
  });
  afterEach(() => seen.close());

  it('is told in milliseconds, and the same again to a photo that comes again', async () => {
    assert.deepEqual(await seen.meet(photos(0, 2), NOW), [NEVER, NEVER]);
    assert.deepEqual(await seen.meet(again(1, 3), NOW + DAY_MS), [DAY_MS, NEVER]);
    assert.deepEqual(await seen.meet([...photos(0, 2), ...again(1, 3)], NOW + 9 * DAY_MS), [
      NEVER,
      NEVER,
      DAY_MS,
      NEVER,
    ]);
  });

  it('counts from the latest one, and is not confused by a clock that was set back', async () => {
    const same = 'code';
    assert.deepEqual(await seen.meet([{ same, photo: 'first' }], NOW), [NEVER]);
    assert.deepEqual(await seen.meet([{ same, photo: 'second' }], NOW + 5 * DAY_MS), [5 * DAY_MS]);
    assert.deepEqual(await seen.meet([{ same, photo: 'third' }], NOW + 7 * DAY_MS), [2 * DAY_MS]);
    assert.deepEqual(await seen.meet([{ same, photo: 'fourth' }], NOW), [0]);
  });

  it('is the same after a restart', async () => {
    await seen.meet(photos(0, 50), NOW);
    await seen.meet(again(0, 5), NOW + DAY_MS);
    await seen.close();
    seen = opened();
    assert.deepEqual(await seen.meet(again(0, 2), NOW + 2 * DAY_MS), [DAY_MS, DAY_MS]);
    assert.deepEqual(await seen.meet(photos(0, 2), NOW + 2 * DAY_MS), [NEVER, NEVER]);
    assert.deepEqual(await seen.meet(again(10, 11), NOW + 2 * DAY_MS), [2 * DAY_MS]);
    assert.deepEqual(damaged, []);
  });

  it('holds nothing that could be looked up, and that only the owner can read', async () => {
    await seen.meet([{ same: 'ANTIFAKE7', photo: 'task https://example.com/somebody.jpg' }], NOW);
    const file = join(folder, files()[0]!);
    assert.match(readFileSync(file, 'latin1'), /^[\w-]{16} [\w-]{16} \d{10}\n$/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await seen.close();
    const others = join(folder, '00000001.seen');
    const before = readFileSync(others, 'latin1');
    seen = opened(undefined, Buffer.alloc(32, 8));
    assert.deepEqual(await seen.meet([{ same: 'ANTIFAKE7', photo: 'x' }], NOW), [NEVER]);
    assert.ok(!readFileSync(others, 'latin1').slice(before.length).includes(before.slice(0, 16)));
  });

  it('is on disk by the time that anybody is told, whenever the process is killed', async () => {
    for (const moment of [30, 60, 100, 150, 220, 300]) {
      const process = new SeenProcess();
      process.load(folder);
      while (process.written.length === 0) await pause(5);
      await pause(moment);
      await process.kill();
      seen = opened();
      const met = process.written.map((code) => ({ same: code, photo: `after ${code}` }));
      const gaps = await seen.meet(met, Date.now());
      assert.deepEqual(
        gaps.filter((gap) => gap === NEVER),
        [],
        `${moment} ms: ${process.written.length} photos`,
      );
      assert.deepEqual(damaged, []);
      await seen.close();
    }
  });

  it('leaves a last line out that was cut, and goes on behind it', async () => {
    await seen.meet(photos(0, 3), NOW);
    await seen.close();
    const file = join(folder, files()[0]!);
    for (const cut of [1, 10, 44]) {
      const { size } = statSync(file);
      truncateSync(file, size - cut);
      seen = opened();
      assert.deepEqual(await seen.meet(again(2, 3), NOW + cut * 1000), [NEVER]);
      assert.deepEqual(await seen.meet(again(0, 1), NOW), [0]);
      await seen.close();
      rmSync(folder, { recursive: true });
      seen = opened();
      await seen.meet(photos(0, 3), NOW);
      await seen.close();
    }
    assert.deepEqual(damaged, []);
  });

  it('leaves lines out that are none of ours, says how many, and reads the others', async () => {
    await seen.meet(photos(0, 3), NOW);
    await seen.close();
    appendFileSync(join(folder, files()[0]!), `nothing of ours\n${'x'.repeat(100_000)}\n`);
    seen = opened();
    assert.deepEqual(await seen.meet([...again(2, 3), ...photos(7, 8)], NOW), [0, NEVER]);
    await seen.close();
    seen = opened();
    assert.deepEqual(await seen.meet([...again(0, 1), ...again(7, 8)], NOW), [0, 0]);
    assert.deepEqual(damaged, [2, 2]);
  });

  it('gives no verdict while the disk is full, and remembers all of it when there is room', async () => {
    const process = new SeenProcess();
    const limit = (bytes: number | 'unlimited') =>
      execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:`]);
    try {
      assert.deepEqual(await process.meet(folder, ['a', 'b']), [NEVER, NEVER]);
      // Room for one line and a half.
      limit(statSync(join(folder, files()[0]!)).size + 67);
      const refused = 'CONFIG seen-unwritable';
      assert.deepEqual(await process.meet(folder, ['c', 'd', 'e']), [refused, refused, refused]);
      assert.deepEqual(await process.meet(folder, ['a']), [refused], 'nor for one that is known');
      limit('unlimited');
      assert.deepEqual(await process.meet(folder, ['c', 'f']), [NEVER, NEVER]);
    } finally {
      await process.kill();
    }
    const met = ['a', 'b', 'c', 'd', 'e', 'f'].map((same) => ({ same, photo: `later ${same}` }));
    assert.ok((await seen.meet(met, Date.now() + 1000)).every((gap) => gap < 60_000));
    assert.deepEqual(damaged, []);
  });

  it('is of one process at a time, and of the next one once that is dead', async () => {
    const process = new SeenProcess();
    try {
      await process.meet(folder, ['a']);
      const refused = await seen.meet([{ same: 'a', photo: 'x' }], NOW).catch((error: unknown) => error);
      assert.ok(refused instanceof VerifyError);
      assert.deepEqual([refused.code, refused.problem], ['CONFIG', 'seen-held-elsewhere']);
      assert.equal(refused.values.folder, folder);
    } finally {
      await process.kill();
    }
    assert.ok((await seen.meet([{ same: 'a', photo: 'x' }], Date.now() + 1000))[0]! < 60_000);
  });

  it('notices that its folder was deleted, and begins a new one', async () => {
    await seen.meet(photos(0, 1), NOW);
    rmSync(folder, { recursive: true });
    await assert.rejects(seen.meet(photos(1, 2), NOW), { code: 'CONFIG' });
    assert.deepEqual(await seen.meet(photos(2, 3), NOW), [NEVER]);
    assert.equal(files().length, 1);
  });

  it('remembers the latest, oldest first out, in memory and on disk', async () => {
    await seen.close();
    seen = opened(1000);
    for (let from = 0; from < 3000; from += 50) await seen.meet(photos(from, from + 50), NOW);
    const lines = () => files().reduce((sum, name) => sum + statSync(join(folder, name)).size / 45, 0);
    assert.ok(lines() >= 1000 && lines() <= 1100, `${lines()}`);
    // Each that is asked after is remembered itself, and one that is older goes.
    const known = async (from: number, to: number) =>
      new Set((await seen.meet(again(from, to), NOW)).map((gap) => gap !== NEVER));
    assert.deepEqual(await known(2000, 2010), new Set([true]));
    assert.deepEqual(await known(1990, 2000), new Set([false]));
    await seen.close();
    seen = opened(1000);
    assert.deepEqual(await seen.meet(again(2900, 2902), NOW), [0, 0]);
    assert.deepEqual(await seen.meet(again(1000, 1002), NOW), [NEVER, NEVER]);
  });

  it('deletes files in which nothing is young enough for anybody to ask', async () => {
    await seen.close();
    seen = opened(100);
    await seen.meet(photos(0, 10), NOW - 1100 * DAY_MS);
    await seen.meet(photos(10, 20), NOW);
    assert.equal(files().length, 2);
    await seen.close();
    seen = opened(100);
    assert.deepEqual(await seen.meet([...again(0, 1), ...again(10, 11)], NOW), [NEVER, 0]);
    assert.deepEqual(files()[0], '00000002.seen');
  });

  it('reads on when a file of it cannot be read', async () => {
    await seen.meet(photos(0, 1), NOW);
    await seen.close();
    rmSync(join(folder, files()[0]!));
    writeFileSync(join(folder, 'notes.txt'), 'of somebody');
    seen = opened();
    assert.deepEqual(await seen.meet(photos(0, 1), NOW), [NEVER]);
  });

  it('remembers a million photos in less than 100 MB, and is quick about it [measured]', async () => {
    const before = process.memoryUsage();
    const memory = new SeenMemory(1_000_000);
    const digest = Buffer.alloc(2 * DIGEST_BYTES);
    const record = (number: number) => {
      // Spread as an HMAC's are, but without its time.
      digest.writeUInt32LE(Math.imul(number, 2654435761) >>> 0, 0);
      digest.writeUInt32LE(number, 4);
      digest.writeUInt32LE(Math.imul(number, 2246822519) >>> 0, DIGEST_BYTES);
      digest.writeUInt32LE(number, DIGEST_BYTES + 4);
      return {
        code: digest.subarray(0, DIGEST_BYTES),
        photo: digest.subarray(DIGEST_BYTES),
        seconds: 1_700_000_000,
      };
    };
    const started = performance.now();
    for (let number = 0; number < 1_500_000; number++) assert.equal(memory.meet(record(number)), NEVER);
    const milliseconds = performance.now() - started;
    const after = process.memoryUsage();
    const megabytes = (after.arrayBuffers - before.arrayBuffers + after.heapUsed - before.heapUsed) / 1e6;
    assert.ok(megabytes < 100, `${megabytes} MB`);
    assert.ok((after.rss - before.rss) / 1e6 < 120, `${(after.rss - before.rss) / 1e6} MB resident`);
    assert.ok(milliseconds < 10_000, `${milliseconds} ms`);
    // One code again and again takes no longer.
    const flood = performance.now();
    const same = Buffer.from(record(1).code);
    for (let number = 2_000_000; number < 2_300_000; number++) {
      const { photo } = record(number);
      const gap = memory.meet({ code: same, photo, seconds: 1_700_000_000 });
      assert.equal(gap, number === 2_000_000 ? NEVER : 0);
    }
    assert.ok(performance.now() - flood < 5_000);
  }).timeout(60_000);

  it('finds every record that is left, whatever went before', () => {
    const memory = new SeenMemory(50);
    // Of few homes, so that they stand behind each other.
    const digestOf = (number: number, home: number) => {
      const digest = Buffer.alloc(DIGEST_BYTES);
      digest.writeUInt32LE((number * 7) % home, 0);
      digest.writeUInt32LE(number, 4);
      return digest;
    };
    const met = (number: number) =>
      memory.meet({ code: digestOf(number % 97, 11), photo: digestOf(number, 13), seconds: 1000 + number });
    const gaps: number[] = [];
    for (let number = 0; number < 1000; number++) {
      gaps.push(met(number));
      for (let known = Math.max(0, number - 49); known <= number; known++)
        assert.equal(met(known), gaps[known]);
      assert.equal(memory.count, number + 1);
    }
    assert.deepEqual([...new Set(gaps)], [NEVER], 'a code that was forgotten is new');
    for (let number = 1000; number < 1040; number++) met(number);
    assert.equal(
      memory.meet({ code: digestOf(1030 % 97, 11), photo: digestOf(5000, 13), seconds: 1000 + 1050 }),
      20,
    );
  });
});
