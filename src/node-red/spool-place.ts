import type { SpoolPlace } from '../polling/spools';
import type { Red } from './red';

/**
 * @param red Node-RED
 * @returns where the user wants waiting tasks to be kept: `cnVerify.spoolDir` in settings.js, else the user directory
 */
export function spoolPlace({ settings: { userDir, cnVerify } }: Red): SpoolPlace {
  const { spoolDir } = (cnVerify ?? {}) as { spoolDir?: string | false };
  return { ...(userDir ? { userDir } : {}), ...(spoolDir === undefined ? {} : { spoolDir }) };
}
