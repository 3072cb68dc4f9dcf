/** Databases of a test. */
import { join } from 'node:path';
import { type Database, type DatabaseOptions, openDatabase } from '../../src/store/database';
import { temporaryDirectory } from '../demo-process';
import { atEnd, closeAll } from '../http/server';

export const SECRET = Buffer.alloc(32, 7);

/**
 * @param file of the database
 * @param options that are not as usual
 * @returns the database, which is closed when the test ends
 */
export function openTestDatabase(
  file: string | null = join(temporaryDirectory(), 'cn-verify.db'),
  options: Partial<DatabaseOptions> = {},
): Database {
  const database = openDatabase({
    file,
    secret: async () => SECRET,
    now: Date.now,
    notify: () => {},
    ...options,
  });
  atEnd(() => database.close());
  return database;
}

/** For a `describe` whose tests begin with an empty folder, and use the operations of probes.ts. */
export function useDatabases() {
  const notices: string[] = [];
  /** `secret` may be changed by a test. */
  const test = { folder: '', secret: SECRET };
  const file = () => join(test.folder, 'cn-verify', 'cn-verify.db');
  const start = (options: Partial<DatabaseOptions> = {}) =>
    openTestDatabase(file(), {
      secret: async () => test.secret,
      notify: (notice) => notices.push(notice),
      thread: join(__dirname, 'thread.js'),
      ...options,
    });
  beforeEach(() => {
    test.folder = temporaryDirectory();
    test.secret = SECRET;
    notices.length = 0;
  });
  afterEach(closeAll);
  return { test, notices, file, start };
}
