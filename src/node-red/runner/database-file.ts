/** Where the database of a runtime is, for whoever only wants to know whether there is one. */
import { dirname, join, resolve } from 'node:path';
import type { Red } from './red';

/** `cnVerify` in settings.js. */
interface DatabaseSettings {
  /** Another folder for the database; false: what waits is not written to disk. */
  spoolDir?: string | false;
  /** What is on disk is sealed under it; without one, a key of its own is made. */
  key?: string;
}

/**
 * With both `spoolDir` and `ledger` false, only nodes that cannot work without it open it: a photo store, and `unseen`.
 * @returns where the database of a Node-RED is; null where it has no folder
 */
export function databaseFile(red: Red): string | null {
  const { userDir } = red.settings;
  const { spoolDir } = databaseSettings(red);
  const folder = spoolDir ? resolve(userDir ?? '', spoolDir) : userDir && join(userDir, 'cn-verify');
  return folder ? join(folder, 'cn-verify.db') : null;
}

/** @returns what settings.js says of it */
export function databaseSettings(red: Red): DatabaseSettings {
  return (red.settings.cnVerify ?? {}) as DatabaseSettings;
}

/** @returns the folder where a flow may keep files of its own beside the database; null where nothing that waits is kept on disk */
export function folderForFlows(red: Red): string | null {
  const file = databaseFile(red);
  return file === null || databaseSettings(red).spoolDir === false ? null : dirname(file);
}
