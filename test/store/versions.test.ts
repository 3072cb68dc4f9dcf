/** Files of earlier versions, and of this one as a later program finds them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { COLUMNS, FIELDS, nameOf } from '../../src/ledger/columns';
import type { Entry } from '../../src/ledger/entry';
import type { DatabaseOptions } from '../../src/store/database';
import { SQLITE_TYPES } from '../../src/store/schema/columns';
import { MIGRATIONS } from '../../src/store/schema/migrations';
import type { StoredTask } from '../../src/waiting/waiting-sql';
import { temporaryDirectory } from '../demo-process';
import { closeAll } from '../http/server';
import { openTestDatabase } from './open';

const FOLDER = join(__dirname, '../../../test/store/versions');
const LATER = join(__dirname, 'later-thread.js');

describe('database: versions', () => {
  let file: string;
  let notices: string[];
  const start = (options: Partial<DatabaseOptions> = {}) =>
    openTestDatabase(file, {
      now: () => Date.parse('2026-11-30T12:00:00+08:00'),
      notify: (notice) => notices.push(notice),
      ...options,
    });
  function inFile<Answer>(work: (database: DatabaseSync) => Answer): Answer {
    const database = new DatabaseSync(file);
    try {
      return work(database);
    } finally {
      database.close();
    }
  }
  const versionOf = () => inFile((database) => database.prepare('PRAGMA user_version').get()!.user_version);
  const migrated = () => inFile((database) => database.prepare('SELECT later FROM outbox').get()!.later);

  beforeEach(() => {
    file = join(temporaryDirectory(), 'cn-verify.db');
    notices = [];
  });
  afterEach(closeAll);

  it('has a file of each in the tests', () => {
    const found = readdirSync(FOLDER).map((name) => Number(name.replace('.sql', '')));
    assert.deepEqual(
      found.sort((a, b) => a - b),
      MIGRATIONS.map((_, index) => index + 1),
    );
  });

  for (const sql of ['', ...readdirSync(FOLDER)])
    it(`has a column for every field of an entry in a ${sql ? `file that ${sql} made` : 'new file'}`, async () => {
      if (sql) inFile((database) => database.exec(readFileSync(join(FOLDER, sql), 'utf8')));
      await start().ready();
      await closeAll();
      const found = inFile((database) => database.prepare('PRAGMA table_info(entries)').all());
      const own = ['kept_from', 'owner'];
      assert.deepEqual(
        found.map(({ name, type }) => `${name} ${type}`).filter((each) => !own.includes(each.split(' ')[0]!)),
        FIELDS.map((field) => `${nameOf(field)} ${SQLITE_TYPES[COLUMNS[field].type]}`),
      );
    });

  for (const name of readdirSync(FOLDER))
    it(`opens a file of version ${name.replace('.sql', '')}, with all that is in it`, async () => {
      inFile((database) => database.exec(readFileSync(join(FOLDER, name), 'utf8')));
      const database = start();
      await database.ready();
      assert.deepEqual([database.state(), notices], ['ready', []]);
      const look = { account: 'an-account', keys: [{ key: 'a key', content: 'asked' }], since: null };
      assert.deepEqual(await database.call('ledger.look', look), {
        'a key': {
          state: 'answered',
          entry: '20261125-120000-000000000001',
          at: '2026-11-25T04:00:00.000Z',
          answer: { score: 0.82 },
        },
      });
      assert.deepEqual(
        await database.call('ledger.spent', {
          account: 'an-account',
          at: Date.parse('2026-11-25T04:00:00Z'),
        }),
        {
          day: 1,
          month: 1,
        },
      );
      const everything = { from: '', to: '~', account: null, operation: null };
      const { entries } = await database.call<object, { entries: Entry[] }>('ledger.entries', everything);
      assert.deepEqual(
        entries.map(({ orderNo, price, consent, purpose }) => [orderNo, price, consent, purpose]),
        [['an order', 1.5, 'KYC-1', '签到']],
      );
      const [task] = await database.call<object, StoredTask[]>('waiting.list', { after: '' });
      assert.deepEqual(
        [task?.taskIds, task?.attempts, Buffer.from(task!.content!, 'base64').toString()],
        [['1', '2'], name === '1.sql' ? 0 : 3, 'what waits'],
      );
      const photos = [{ identity: 'a code', photo: 'another photo' }];
      assert.deepEqual(await database.call('seen.record', { photos, keepMs: 1 }), [5 * 86_400_000]);
      assert.deepEqual(await database.call('stored-photos.total', { node: 'a-store' }), {
        count: 1,
        bytes: 1_000,
        oldest: Date.parse('2026-11-25T12:00:00+08:00'),
      });
      assert.deepEqual(await database.call('outbox.list', { location: 'a location' }), [
        { id: 'a call', location: 'a location', operation: 'ledger.settle', parameters: { entry: 1 } },
      ]);
      await closeAll();
      assert.equal(versionOf(), MIGRATIONS.length);
    });

  it('is migrated by a later program, once, and an earlier one leaves it as it is then', async () => {
    await start().call('outbox.put', { id: 'a', location: 'b', operation: 'c', parameters: null });
    await closeAll();
    for (let round = 0; round < 2; round++) {
      await start({ thread: LATER }).ready();
      await closeAll();
      assert.equal(versionOf(), MIGRATIONS.length + 2);
      assert.equal(migrated(), 'first and second');
    }
    await assert.rejects(start().ready(), { problem: 'database-newer-version' });
  });

  it('stays at the version before where a migration cannot be done, and goes on from there', async () => {
    await start().call('outbox.put', { id: 'a', location: 'b', operation: 'c', parameters: null });
    await closeAll();
    inFile((database) => database.exec('CREATE TABLE outbox_later (id TEXT)'));
    const database = start({ thread: LATER });
    await assert.rejects(database.ready(), { problem: 'database-unwritable' });
    await closeAll();
    assert.equal(versionOf(), MIGRATIONS.length + 1);
    assert.equal(migrated(), 'first');
    inFile((opened) => opened.exec('DROP TABLE outbox_later'));
    await start({ thread: LATER }).ready();
    await closeAll();
    assert.equal(versionOf(), MIGRATIONS.length + 2);
    assert.deepEqual(notices, ['unwritable']);
  });
});
