/** What only another process can show: a full disk, a file that may not be written, and the end without warning. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WITH_PERMISSIONS } from '../command-process';
import { temporaryDirectory } from '../demo-process';
import { until } from '../until';
import { openTestDatabase } from './open';
import { type Process, startProcess } from './process';

const names = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`);

describe('database: in a process of its own', () => {
  let file: string;
  let writer: Process;
  const notices = () => writer.reports.flatMap(({ notice }) => notice ?? []);
  async function left(): Promise<string[]> {
    const thread = join(__dirname, 'thread.js');
    const database = openTestDatabase(file, { notify: (notice) => assert.fail(notice), thread });
    const found = await database.call<null, string[]>('probe.list', null);
    await database.close();
    return found;
  }

  beforeEach(async () => {
    file = join(temporaryDirectory(), 'cn-verify', 'cn-verify.db');
    writer = startProcess();
  });
  afterEach(() => writer.kill());

  describe('on a full disk', () => {
    beforeEach(async () => {
      await writer.ask('open', file);
      await writer.ask('put', { ids: names('first', 10) });
    });

    it('refuses at once what nobody keeps, reads all the same, and writes the rest when there is room', async () => {
      writer.limit(statSync(`${file}-wal`).size + 10_000);
      const kept = writer.ask('put', { ids: names('kept', 50), size: 20_000, whenAway: 'keep' });
      const outcomes = await writer.ask('put', { ids: names('more', 50), size: 20_000 });
      assert.deepEqual([...new Set(outcomes)], ['database-unwritable ENOSPC']);
      const readable = (await writer.ask('list')).filter((id) => !id.startsWith('kept'));
      assert.deepEqual(readable, names('first', 10));
      assert.equal(await writer.ask('state'), 'unwritable');
      const late = await writer.ask('put', { ids: ['late'], size: 800_000 });
      assert.deepEqual(late, ['database-unwritable ENOSPC']);
      writer.limit('unlimited');
      assert.deepEqual([...new Set(await kept)], ['written']);
      assert.deepEqual(await writer.ask('put', { ids: ['last'] }), ['written']);
      assert.deepEqual(notices(), ['unwritable', 'written-again']);
      await writer.kill();
      assert.deepEqual(await left(), [...names('first', 10), ...names('kept', 50), 'last'].sort());
    });

    it('leaves what was on disk before as it was, when it is killed', async () => {
      writer.limit(statSync(`${file}-wal`).size + 10_000);
      void writer.ask('put', { ids: names('kept', 50), size: 20_000, whenAway: 'keep' }).catch(() => {});
      await until(() => notices().length > 0);
      await writer.kill();
      const found = await left();
      assert.deepEqual(
        found.filter((id) => !id.startsWith('kept')),
        names('first', 10),
      );
    });

    it('writes what it keeps when it is closed in time', async () => {
      writer.limit(statSync(`${file}-wal`).size + 10_000);
      const kept = writer.ask('put', { ids: names('kept', 50), size: 20_000, whenAway: 'keep' });
      await until(() => notices().length > 0);
      writer.limit('unlimited');
      await writer.ask('close');
      assert.deepEqual([...new Set(await kept)], ['written']);
      assert.equal((await left()).length, 60);
    });
  });

  it('says that a file may not be written, and goes on once it may', async () => {
    const folder = dirname(file);
    mkdirSync(folder);
    await writer.kill();
    writer = startProcess(WITH_PERMISSIONS);
    await writer.ask('open', file);
    await writer.ask('put', { ids: ['a'] });
    await writer.ask('close');
    chmodSync(folder, 0o500);
    chmodSync(file, 0o400);
    await writer.ask('open', file);
    assert.match((await writer.ask('put', { ids: ['b'] }))[0]!, /^database-unwritable E/);
    const kept = writer.ask('put', { ids: ['c'], whenAway: 'keep' });
    chmodSync(folder, 0o700);
    chmodSync(file, 0o600);
    assert.deepEqual(await kept, ['written']);
    assert.deepEqual(await writer.ask('list'), ['a', 'c']);
    assert.deepEqual(notices(), ['unwritable', 'written-again']);
  });

  it('names the Node.js that is needed where there is no SQLite', async () => {
    await writer.kill();
    writer = startProcess([], '--no-experimental-sqlite');
    await writer.ask('open', file);
    assert.deepEqual(await writer.ask('put', { ids: ['a'] }), [`database-no-sqlite ${process.version}`]);
    assert.equal(await writer.ask('state'), 'no-sqlite');
    assert.deepEqual(notices(), ['no-sqlite']);
  });

  it('belongs to nobody as soon as its process is killed', async () => {
    await writer.ask('open', file);
    await writer.ask('put', { ids: ['a'] });
    const second = startProcess();
    try {
      await second.ask('open', file);
      assert.deepEqual(await second.ask('put', { ids: ['b'] }), ['database-held-elsewhere EBUSY']);
      await writer.kill();
      const kept = await second.ask('put', { ids: ['c'], whenAway: 'keep' });
      assert.deepEqual([kept, await second.ask('list')], [['written'], ['a', 'c']]);
    } finally {
      await second.kill();
    }
  });

  it('has all that was answered, whenever it is killed', async () => {
    for (let round = 0; round < 10; round++) {
      const one = startProcess();
      file = join(temporaryDirectory(), 'cn-verify', 'cn-verify.db');
      await one.ask('open', file);
      const all = one.ask('putAll', { count: 100_000, together: 64 }).catch(() => {});
      await until(() => one.reports.length >= round * 150);
      await one.kill();
      await all;
      const found = new Set(await left());
      const lost = one.reports.flatMap(({ written = '' }) =>
        written && !found.has(written) ? [written] : [],
      );
      assert.deepEqual(lost, []);
    }
  });
});
