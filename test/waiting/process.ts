/** A process of its own, for what only another process can show: it does what it is told, and can be killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { Journal, type Kept } from '../../src/waiting/journal';
import { masterKey } from '../../src/waiting/key';
import { Lock } from '../../src/waiting/lock';

export const KEY = Buffer.alloc(32, 7);

/** What there is to do; each is answered with a value. */
const COMMANDS = {
  /** @returns what was found */
  async open(folder: string) {
    journal = new Journal({
      folder,
      key: () => KEY,
      told: (trouble, { count }) => say({ told: trouble, count }),
      onFound: (kept) => say({ found: kept.map(({ id }) => id) }),
    });
    return (await journal.open()).map(({ id }) => id);
  },
  /** @returns for each whether it was written */
  put: (kept: Kept[]) => Promise.all(kept.map((one) => journal.put(one))),
  async end(ids: string[]) {
    for (const id of ids) journal.end(id);
  },
  flush: () => journal.flush(),
  /** @returns task ids of what is lost */
  close: () => journal.close(),
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
  /**
   * Puts 500 things, and then puts and ends things until it is killed. Says `put` with ids that are on disk, `ending`
   * before it ends some, and `ended` when that is on disk, as what was put later is.
   */
  async load(folder: string) {
    await COMMANDS.open(folder);
    const putAll = (ids: string[]) =>
      Promise.all(
        ids.map((id) => journal.put(thing(id, 20_000)).then((isWritten) => isWritten && say({ put: [id] }))),
      );
    const all = Array.from({ length: 500 }, (_, index) => `first ${index}`);
    const first = putAll(all);
    say({ begun: true });
    await first;
    for (let round = 0; ; round++) {
      const ids = Array.from({ length: 5 }, (_, index) => `later ${round} ${index}`);
      all.push(...ids);
      const ending = all.splice(0, 5);
      // Whoever hears of this only after the kill would miss what was ended.
      await new Promise((resolve) => process.send!({ ending }, resolve));
      for (const id of ending) journal.end(id);
      await putAll(ids);
      say({ ended: ending });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
} as const satisfies Record<string, (...parameters: never[]) => Promise<unknown>>;

/** @param size of its message, in characters */
export function thing(id: string, size = 10): Kept {
  const message = { _msgid: id, payload: 'x'.repeat(size) };
  return {
    id,
    node: 'n',
    type: 'truth-poll',
    since: 1,
    deadline: null,
    orphanedAt: null,
    taskIds: [`task ${id}`],
    work: {},
    message,
  };
}

export interface Said {
  told?: string;
  count?: number;
  found?: string[];
  lostLock?: boolean;
  put?: string[];
  ending?: string[];
  ended?: string[];
  begun?: boolean;
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

let journal: Journal;
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
