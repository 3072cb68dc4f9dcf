/** Who a process is, in words that another can check, and the file where he says so. */
import { lstat, readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

export interface Holder {
  pid: number;
  /** A process id means something only to one kernel since it started, and in one container. */
  host: string;
  /** In the kernel's own count; null where it does not say. */
  started: string | null;
}

/** A file of a holder; `refreshed` in Unix milliseconds. */
export interface Seen {
  text: string;
  refreshed: number;
}

let self: Promise<Holder> | undefined;

/** @returns this process; never rejects */
export function thisProcess(): Promise<Holder> {
  self ??= (async () => {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    const container = await readlink('/proc/self/ns/pid').catch(() => '');
    const started = await startedAt(process.pid);
    return { pid: process.pid, host: `${hostname()} ${boot.trim()} ${container}`, started };
  })();
  return self;
}

/**
 * @param text JSON of a process, or anything
 * @returns whether it lives; null where that cannot be known from here
 */
export async function isAlive(text: string): Promise<boolean | null> {
  const { pid, host, started } = parse(text);
  if (host !== (await thisProcess()).host || !Number.isSafeInteger(pid) || pid <= 0) return null;
  if (!isRunning(pid)) return false;
  const now = await startedAt(pid);
  if (now !== null && now !== started) return false;
  return now === null || pid === process.pid ? null : true;
}

function parse(text: string): Partial<Holder> & { pid: number } {
  try {
    return { pid: 0, ...JSON.parse(text) };
  } catch {
    return { pid: 0 };
  }
}

async function startedAt(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // proc(5): the name is in parentheses and may hold some itself; after it come the state and, as the 20th, the start.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? 'ended' : (fields[19] ?? null);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** @returns null where there is no file */
export async function look(path: string): Promise<Seen | null> {
  try {
    const found = await lstat(path);
    // A pipe under this name must not be waited for.
    return { text: found.isFile() ? await readFile(path, 'utf8') : '', refreshed: found.mtimeMs };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
