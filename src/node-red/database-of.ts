/** The one database of a runtime, and where it is on disk. */
import { join, resolve } from 'node:path';
import { type Database, openDatabase } from '../store/database';
import { secretOf } from '../store/secret';
import type { Red } from './red';

/** `cnVerify` in settings.js. */
interface Settings {
  /** Another folder for the database; false: what waits is not written to disk. */
  spoolDir?: string | false;
  /** false: no call is written down, and neither budgets nor keys hold. */
  ledger?: false;
  /** What is on disk is sealed under it; without one, a key of its own is made. */
  key?: string;
}

const databases = new WeakMap<object, Database>();

/**
 * @param red Node-RED
 * @returns its database, which is opened when somebody first asks for it; it lives as long as the runtime
 */
export function databaseOf(red: Red): Database {
  const known = databases.get(red.events) ?? open(red);
  databases.set(red.events, known);
  return known;
}

function open(red: Red): Database {
  const { userDir, cnVerify } = red.settings;
  const { spoolDir, ledger, key } = (cnVerify ?? {}) as Settings;
  const own = userDir && join(userDir, 'cn-verify');
  const folder = spoolDir ? resolve(userDir ?? '', spoolDir) : own;
  const isWanted = folder && !(spoolDir === false && ledger === false);
  return openDatabase({
    file: isWanted ? join(folder, 'cn-verify.db') : null,
    secret: () => secretOf(join(own ?? folder!, 'key'), key),
    now: Date.now,
    notify: (trouble, values) => red.log.warn(red._(`warnings.database.${trouble}`, values)),
  });
}
