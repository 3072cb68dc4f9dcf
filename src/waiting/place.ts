/** Where what waits is on disk, for those who only want to know whether anything does. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * @param userDir Node-RED's
 * @param spoolDir `cnVerify.spoolDir` in settings.js; false: nothing is written to disk
 * @returns the journal's folder, or null where there is none
 */
export function placeOf(userDir: string | undefined, spoolDir: unknown): string | null {
  if (spoolDir === false || (!spoolDir && !userDir)) return null;
  return join(spoolDir ? resolve(userDir ?? '', String(spoolDir)) : join(userDir!, 'cn-verify'), 'waiting');
}

/** @returns whether there is such a folder */
export function isUsed(place: string | null): boolean {
  return place !== null && existsSync(place);
}
