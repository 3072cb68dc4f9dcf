import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Lock } from '../../src/waiting/lock';
import { temporaryDirectory } from '../demo-process';
import { type Process, startProcess } from './process';

const QUICK = { refresh: 40, stale: 400 };
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('waiting: the lock', () => {
  let folder: string;
  let lost: number;
  const locks: Lock[] = [];
  const file = () => join(folder, 'lock');
  const holder = () => JSON.parse(readFileSync(file(), 'utf8'));
  const lockOf = (path = folder) => {
    const lock = new Lock(path, () => lost++, QUICK);
    locks.push(lock);
    return lock;
  };

  beforeEach(() => {
    folder = join(temporaryDirectory(), 'folder');
    lost = 0;
  });
  afterEach(() => Promise.all(locks.splice(0).map((lock) => lock.release())));

  it('is a file for its owner alone, which is gone when it is given back', async () => {
    const lock = lockOf();
    assert.equal(await lock.take(), 'ours');
    assert.equal(await lock.take(), 'ours');
    assert.equal(await lock.holds(), true);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    await lock.release();
    assert.deepEqual(readdirSync(folder), []);
    assert.equal(await lock.holds(), false);
    assert.equal(lost, 0);
  });

  it('is one for all that this process has, by whatever path', async () => {
    const first = lockOf();
    const other = join(temporaryDirectory(), 'other');
    symlinkSync(folder, other);
    assert.equal(await first.take(), 'ours');
    assert.equal(await lockOf().take(), 'theirs');
    assert.equal(await lockOf(other).take(), 'theirs');
    await first.release();
    assert.equal(await lockOf(other).take(), 'ours');
  });

  it('is taken by one of those in this process that want it at once', async () => {
    const taken = await Promise.all(Array.from({ length: 20 }, () => lockOf().take()));
    assert.deepEqual(taken.sort(), ['ours', ...Array(19).fill('theirs')]);
  });

  it('of a process is respected while that lives, and taken at once when it is dead', async () => {
    const other = startProcess();
    assert.equal(await other.ask('take', folder), 'ours');
    const lock = lockOf();
    assert.equal(await lock.take(), 'theirs');
    await pause(QUICK.stale + 50);
    assert.equal(await lock.take(), 'theirs');
    await other.kill();
    assert.equal(await lock.take(), 'ours');
  });

  it('is taken at once where the process id is now that of another', async () => {
    const other = startProcess();
    await other.ask('take', folder);
    writeFileSync(file(), JSON.stringify({ ...holder(), started: '1' }));
    assert.equal(await lockOf().take(), 'ours');
    await other.kill();
  });

  for (const [what, change] of [
    ['of another host', { pid: 1 }],
    ['of an earlier container, with our process id', {}],
  ] as const) {
    it(`${what} is taken when it was not refreshed for some time, and not before`, async () => {
      await lockOf().take();
      const text = JSON.stringify({ ...holder(), ...change, host: 'elsewhere', token: 'another' });
      await locks[0]!.release();
      writeFileSync(file(), text);
      // Whatever the clocks of the two say.
      utimesSync(file(), 1, 1);
      const lock = lockOf();
      assert.equal(await lock.take(), 'unclear');
      for (let second = 2; second < 6; second++) {
        await pause(QUICK.stale / 3);
        utimesSync(file(), second, second);
        assert.equal(await lock.take(), 'theirs');
      }
      await pause(QUICK.stale + 20);
      assert.equal(await lock.take(), 'ours');
    });
  }

  for (const [what, make] of [
    ['is empty', () => writeFileSync(file(), '')],
    ['is no JSON', () => writeFileSync(file(), '{')],
    ['is JSON of something else', () => writeFileSync(file(), 'null')],
    ['has an odd process id', () => writeFileSync(file(), '{"pid":-1}')],
    ['is a pipe', () => execFileSync('mkfifo', [file()])],
  ] as const) {
    it(`that ${what} is nobody's after some time`, async () => {
      await lockOf().take();
      await locks[0]!.release();
      make();
      const lock = lockOf();
      assert.equal(await lock.take(), 'unclear');
      await pause(QUICK.stale + 20);
      assert.equal(await lock.take(), 'ours');
    });
  }

  it('that went away is noticed by its holder, who may take it again', async () => {
    const lock = lockOf();
    await lock.take();
    rmSync(folder, { recursive: true });
    await pause(QUICK.refresh * 3);
    assert.equal(lost, 1);
    assert.equal(await lock.holds(), false);
    assert.equal(await lock.take(), 'ours');
    assert.equal(await lock.holds(), true);
    assert.equal(lost, 1);
  });

  it('that another has now is left to him', async () => {
    const lock = lockOf();
    await lock.take();
    writeFileSync(file(), '{"token":"another"}');
    assert.equal(await lock.holds(), false);
    assert.equal(lost, 1);
    await lock.release();
    assert.equal(readFileSync(file(), 'utf8'), '{"token":"another"}');
  });

  it('of the dead is taken although another died while he took it', async () => {
    await lockOf().take();
    const dead = JSON.stringify({ ...holder(), started: '1', pid: 2 ** 30 });
    await locks[0]!.release();
    writeFileSync(file(), dead);
    const claim = `${file()}.${createHash('sha256').update(dead).digest('hex').slice(0, 32)}`;
    writeFileSync(claim, dead);
    const lock = lockOf();
    assert.equal(await lock.take(), 'unclear');
    assert.ok(existsSync(claim));
    utimesSync(claim, 1, 1);
    assert.equal(await lock.take(), 'unclear');
    assert.equal(await lock.take(), 'ours');
    assert.deepEqual(readdirSync(folder), ['lock']);
  });

  it('of the dead is taken by exactly one of many processes', async () => {
    const dead = startProcess();
    await dead.ask('take', folder);
    const text = readFileSync(file(), 'utf8');
    await dead.kill();
    const processes: Process[] = Array.from({ length: 6 }, startProcess);
    await Promise.all(processes.map((one) => one.ask('take', temporaryDirectory())));
    for (let round = 0; round < 25; round++) {
      const place = temporaryDirectory();
      writeFileSync(join(place, 'lock'), text);
      const taken = await Promise.all(processes.map((one) => one.ask('take', place)));
      const winners = processes.filter((_, index) => taken[index] === 'ours');
      assert.equal(winners.length, 1, `round ${round}: ${taken}`);
      assert.equal(await winners[0]!.ask('holds'), true);
      assert.deepEqual(readdirSync(place), ['lock']);
    }
    await Promise.all(processes.map((one) => one.kill()));
  });
});
