/** The one database of a runtime, and where it is on disk. */
import { dirname, join } from 'node:path';
import { openDatabase } from '../../store/database';
import { Seal } from '../../store/seal';
import { secretOf } from '../../store/secret';
import { oncePerRuntime } from './once-per-runtime';
import { databaseFile, ownSettings } from './own-settings';
import type { Red } from './red';

/** Opens the database of a runtime when somebody first asks for it. */
export const databaseOf = oncePerRuntime((red) => {
  const { userDir } = red.settings;
  return openDatabase({
    file: databaseFile(red),
    ...(userDir && { mark: join(userDir, '.cn-verify.mark') }),
    secret: () => secretFor(red),
    now: Date.now,
    notify: (notice, values) => red.log.warn(red._(`warnings.database.${notice}`, values)),
  });
});

/** Secret and cipher of a runtime, once they were read. */
const keptBy = oncePerRuntime((): { secret?: Buffer; seal?: Seal } => ({}));

/**
 * @param red Node-RED
 * @returns the cipher under its secret; null where none can be had
 */
export async function sealOf(red: Red): Promise<Seal | null> {
  const kept = keptBy(red);
  try {
    kept.seal ??= new Seal(await secretFor(red));
    return kept.seal;
  } catch {
    // The next message tries again.
    return null;
  }
}

/**
 * @param red Node-RED
 * @returns the secret of its own: docs/contract.md, "Ledger", `key`
 * @throws VerifyError CONFIG where it cannot be read or made
 */
export async function secretFor(red: Red): Promise<Buffer> {
  const file = databaseFile(red);
  const { userDir } = red.settings;
  const folder = userDir ? join(userDir, 'cn-verify') : dirname(file ?? '');
  const kept = keptBy(red);
  kept.secret = await secretOf(join(folder, 'key'), ownSettings(red).key, kept.secret);
  return kept.secret;
}
