/** What settings.js says of this package, and where by that its database is. */
import { dirname, join, resolve } from 'node:path';
import type { Red } from './red';

/** `cnVerify` in settings.js; docs/nodes.md, "settings.js", has a row for each. */
export interface OwnSettings {
  /** Another folder for the database; false: what waits is not written to disk. */
  spoolDir?: string | false;
  /** What is kept on disk is encrypted under it; without one, a key of its own is made. */
  key?: string;
  /** false: there is no ledger, so neither budgets nor keys work. */
  ledger?: false;
}

/** @returns the current `cnVerify` of settings.js */
export function ownSettings({ settings }: Red): OwnSettings {
  return settings.cnVerify ?? {};
}

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
