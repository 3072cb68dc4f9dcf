/** Operations for the tests of the store. */
import { existsSync, writeFileSync, writeSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { VerifyError } from '../../src/contract/errors';
import { type OperationContext, type Operations, type Sql, sealOf } from '../../src/store/sql';

const TABLE = 'CREATE TABLE IF NOT EXISTS probe (id TEXT PRIMARY KEY NOT NULL, content BLOB)';

let wasFull = false;
let wasDamaged = false;

/** Holds the thread until there is a file of this name. */
export function hold(path: string): void {
  writeFileSync(`${path}.held`, '');
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(path)) Atomics.wait(nobody, 0, 0, 5);
}

export const PROBES = {
  'probe.put': async (sql: Sql, { id, content = null }: { id: string; content?: string | null }) => {
    await sql.run(TABLE);
    await sql.run('INSERT INTO probe (id, content) VALUES (?, ?) ON CONFLICT (id) DO NOTHING', id, content);
    return id;
  },
  'probe.list': async (sql: Sql) => {
    const table = await sql.get("SELECT name FROM sqlite_schema WHERE name = 'probe'");
    if (!table) return [];
    return (await sql.all<{ id: string }>('SELECT id FROM probe ORDER BY id LIMIT 100000')).map(
      ({ id }) => id,
    );
  },
  'probe.get': async (sql: Sql, { id }: { id: string }) => ({
    rows: await sql.all('SELECT id, content FROM probe WHERE id = ? LIMIT 1', id),
  }),
  /** Writes, and then fails. */
  'probe.fail-late': async (sql: Sql, { id }: { id: string }) => {
    await sql.run(TABLE);
    await sql.run('INSERT INTO probe (id) VALUES (?)', id);
    throw new VerifyError('BUDGET', 'budget-day', { maxPerDay: 3 }, { charged: false, retryAfter: 9 });
  },
  'probe.fail-early': async () => {
    throw new VerifyError('INPUT', 'key-used', {}, { charged: false });
  },
  'probe.fault': async (sql: Sql) => sql.run('INSERT INTO nowhere (secret) VALUES (?)', 'a name'),
  /** Its answer cannot be JSON. */
  'probe.endless': async () => 1n,
  /** Writes. @returns a number that is the same for all that ran in one transaction, and greater in the next one */
  'probe.transaction': async (sql: Sql, { id }: { id: string }) => {
    await sql.run(TABLE);
    await sql.run('INSERT INTO probe (id) VALUES (?)', id);
    const row = await sql.get<{ content: string }>("SELECT content FROM meta WHERE name = 'count'");
    return Number(row?.content);
  },
  /** Writes a file. */
  'probe.touch': async (_sql: Sql, { path }: { path: string }) => writeFileSync(path, ''),
  /** Holds the thread until somebody makes a file. */
  'probe.hold': async (_sql: Sql, { path }: { path: string }) => hold(path),
  /** The same, and then the disk is full: the first time. The next time it writes as `probe.transaction`. */
  'probe.full-once': async (sql: Sql, { id, path }: { id: string; path: string }): Promise<number> => {
    if (wasFull) return PROBES['probe.transaction'](sql, { id });
    wasFull = true;
    hold(path);
    throw Object.assign(new Error('SQLITE_FULL'), { errcode: 13 });
  },
  /** Meets damage, which is not found again. */
  'probe.damaged-once': async () => {
    if (wasDamaged) return 'whole';
    wasDamaged = true;
    throw Object.assign(new Error('SQLITE_CORRUPT'), { errcode: 11 });
  },
  /** Deletes two rows. */
  'probe.take': async (sql: Sql) =>
    sql.run('DELETE FROM probe WHERE id IN (SELECT id FROM probe ORDER BY id LIMIT 2)'),
  /** Rows of a table that every database has. */
  'probe.fill': async (sql: Sql, { from, to, size }: { from: number; to: number; size: number }) => {
    for (let number = from; number < to; number++)
      await sql.run(
        'INSERT INTO meta (name, content) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
        `row ${number}`,
        'x'.repeat(size),
      );
  },
  'probe.rows': async (sql: Sql) => {
    const rows = await sql.all<{ name: string }>(
      "SELECT name FROM meta NOT INDEXED WHERE name > 'row ' AND name < 'row :' AND content <> '' LIMIT 100000",
    );
    return rows.map(({ name }) => Number(name.slice(4)));
  },
  'probe.seal': async (_sql: Sql, { text }: { text: string }, at: OperationContext) => ({
    sealed: Buffer.from(sealOf(at).seal('probe', text, 'one')).toString('base64'),
  }),
  'probe.open': async (_sql: Sql, { sealed }: { sealed: string }, at: OperationContext) =>
    sealOf(at).open('probe', Buffer.from(sealed, 'base64'), 'one').toString(),
  'probe.at': async (_sql: Sql, _parameters: unknown, { now, damage }: OperationContext) => ({
    now,
    isDamaged: damage !== null,
  }),
  'probe.pragma': async (sql: Sql, { name }: { name: string }) => sql.get(`PRAGMA ${name}`),
  'probe.thread': async () => threadId,
  'probe.exit': async (sql: Sql, { id, isWritten }: { id: string; isWritten: boolean }) => {
    if (isWritten) {
      const found = await sql.get('SELECT id FROM probe WHERE id = ?', id);
      if (found) return 'known';
    }
    writeSync(2, '');
    process.exit(3);
  },
} satisfies Operations;
