/** A process of its own that is given commands, for what only another process can show: kills, full disks, tracers. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

/** By name, what there is to do; each is answered with a value. */
type Commands = Readonly<Record<string, (...parameters: never[]) => Promise<unknown>>>;

export interface CommandProcess<Given extends Commands, Report = never> {
  pid: number;
  /** What it reported of its own accord. */
  reports: Report[];
  ask<Name extends keyof Given & string>(
    name: Name,
    ...parameters: Parameters<Given[Name]>
  ): Promise<Awaited<ReturnType<Given[Name]>>>;
  /** A write beyond so many bytes of a file takes only a part, and then fails, as on any other full disk (prlimit(1)). */
  limit(bytes: number | 'unlimited'): void;
  /** Resolves once it is gone and everything it reported has arrived. */
  kill(): Promise<void>;
}

/**
 * Starts a process that may write only what its user may, for whom the permissions of a file count as for anybody: root has
 * the capability to write it all the same, and goes without (setpriv(1)). A user of its own might not reach the project.
 */
export const WITH_PERMISSIONS: readonly string[] =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override', '--inh-caps=-dac_override'] : [];

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * @param file that calls `serveCommands`
 * @param launcher the command line of what starts it, before its own: a tracer, or `WITH_PERMISSIONS`
 * @param options for Node.js, as `NODE_OPTIONS` has them
 */
export function startCommands<Given extends Commands, Report = never>(
  file: string,
  launcher: readonly string[] = [],
  options = '',
): CommandProcess<Given, Report> {
  const [command, ...rest] = [...launcher, process.execPath, file];
  const child = spawn(command!, rest, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, NODE_OPTIONS: options },
  });
  running.add(child);
  const reports: Report[] = [];
  const calls: { resolve(value: never): void; reject(error: Error): void }[] = [];
  child.on('message', (message: { report?: Report; to: number; value: never; error?: object }) => {
    const { to, value, error } = message;
    if (message.report !== undefined) reports.push(message.report);
    else if (error) calls[to]!.reject(Object.assign(new Error('In the other process'), error));
    else calls[to]!.resolve(value);
  });
  const gone = Promise.all([once(child, 'exit'), once(child, 'disconnect')]).then(() => {
    running.delete(child);
    for (const { reject } of calls) reject(new Error('The process is gone'));
  });
  return {
    pid: child.pid!,
    reports,
    ask: (name, ...parameters) =>
      new Promise((resolve, reject) => {
        const to = calls.push({ resolve, reject }) - 1;
        child.send({ to, name, parameters }, (error) => error && reject(error));
      }),
    limit: (bytes) => execFileSync('prlimit', ['--pid', `${child.pid}`, `--fsize=${bytes}:`]),
    async kill() {
      // A tracer that is killed leaves the process to itself, which ends when nobody is connected to it any more.
      if (launcher.length > 0 && child.connected) child.disconnect();
      else child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Does what it is called for, in a process that `startCommands` started. */
export function serveCommands(commands: Commands): void {
  process.once('disconnect', () => process.exit());
  process.on(
    'message',
    async ({ to, name, parameters }: { to: number; name: string; parameters: never[] }) => {
      try {
        process.send!({ to, value: (await commands[name]!(...parameters)) ?? null });
      } catch (error) {
        process.send!({ to, error: { ...(error as object), message: String(error) } });
      }
    },
  );
}

/** @returns once the process that started this one has it */
export function report(content: object): Promise<void> {
  return new Promise((resolve) => process.send!({ report: content }, () => resolve()));
}
