/** Where the database of a runtime is, for whoever only wants to know whether there is one. */
import { dirname, join, resolve } from 'node:path';
import { ownSettings } from './own-settings';
import type { Red } from './red';

/**
 * With both `spoolDir` and `ledger` false, only nodes that cannot work without it open it: a photo store, and `unseen`.
 * @returns where the database of a Node-RED is; null where it has no folder
 */
export function databaseFile(red: Red): string | null {
  const { userDir } = red.settings;
  const { spoolDir } = ownSettings(red);
  const folder = spoolDir ? resolve(userDir ?? '', spoolDir) : userDir && join(userDir, 'cn-verify');
  return folder ? join(folder, 'cn-verify.db') : null;
}

/** @returns the folder where a flow may keep files of its own beside the database; null where nothing that waits is kept on disk */
export function folderForFlows(red: Red): string | null {
  const file = databaseFile(red);
  return file === null || ownSettings(red).spoolDir === false ? null : dirname(file);
}
