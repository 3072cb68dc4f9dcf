import { join, resolve } from 'node:path';
import type { Red } from './red';

/**
 * @param red Node-RED
 * @returns the path of its database; null if it has no user directory, or nothing is to be written
 */
export function databaseFile({ settings: { userDir, cnVerify } }: Red): string | null {
  const { spoolDir, ledger } = (cnVerify ?? {}) as { spoolDir?: string | false; ledger?: false };
  if (spoolDir === false && ledger === false) return null;
  if (spoolDir) return join(resolve(userDir ?? '', spoolDir), 'cn-verify.db');
  return userDir ? join(userDir, 'cn-verify/cn-verify.db') : null;
}
