/** A process of its own with a database, which can be killed, limited and traced. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../src/store/database';

type Outcome = 'written' | string;

/** What there is to do; each is answered with a value. */
const COMMANDS = {
  async open(file: string): Promise<void> {
    database = openDatabase({
      file,
      secret: async () => Buffer.alloc(32, 7),
      now: Date.now,
      notify: (trouble) => say({ told: trouble }),
      thread: join(__dirname, 'thread.js'),
    });
  },
  ready: () => database.ready(),
  state: async () => database.state(),
  /** @returns for each what became of it */
  put: ({ ids, size = 1, whenAway = 'fail' }: Put): Promise<Outcome[]> =>
    Promise.all(
      ids.map((id) =>
        database.call('probe.put', { id, content: 'x'.repeat(size) }, { whenAway }).then(
          () => 'written',
          (error) => `${error.problem} ${error.values.code}`,
        ),
      ),
    ),
  /** So many at a time, each answer said at once, until there are enough. Every fourth is kept until it is written. */
  async putAll({ count, together }: { count: number; together: number }): Promise<void> {
    const kept: Promise<void>[] = [];
    for (let first = 0; first < count; first += together) {
      const answers = Array.from({ length: together }, (_, index) => {
        const id = `put ${first + index}`;
        const whenAway = (first + index) % 4 === 3 ? 'keep' : 'fail';
        const call = database.call('probe.put', { id, content: 'x'.repeat(700) }, { whenAway });
        const answer = call.then(
          () => say({ written: id }),
          () => say({ refused: id }),
        );
        if (whenAway === 'fail') return answer;
        kept.push(answer);
        return null;
      });
      await Promise.all(answers);
    }
    await Promise.all(kept);
  },
  list: () => database.call<null, string[]>('probe.list', null),
  /** @returns how often the event loop went round while something was written */
  async turns(id: string): Promise<number> {
    let turns = 0;
    let isOver = false;
    const written = database.call('probe.put', { id }).finally(() => {
      isOver = true;
    });
    for (; !isOver; turns++) await new Promise((resolve) => setTimeout(resolve, 1));
    await written;
    return turns;
  },
  close: () => database.close(),
  /** Gives up being root, for whom every file can be written. */
  async becomeNobody(): Promise<void> {
    if (process.getuid!() === 0) process.seteuid!(65534);
  },
};

interface Put {
  ids: string[];
  size?: number;
  whenAway?: 'keep' | 'fail';
}

/** What the process says by itself. */
export interface Said {
  told?: string;
  written?: string;
  refused?: string;
}

export interface Process {
  pid: number;
  said: Said[];
  ask<Name extends keyof typeof COMMANDS>(
    name: Name,
    ...parameters: Parameters<(typeof COMMANDS)[Name]>
  ): Promise<Awaited<ReturnType<(typeof COMMANDS)[Name]>>>;
  kill(): Promise<void>;
}

let database: Database;

/**
 * @param traced the command line of a tracer, before that of the process
 * @param options for Node.js, as `NODE_OPTIONS` has them
 */
export function startProcess(traced: readonly string[] = [], options = ''): Process {
  const [command, ...rest] = [...traced, process.execPath, __filename, 'store process'];
  const child: ChildProcess = spawn(command!, rest, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: options },
  });
  const said: Said[] = [];
  const asked = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  child.on('message', (message: { id?: number; value?: never; error?: string } & Said) => {
    if (message.id === undefined) {
      said.push(message);
      return;
    }
    const { resolve, reject } = asked.get(message.id)!;
    if (message.error === undefined) resolve(message.value as never);
    else reject(new Error(message.error));
  });
  const ended = once(child, 'exit');
  ended.then(() => {
    for (const { reject } of asked.values()) reject(new Error('The process has ended'));
  });
  return {
    pid: child.pid!,
    said,
    ask: (name, ...parameters) =>
      new Promise((resolve, reject) => {
        asked.set(asked.size, { resolve, reject });
        child.send({ id: asked.size - 1, name, parameters }, (error) => error && reject(error));
      }),
    async kill() {
      // A tracer that is killed leaves the process to itself, which ends when nobody is connected to it any more.
      if (traced.length > 0 && child.connected) child.disconnect();
      else child.kill('SIGKILL');
      await ended;
    },
  };
}

function say(message: object): void {
  process.send!(message);
}

if (process.argv[2] === 'store process') {
  process.on('disconnect', () => process.exit());
  process.on(
    'message',
    async ({ id, name, parameters }: { id: number; name: string; parameters: unknown[] }) => {
      try {
        const command = COMMANDS[name as keyof typeof COMMANDS] as (...given: unknown[]) => unknown;
        say({ id, value: (await command(...parameters)) ?? null });
      } catch (error) {
        say({ id, error: String((error as { problem?: string }).problem ?? error) });
      }
    },
  );
}
