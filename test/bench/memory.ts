/** What a process holds, and held at its worst. */
import { readFileSync, writeFileSync } from 'node:fs';

export const MEGABYTE = 1024 * 1024;

/** Throws away what nothing holds any more; what is left is what counts. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    global.gc!();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** @returns bytes of all JavaScript values, Buffers too */
export function held(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Starts to watch this process's memory.
 * @returns bytes that it grew by at its worst, as the system counts them
 */
export function watchPeak(): () => number {
  const { rss } = process.memoryUsage();
  resetPeak();
  return () => Math.max(0, peak() - rss);
}

/** Linux keeps the peak and forgets it when it is asked to; elsewhere it is the peak since the process started. */
function resetPeak(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

function peak(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))![1]) * 1024;
}
