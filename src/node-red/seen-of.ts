/** What a runtime remembers of photos that came: one memory, however many nodes ask it. */
import { VerifyError } from '../errors';
import { Seen } from '../photos/seen';
import { databaseOf } from './database-of';
import type { Red } from './red';

const memories = new WeakMap<object, Seen>();

/**
 * @param red Node-RED
 * @returns what it remembers, in its database
 * @throws VerifyError CONFIG where there is no user directory for one
 */
export function seenOf(red: Red): Seen {
  if (!red.settings.userDir) throw new VerifyError('CONFIG', 'seen-no-folder');
  const known = memories.get(red.events) ?? new Seen({ database: databaseOf(red), now: Date.now });
  memories.set(red.events, known);
  return known;
}
