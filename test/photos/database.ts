/** The database of a test of photos, with a clock that the test sets. */
import { join } from 'node:path';
import { type Database, type DatabaseOptions, openDatabase } from '../../src/store/database';
import { temporaryDirectory } from '../demo-process';
import { atEnd } from '../http/server';

export const SECRET = Buffer.alloc(32, 7);

/**
 * @param folder of its file
 * @param options that are not as usual
 * @returns the database, which is closed when the test ends
 */
export function openPhotosDatabase(
  folder = temporaryDirectory(),
  options: Partial<DatabaseOptions> = {},
): Database {
  const database = openDatabase({
    file: join(folder, 'cn-verify.db'),
    secret: async () => SECRET,
    now: Date.now,
    notify: () => {},
    ...options,
  });
  atEnd(() => database.close());
  return database;
}
