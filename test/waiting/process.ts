/** A process of its own, for what only another process can show: it does what it is told, and can be killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { masterKey } from '../../src/waiting/key';
import { Lock } from '../../src/waiting/lock';

/** What there is to do; each is answered with a value. */
const COMMANDS = {
  /** Gives up being root, for whom every file can be read. */
  async becomeNobody() {
    if (process.getuid!() === 0) process.seteuid!(65534);
  },
  take(folder: string, rhythm?: { refresh: number; stale: number }) {
    lock = new Lock(folder, () => say({ lostLock: true }), rhythm);
    return lock.take();
  },
  holds: () => lock.holds(),
  masterKey: (userDir: string) => masterKey(userDir),
} as const satisfies Record<string, (...parameters: never[]) => Promise<unknown>>;

export interface Said {
  lostLock?: boolean;
}

export interface Process {
  pid: number;
  /** What it said without being asked. */
  said: Said[];
  once(what: keyof Said, then: () => void): void;
  ask<Name extends keyof typeof COMMANDS>(
    name: Name,
    ...parameters: Parameters<(typeof COMMANDS)[Name]>
  ): Promise<Awaited<ReturnType<(typeof COMMANDS)[Name]>>>;
  /** Resolves once it is gone and everything it said has arrived. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @returns a process that waits for commands */
export function startProcess(): Process {
  const child = fork(__filename, ['serve'], { serialization: 'advanced' });
  running.add(child);
  const said: Said[] = [];
  const heard = new EventEmitter();
  const asked = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  child.on(
    'message',
    ({ to, value, error, ...rest }: { to?: number; value: never; error?: string } & Said) => {
      if (to === undefined) {
        said.push(rest);
        for (const what of Object.keys(rest)) heard.emit(what);
      } else if (error) asked.get(to)!.reject(new Error(error));
      else asked.get(to)!.resolve(value);
    },
  );
  const gone = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  let count = 0;
  return {
    pid: child.pid!,
    said,
    once: (what, then) => void heard.once(what, then),
    ask: (name, ...parameters) =>
      new Promise((resolve, reject) => {
        asked.set(++count, { resolve, reject });
        child.send({ to: count, name, parameters });
      }),
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      await gone;
      running.delete(child);
    },
  };
}

let lock: Lock;

function say(what: Said & { to?: number; value?: unknown; error?: string }): void {
  process.send?.(what);
}

if (require.main === module) {
  // It ends with who started it.
  process.once('disconnect', () => process.exit());
  process.on(
    'message',
    async ({ to, name, parameters }: { to: number; name: keyof typeof COMMANDS; parameters: [] }) => {
      try {
        say({ to, value: await (COMMANDS[name] as (...all: []) => Promise<unknown>)(...parameters) });
      } catch (error) {
        say({ to, error: String(error) });
      }
    },
  );
}
