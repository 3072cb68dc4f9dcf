/** Databases in a folder of the test's own, with the operations of probes.ts; they are closed after it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Database, type DatabaseOptions, openDatabase } from '../../src/store/database';
import { temporaryDirectory } from '../demo-process';

export const THREAD = join(__dirname, 'thread.js');

/** For a `describe`: each of its tests begins with an empty folder. */
export function useDatabases() {
  const told: string[] = [];
  const open: Database[] = [];
  /** `secret` may be changed by a test. */
  const test = { folder: '', secret: randomBytes(32) };
  const file = () => join(test.folder, 'cn-verify', 'cn-verify.db');
  function start(options: Partial<DatabaseOptions> = {}): Database {
    const database = openDatabase({
      file: file(),
      secret: async () => test.secret,
      now: Date.now,
      notify: (trouble) => told.push(trouble),
      thread: THREAD,
      ...options,
    });
    open.push(database);
    return database;
  }
  beforeEach(() => {
    test.folder = temporaryDirectory();
    test.secret = randomBytes(32);
    told.length = 0;
  });
  afterEach(() => Promise.all(open.splice(0).map((each) => each.close())));
  return { test, told, file, start };
}
