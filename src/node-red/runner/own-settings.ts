import type { Red } from './red';

/** `cnVerify` in settings.js; docs/nodes.md, "settings.js", has a row for each. */
export interface OwnSettings {
  /** Another folder for the database; false: what waits is not written to disk. */
  spoolDir?: string | false;
  /** What is kept on disk is encrypted under it; without one, a key of its own is made. */
  key?: string;
  /** false: no call is written down, and neither budgets nor keys hold. */
  ledger?: false;
}

/** @returns the current `cnVerify` of settings.js */
export function ownSettings({ settings }: Red): OwnSettings {
  return settings.cnVerify ?? {};
}
