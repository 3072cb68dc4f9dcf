/** The one database of a runtime, and where it is on disk. */
import { dirname, join, resolve } from 'node:path';
import { type Database, openDatabase } from '../store/database';
import { secretOf } from '../store/secret';
import type { Red } from './red';

/** `cnVerify` in settings.js. */
interface Settings {
  /** Another folder for the database; false: what waits is not written to disk. */
  spoolDir?: string | false;
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

/**
 * With both `spoolDir` and `ledger` false only a node asks for it that cannot do without: a photo store, `unseen`.
 * @returns where the database of a Node-RED is; null where it has no folder
 */
export function databaseFile(red: Red): string | null {
  const { userDir } = red.settings;
  const { spoolDir } = settingsOf(red);
  const folder = spoolDir ? resolve(userDir ?? '', spoolDir) : userDir && join(userDir, 'cn-verify');
  return folder ? join(folder, 'cn-verify.db') : null;
}

function open(red: Red): Database {
  const file = databaseFile(red);
  const { userDir } = red.settings;
  const folder = userDir ? join(userDir, 'cn-verify') : dirname(file ?? '');
  return openDatabase({
    file,
    secret: () => secretOf(join(folder, 'key'), settingsOf(red).key),
    now: Date.now,
    notify: (trouble, values) => red.log.warn(red._(`warnings.database.${trouble}`, values)),
  });
}

function settingsOf(red: Red): Settings {
  return (red.settings.cnVerify ?? {}) as Settings;
}
