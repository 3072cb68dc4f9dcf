/** The one database of a runtime, and where it is on disk. */
import { dirname, join } from 'node:path';
import { type Database, openDatabase } from '../../store/database';
import { Seal } from '../../store/seal';
import { secretOf } from '../../store/secret';
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

const secrets = new WeakMap<object, Buffer>();
const seals = new WeakMap<object, Seal>();

/**
 * @param red Node-RED
 * @returns the cipher under its secret; null where none can be had
 */
export async function sealOf(red: Red): Promise<Seal | null> {
  try {
    const seal = seals.get(red.events) ?? new Seal(await secretFor(red));
    seals.set(red.events, seal);
    return seal;
  } catch {
    // The next message tries again.
    return null;
  }
}

async function secretFor(red: Red): Promise<Buffer> {
  const file = databaseFile(red);
  const { userDir } = red.settings;
  const folder = userDir ? join(userDir, 'cn-verify') : dirname(file ?? '');
  const secret = await secretOf(join(folder, 'key'), databaseSettings(red).key, secrets.get(red.events));
  secrets.set(red.events, secret);
  return secret;
}

function open(red: Red): Database {
  const { userDir } = red.settings;
  return openDatabase({
    file: databaseFile(red),
    ...(userDir && { mark: join(userDir, '.cn-verify.mark') }),
    secret: () => secretFor(red),
    now: Date.now,
    notify: (trouble, values) => red.log.warn(red._(`warnings.database.${trouble}`, values)),
  });
}
