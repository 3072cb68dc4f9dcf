/** What a runtime remembers of photos that came: one memory, however many nodes ask it. */
import { join } from 'node:path';
import { VerifyError } from '../errors';
import { Seen } from '../photos/seen';
import { masterKey } from '../waiting/key';
import type { Red } from './red';

const memories = new WeakMap<object, Seen>();

/**
 * @param red Node-RED
 * @returns what it remembers, in the ledger's folder
 * @throws VerifyError CONFIG where there is no user directory for one
 */
export function seenOf(red: Red): Seen {
  const { userDir, cnVerify } = red.settings;
  if (!userDir) throw new VerifyError('CONFIG', 'seen-no-folder');
  const known =
    memories.get(red.events) ??
    new Seen({
      folder: join(userDir, 'cn-verify/ledger/seen'),
      key: () => masterKey(userDir, (cnVerify as { key?: string } | undefined)?.key),
      now: Date.now,
      damaged: (count) => red.log.warn(red._('warnings.seen-damaged', { count })),
    });
  memories.set(red.events, known);
  return known;
}
