/** The tables of a shared database: made where they are missing, and brought up to date. */
import { randomUUID } from 'node:crypto';
import type { ClientBase, DatabaseError } from 'pg';
import { VerifyError } from '../contract/errors';
import { PostgresSql } from './postgres-sql';
import { POSTGRES_TYPES } from './schema/columns';
import { MIGRATIONS } from './schema/migrations';
import { sharedTables } from './schema/shared';
import { insert, readMeta, type Sql, writeMeta } from './sql';

/** The key of the advisory lock under which tables are made: any number that is always the same. */
const MIGRATION_LOCK = 20_261_130;

/**
 * @param client of the server
 * @param schema of the tables
 * @param user who makes them
 * @param sign of the secret under which a new database is sealed
 * @throws VerifyError CONFIG where a later version has made the tables, or the user may not
 */
export async function migrate(client: ClientBase, schema: string, user: string, sign: string): Promise<void> {
  const sql = new PostgresSql(client, Promise.resolve());
  if ((await versionOf(sql, schema)) === MIGRATIONS.length) return;
  await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  try {
    await client.query('BEGIN');
    const before = await versionOf(sql, schema);
    if (before > MIGRATIONS.length)
      throw new VerifyError('CONFIG', 'ledger-newer-version', { version: before }, { charged: false });
    if (before === 0) {
      // Where it is there already, a role need not have the right to make one.
      const isThere = await sql.get('SELECT 1 FROM pg_namespace WHERE nspname = ?', schema);
      if (!isThere) await client.query(`CREATE SCHEMA ${schema}`);
      for (const statement of sharedTables(POSTGRES_TYPES)) await client.query(statement);
    }
    for (const migration of MIGRATIONS.slice(before))
      for (const statement of migration(POSTGRES_TYPES)) await client.query(statement);
    if (before === 0) {
      await writeMeta(sql, 'id', randomUUID());
      await insert(sql, 'secret_sign', { purpose: 'secret', sign });
    }
    await writeMeta(sql, 'version', String(MIGRATIONS.length));
    await client.query('COMMIT');
  } catch (reason) {
    await client.query('ROLLBACK').catch(() => {});
    if ((reason as DatabaseError).code !== '42501') throw reason;
    const statement = `CREATE SCHEMA ${schema} AUTHORIZATION "${user.replaceAll('"', '""')}"`;
    const values = { schema, sql: statement };
    throw new VerifyError('CONFIG', 'ledger-may-not-create', values, { charged: false });
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => {});
  }
}

async function versionOf(sql: Sql, schema: string): Promise<number> {
  const isThere = await sql.get(
    'SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = ?',
    schema,
    'meta',
  );
  return isThere ? Number(await readMeta(sql, 'version')) : 0;
}
