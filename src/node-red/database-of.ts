/** The one database of a runtime, and where it is on disk. */
import { dirname, join } from 'node:path';
import { type Database, openDatabase } from '../store/database';
import { secretOf } from '../store/secret';
import { databaseFile, databaseSettings } from './database-file';
import type { Red } from './red';

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
  const file = databaseFile(red);
  const { userDir } = red.settings;
  const folder = userDir ? join(userDir, 'cn-verify') : dirname(file ?? '');
  let secret: Buffer | undefined;
  return openDatabase({
    file,
    secret: async () => {
      secret = await secretOf(join(folder, 'key'), databaseSettings(red).key, secret);
      return secret;
    },
    now: Date.now,
    notify: (trouble, values) => red.log.warn(red._(`warnings.database.${trouble}`, values)),
  });
}
