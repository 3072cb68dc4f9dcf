/** What may happen to the file of a database while it is in use, and before. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Database } from '../../src/store/database';
import { OwnedFile } from '../../src/store/owned-file';
import { until } from '../until';
import { useDatabases } from './open';

const KEEP = { whenAway: 'keep' } as const;

describe('database: faults', () => {
  const { test, notices, file, start } = useDatabases();
  const put = (database: Database, id: string, options = {}) => database.call('probe.put', { id }, options);
  const isDamaged = async (database: Database) =>
    (await database.call<null, { isDamaged: boolean }>('probe.at', null)).isDamaged;
  /** An operator has to decide, and was warned of that once. */
  const isLost = async (database: Database) => {
    await database.ready();
    assert.deepEqual([database.state(), notices], ['damaged', ['lost']]);
  };
  const list = (database: Database) => database.call<null, string[]>('probe.list', null);
  const rows = (database: Database) => database.call<null, number[]>('probe.rows', null);
  async function filled(size = 500): Promise<Database> {
    const database = start();
    await database.call('probe.fill', { from: 0, to: 2_000, size });
    return database;
  }

  describe('removed or replaced', () => {
    it('puts back a file that somebody removed, with all that was in it', async () => {
      const database = start();
      let rewrites = 0;
      database.onReplaced(() => rewrites++);
      await put(database, 'a');
      unlinkSync(file());
      await until(() => notices.includes('replaced'));
      await put(database, 'b');
      assert.deepEqual([notices, rewrites], [['replaced'], 1]);
      await database.close();
      assert.deepEqual(await list(start()), ['a', 'b']);
    });

    it('answers nothing that went into a file that is gone', async () => {
      const database = start();
      await put(database, 'a');
      rmSync(dirname(file()), { recursive: true });
      await put(database, 'b');
      assert.equal(statSync(file()).mode & 0o777, 0o600);
      await database.close();
      assert.deepEqual(await list(start()), ['a', 'b']);
    });

    it('asks for the secret once more, and again a second later, where the folder vanishes after it was read, so that its file is made again', async () => {
      let times = 0;
      const database = start({
        secret: async () => {
          if (++times === 2) rmSync(dirname(file()), { recursive: true, force: true });
          return test.secret;
        },
      });
      await put(database, 'a');
      rmSync(dirname(file()), { recursive: true });
      await until(() => times >= 4);
      await put(database, 'b');
      assert.deepEqual(await list(database), ['b']);
    });

    it('is noticed where it vanished while it was being opened', () => {
      const opened = OwnedFile.open(file(), true);
      opened.configure();
      rmSync(dirname(file()), { recursive: true });
      opened.identify();
      assert.equal(opened.isStillThere(), false);
      opened.close();
    });

    it('writes what failed at a full disk to the file that is put back', async () => {
      const database = start();
      await put(database, 'a');
      const path = join(test.folder, 'go');
      const held = database.call('probe.full-once', { id: 'b', path }, KEEP);
      await until(() => existsSync(`${path}.held`));
      unlinkSync(file());
      writeFileSync(path, '');
      await held;
      assert.deepEqual(await list(database), ['a', 'b']);
      assert.deepEqual(notices, ['replaced']);
    });

    it('takes another file that was put there, and has what is in memory written to it first', async () => {
      const other = start({ file: join(test.folder, 'other.db') });
      await put(other, 'of the other');
      await other.close();
      const database = start();
      const order: string[] = [];
      database.onReplaced(() => void put(database, 'of memory', KEEP).then(() => order.push('of memory')));
      await put(database, 'a');
      renameSync(join(test.folder, 'other.db'), file());
      await put(database, 'b').then(() => order.push('b'));
      assert.deepEqual(order, ['of memory', 'b']);
      assert.deepEqual(await list(database), ['b', 'of memory', 'of the other']);
    });

    for (const suffix of ['-wal', '-owner'])
      it(`loses nothing when ${suffix} is removed`, async () => {
        const database = start();
        await put(database, 'a');
        unlinkSync(file() + suffix);
        await until(() => notices.includes('replaced'));
        await put(database, 'b');
        assert.deepEqual(await list(database), ['a', 'b']);
        await put(database, 'c');
        const second = start();
        await assert.rejects(put(second, 'd'), { problem: 'database-held-elsewhere' });
        assert.ok(existsSync(file() + suffix));
      });

    it('does not make a user directory again that is gone', async () => {
      const database = start();
      await put(database, 'a');
      rmSync(test.folder, { recursive: true });
      await until(() => notices.includes('unwritable'));
      await assert.rejects(put(database, 'b'), { problem: 'database-unwritable' });
      assert.equal(existsSync(test.folder), false);
      const kept = put(database, 'c', KEEP);
      mkdirSync(test.folder);
      await kept;
    });
  });

  describe('damaged', () => {
    const aside = () =>
      readdirSync(dirname(file()))
        .filter((name) => /damaged-\d+$/.test(name))
        .map((name) => join(dirname(file()), name));
    /** Overwrites pages of a file that nobody has open, from the first byte of a page on. */
    function spoil(first: number, count = 1): void {
      const handle = openSync(file(), 'r+');
      writeSync(handle, Buffer.alloc(4096 * count, 0xa5), 0, 4096 * count, (first - 1) * 4096);
      closeSync(handle);
    }
    /** Numbers of the pages that hold rows of the table. */
    function leaves(): number[] {
      const bytes = readFileSync(file());
      const pages = Array.from({ length: bytes.length / 4096 }, (_, index) => index + 1);
      // https://www.sqlite.org/fileformat.html, "B-tree Pages": 0x0d is a leaf of a table.
      return pages.filter(
        (page) => bytes[(page - 1) * 4096] === 0x0d && bytes.includes('xxxxxxxx', (page - 1) * 4096),
      );
    }

    it('costs the rows of one page, and asks an operator before paid calls go on', async () => {
      await (await filled()).close();
      spoil(leaves()[100]!);
      const database = start();
      const found = await rows(database);
      assert.ok(found.length >= 1_980 && found.length < 2_000, String(found.length));
      assert.deepEqual(notices, ['damaged']);
      assert.equal(database.state(), 'damaged');
      assert.equal(await isDamaged(database), true);
      assert.equal(aside().length, 1);
      await database.close();
      const again = start();
      await again.ready();
      assert.equal(again.state(), 'damaged');
      await again.acknowledge();
      assert.equal(again.state(), 'ready');
      assert.equal(await isDamaged(again), false);
      await again.close();
      assert.deepEqual(notices, ['damaged']);
      assert.equal((await rows(start())).length, found.length);
    });

    it('reads around many pages', async () => {
      await (await filled()).close();
      const pages = leaves();
      for (const index of [0, 3, 4, 5, 50, 120, pages.length - 1]) spoil(pages[index]!);
      const found = await rows(start());
      assert.ok(found.length >= 2_000 - 8 * 10 && found.length < 2_000, String(found.length));
    });

    it('costs one row where a page is damaged on which a long row goes on', async () => {
      await (await filled(20_000)).close();
      const bytes = readFileSync(file());
      const pages = Array.from({ length: bytes.length / 4096 }, (_, index) => index + 1);
      // A page of a long row begins with the number of the next one.
      const overflow = pages.filter((page) => bytes.readUInt32BE((page - 1) * 4096) === page + 1);
      spoil(overflow[1_000]!);
      const found = await rows(start());
      assert.equal(found.length, 1_999);
    });

    it('begins with an empty file where nothing can be read', async () => {
      await (await filled()).close();
      writeFileSync(file(), randomBytes(statSync(file()).size));
      const database = start();
      await put(database, 'a');
      assert.deepEqual([await rows(database), database.state(), notices], [[], 'damaged', ['damaged']]);
    });

    it('reads what a file that was cut off still has', async () => {
      await (await filled()).close();
      truncateSync(file(), Math.floor(statSync(file()).size / 8192) * 4096);
      const database = start();
      const found = await rows(database);
      assert.ok(found.length > 500 && found.length < 1_500, String(found.length));
      assert.equal(database.state(), 'damaged');
    });

    it('goes on from the damaged file where the process ended before the new one was written', async () => {
      await (await filled()).close();
      renameSync(file(), `${file()}.damaged-${Date.now()}`);
      const database = start();
      assert.equal((await rows(database)).length, 2_000);
      assert.equal(database.state(), 'damaged');
    });

    it('has what is in memory written again, and what was under way done', async () => {
      await (await filled()).close();
      spoil(leaves()[100]!);
      const database = start();
      database.onReplaced(() => void put(database, 'of memory', KEEP));
      await Promise.all([put(database, 'b'), rows(database), put(database, 'c')]);
      assert.deepEqual(await list(database), ['b', 'c', 'of memory']);
    });

    it('is being opened while it is checked, however long that takes', async () => {
      const database = start({ thread: join(__dirname, 'slow-check-thread.js') });
      await put(database, 'a');
      const damaged = put(database, 'b', KEEP).then(() => database.call('probe.damaged-once', null));
      await until(() => existsSync(`${file()}.checked.held`));
      await until(() => database.state() === 'opening');
      writeFileSync(`${file()}.checked`, '');
      assert.equal(await damaged, 'whole');
      assert.deepEqual(await list(database), ['a', 'b']);
    });

    it('is deleted after seven days, once an operator has seen it', async () => {
      await (await filled(10)).close();
      renameSync(file(), `${file()}.damaged-${Date.now() - 8 * 86_400_000}`);
      const database = start();
      await database.ready();
      assert.equal(aside().length, 1);
      await database.acknowledge();
      await database.close();
      await start().ready();
      assert.equal(aside().length, 0);
    });
  });

  describe('lost while nobody had it open', () => {
    const mark = () => join(test.folder, '.mark');
    const startMarked = () => start({ mark: mark() });
    const copy = () => join(test.folder, 'copy');
    /** A database with a row, of which an older copy without the row is kept, with its folder. */
    async function used(): Promise<void> {
      const first = startMarked();
      await put(first, 'a');
      await first.close();
      cpSync(dirname(file()), copy(), { recursive: true });
      const second = startMarked();
      await put(second, 'b');
      await second.close();
      assert.deepEqual(notices, []);
    }
    for (const [what, lose] of [
      ['missing', () => unlinkSync(file())],
      ['missing with all that is named after it', () => removeNamed('cn-verify.db')],
      ['empty', () => truncateSync(file(), 0)],
      ['missing with its folder', () => rmSync(dirname(file()), { recursive: true })],
      ['an older one', () => copyFileSync(join(copy(), 'cn-verify.db'), file())],
      [
        'an older one with its folder',
        () => {
          rmSync(dirname(file()), { recursive: true });
          renameSync(copy(), dirname(file()));
        },
      ],
    ] as const)
      it(`asks an operator before paid calls go on where it is ${what}`, async () => {
        await used();
        lose();
        const database = startMarked();
        await isLost(database);
        assert.equal(await isDamaged(database), true);
        await database.close();
        const again = startMarked();
        await isLost(again);
        await again.acknowledge();
        assert.equal(again.state(), 'ready');
        await put(again, 'c');
        await again.close();
        const last = startMarked();
        await last.ready();
        assert.deepEqual([last.state(), notices], ['ready', ['lost']]);
      });

    it('is another one, which somebody put there', async () => {
      const other = start({ file: join(test.folder, 'other.db') });
      for (let row = 0; row < 9; row++) await put(other, `row ${row}`);
      await other.close();
      await used();
      renameSync(join(test.folder, 'other.db'), file());
      const database = startMarked();
      await isLost(database);
    });

    it('is noticed by what has been answered last, also after a kill', async () => {
      const database = startMarked();
      const { id, count } = await marked(database, 'a');
      assert.deepEqual(await marked(database, 'b'), { id, count: count + 1 });
      assert.equal(statSync(mark()).mode & 0o777, 0o600);
      unlinkSync(mark());
      await until(() => existsSync(mark()));
      assert.deepEqual(await marked(database, 'c'), { id, count: count + 2 });
    });

    it('is noticed also where the mark could not be written to for a while', async () => {
      const database = startMarked();
      const { id, count } = await marked(database, 'a');
      // Nobody can write to a folder, not even root.
      const link = join(test.folder, 'link');
      symlinkSync(test.folder, link);
      renameSync(link, mark());
      await put(database, 'b');
      await until(() => lstatSync(mark()).isFile());
      assert.deepEqual(await marked(database, 'c'), { id, count: count + 2 });
    });

    it('is said where a kill left a WAL that somebody deleted', async () => {
      await used();
      const database = startMarked();
      await put(database, 'c');
      // As they are on disk at that moment, but for the WAL.
      const withoutWal = readFileSync(file());
      const left = readFileSync(mark());
      await database.close();
      writeFileSync(file(), withoutWal);
      writeFileSync(mark(), left);
      const again = startMarked();
      await isLost(again);
    });

    async function marked(database: Database, name: string): Promise<{ id: string; count: number }> {
      await put(database, name);
      return JSON.parse(readFileSync(mark(), 'utf8'));
    }

    for (const [what, change] of [
      ['a first start', () => {}],
      ['a mark that was deleted', () => unlinkSync(mark())],
      ['a mark that cannot be read', () => writeFileSync(mark(), '{')],
      ['a pipe in place of the mark', () => execFileSync('sh', ['-c', 'rm "$0" && mkfifo "$0"', mark()])],
    ] as const)
      it(`is not said of ${what}`, async () => {
        if (what !== 'a first start') await used();
        change();
        const database = startMarked();
        await put(database, 'c');
        assert.deepEqual([database.state(), notices], ['ready', []]);
      });

    it('is said of a missing one where the mark cannot be read', async () => {
      await used();
      writeFileSync(mark(), '');
      unlinkSync(file());
      const database = startMarked();
      await isLost(database);
    });

    function removeNamed(prefix: string): void {
      for (const name of readdirSync(dirname(file())))
        if (name.startsWith(prefix)) rmSync(join(dirname(file()), name));
    }
  });

  describe('of another version', () => {
    it('leaves a file of a later version as it is', async () => {
      const first = start();
      await put(first, 'a');
      await first.close();
      const writer = new DatabaseSync(file());
      writer.exec('PRAGMA user_version = 99');
      writer.close();
      const before = readFileSync(file());
      const database = start();
      await assert.rejects(put(database, 'b'), {
        code: 'CONFIG',
        problem: 'database-newer-version',
        values: { file: file(), code: '99' },
      });
      assert.equal(database.state(), 'newer-version');
      await database.close();
      assert.deepEqual(readFileSync(file()), before);
      assert.deepEqual(notices, ['newer-version']);
    });
  });

  describe('in the way', () => {
    for (const name of ['.db', '.db-wal', '.db-owner', '.db-journal'])
      it(`does not wait for a pipe named ${name}`, async () => {
        const pipe = join(dirname(file()), `cn-verify${name}`);
        mkdirSync(dirname(file()));
        execFileSync('mkfifo', [pipe]);
        const database = start();
        await assert.rejects(put(database, 'a'), { problem: 'database-unwritable' });
        assert.equal(database.state(), 'unwritable');
        const kept = put(database, 'b', KEEP);
        unlinkSync(pipe);
        await kept;
        assert.deepEqual(notices, ['unwritable', 'written-again']);
      });

    it('says that there is a folder of this name', async () => {
      mkdirSync(file(), { recursive: true });
      await assert.rejects(start().ready(), {
        problem: 'database-unwritable',
        values: { file: file(), code: 'EISDIR' },
      });
    });
  });

  describe('the secret', () => {
    it('is recognised when it is another', async () => {
      const first = start();
      const { sealed } = await first.call<unknown, { sealed: string }>('probe.seal', { text: 'kept' });
      await first.close();
      const right = test.secret;
      test.secret = randomBytes(32);
      const database = start();
      await assert.rejects(database.call('probe.open', { sealed }), {
        code: 'CONFIG',
        problem: 'secret-differs',
      });
      await put(database, 'what needs no secret');
      assert.equal(database.state(), 'secret-differs');
      test.secret = right;
      await until(() => database.state() === 'ready');
      assert.equal(await database.call('probe.open', { sealed }), 'kept');
      assert.deepEqual(notices, ['secret-differs', 'secret-agrees']);
    });

    it('is replaced when an operator gives up what was sealed under the old one', async () => {
      await (await filled(10)).close();
      test.secret = randomBytes(32);
      const database = start();
      await database.ready();
      assert.equal(database.state(), 'secret-differs');
      await database.startAnew();
      assert.equal(database.state(), 'ready');
      const { sealed } = await database.call<unknown, { sealed: string }>('probe.seal', { text: 'new' });
      await database.close();
      const again = start();
      assert.equal(await again.call('probe.open', { sealed }), 'new');
      assert.equal((await rows(again)).length, 2_000);
    });

    it('is not given up where it agrees, or cannot be read', async () => {
      const first = start();
      const { sealed } = await first.call<unknown, { sealed: string }>('probe.seal', { text: 'kept' });
      await first.startAnew();
      assert.equal(await first.call('probe.open', { sealed }), 'kept');
      await first.close();
      const database = start({ secret: () => Promise.reject(new Error('no')) });
      await assert.rejects(database.startAnew(), { problem: 'secret-unreadable' });
      await assert.rejects(database.call('probe.open', { sealed }), { problem: 'secret-unreadable' });
      assert.deepEqual(notices, ['secret-unreadable']);
    });
  });
});
