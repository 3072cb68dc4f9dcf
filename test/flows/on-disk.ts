/** What waits on the disk of a Node-RED, read beside it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { masterKey, purposeKey } from '../../src/waiting/key';
import type { Kept } from '../../src/waiting/record';
import { recover } from '../../src/waiting/recover';

/** @param userDir of Node-RED */
export async function onDisk(userDir: string): Promise<Kept[]> {
  const folder = join(userDir, 'cn-verify/waiting');
  if (!existsSync(folder)) return [];
  const { live } = await recover(folder, purposeKey(await masterKey(userDir), 'waiting'));
  return [...live.values()].map(({ kept }) => kept);
}

/**
 * @param userDir of Node-RED
 * @param count of things that have to wait there
 */
export async function untilOnDisk(userDir: string, count: number): Promise<Kept[]> {
  for (const deadline = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const kept = await onDisk(userDir);
    if (kept.length === count) return kept;
    if (Date.now() > deadline) throw new Error(`${kept.length} wait on disk, not ${count}`);
  }
}
