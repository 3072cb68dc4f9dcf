/** The one database of a runtime, and where it is on disk. */
import { dirname, join, resolve } from 'node:path';
import { type Database, openDatabase } from '../store/database';
import { Seal } from '../store/seal';
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

const seals = new WeakMap<object, Promise<Seal | null>>();

/**
 * @param red Node-RED
 * @returns the cipher under its secret; null where none can be had, and then it is tried again the next time
 */
export function sealOf(red: Red): Promise<Seal | null> {
  const known = seals.get(red.events);
  if (known) return known;
  const made = secretFor(red).then(
    (secret) => new Seal(secret),
    () => {
      seals.delete(red.events);
      return null;
    },
  );
  seals.set(red.events, made);
  return made;
}

function secretFor(red: Red): Promise<Buffer> {
  const { userDir } = red.settings;
  const folder = userDir ? join(userDir, 'cn-verify') : dirname(databaseFile(red) ?? '');
  return secretOf(join(folder, 'key'), settingsOf(red).key);
}

function open(red: Red): Database {
  return openDatabase({
    file: databaseFile(red),
    secret: () => secretFor(red),
    now: Date.now,
    notify: (trouble, values) => red.log.warn(red._(`warnings.database.${trouble}`, values)),
  });
}

function settingsOf(red: Red): Settings {
  return (red.settings.cnVerify ?? {}) as Settings;
}
