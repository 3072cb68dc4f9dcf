/** A copy of a database, to be sent away. */
import { randomBytes } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { Database } from './database';

/**
 * @param database which goes on working meanwhile
 * @param file of the database: the copy stands beside it until it is sent, or nobody takes it any more
 * @returns the copy's bytes
 * @throws VerifyError CONFIG where no copy can be made
 */
export async function* backupOf(database: Database, file: string): AsyncGenerator<Buffer> {
  await database.ready();
  const path = `${file}-backup-${randomBytes(8).toString('hex')}`;
  // SQLite would make it readable for all.
  const copy = await open(path, 'wx+', 0o600);
  try {
    await database.backup(path);
    yield* copy.createReadStream({ autoClose: false, start: 0 });
  } finally {
    await copy.close();
    await unlink(path);
  }
}
