/** A process of its own with a ledger, for what only another process can show: kills, and disks that are full. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import type { Call, Entry } from '../../src/ledger/entry';
import { ACCOUNT, answered, call, done, notProcessed, openLedger, type TestLedger, unknown } from './ledgers';

/** Long enough that a kill comes between a claim and its end now and then. */
const CALL_MS = 20;

/** Any command but `load`, on a machine that is very busy. */
const LONGEST_MS = 60_000;

/** How a call ends; `unkept`: other content may take its key. */
const ENDS = {
  answered: (keys: readonly string[]) => answered(Object.fromEntries(keys.map((key) => [key, `to ${key}`]))),
  unkept: (keys: readonly string[]) => ({ ...ENDS.answered(keys), keepsKeys: false }),
  notProcessed: () => notProcessed,
  unknown: () => unknown,
} as const;

export type End = keyof typeof ENDS;

let opened: TestLedger;
let now = Date.now;

/** What there is to do; each is answered with a value. */
const COMMANDS = {
  /** @param time Unix milliseconds, where the clock is not the machine's */
  async open(file: string, time?: number) {
    now = time === undefined ? Date.now : () => time;
    opened = openLedger(file, { now: () => now() });
    await opened.database.ready();
  },
  async setClock(time: number) {
    now = () => time;
  },
  claim: (changes: Partial<Call>) => opened.ledger.claim(call([], changes), new AbortController().signal),
  settle: (id: string, end: End, keys: readonly string[]) => opened.ledger.settle(id, ENDS[end](keys)),
  look: (key: string, content: string) => opened.look(key, content),
  find: async (id: string): Promise<Entry | null> => (await opened.ledger.find({ id }, 1))[0] ?? null,
  release: (ids: readonly string[]) => opened.ledger.release(ids),
  uncertain: () => opened.ledger.uncertain(1_000),
  spent: () => opened.ledger.spent(ACCOUNT),
  notices: async () => opened.notices,
  close: () => opened.close(),
  /**
   * Pays until there are no calls left, 64 at a time, and writes into a file what a provider would have seen:
   * `paid <key> <id>` when the call would be sent, and how it ended once its end is written.
   */
  async load(log: string, calls: number, keys: number) {
    let left = calls;
    const one = async () => {
      const key = `key ${Math.floor(Math.random() * keys)}`;
      const claim = await opened.ledger.claim(call([key]), new AbortController().signal);
      if (claim.state !== 'claimed') return;
      appendFileSync(log, `paid ${key.slice(4)} ${claim.id}\n`);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * CALL_MS));
      const end: End = Math.random() < 0.05 ? 'unknown' : 'answered';
      await opened.ledger.settle(claim.id, ENDS[end]([key]));
      appendFileSync(log, `${end} ${key.slice(4)} ${claim.id}\n`);
    };
    const loop = async () => {
      while (left-- > 0) await one();
    };
    await Promise.all(Array.from({ length: 64 }, loop));
  },
  /** Pays for keys one after the other, so that a disk that becomes full does so in the middle of it. */
  async payFor(keys: readonly string[]) {
    for (const key of keys) await done(opened, call([key]), ENDS.answered([key]));
  },
} as const satisfies Record<string, (...parameters: never[]) => Promise<unknown>>;

type Answer<Name extends keyof typeof COMMANDS> = Awaited<ReturnType<(typeof COMMANDS)[Name]>>;

export interface LedgerProcess {
  ask<Name extends keyof typeof COMMANDS>(
    name: Name,
    ...parameters: Parameters<(typeof COMMANDS)[Name]>
  ): Promise<Answer<Name>>;
  /** Nothing more can be written into any file, as on a full disk; or it can be again. */
  fillDisk(isFull: boolean): void;
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function startProcess(): LedgerProcess {
  const child = fork(__filename, [], { serialization: 'advanced' });
  running.add(child);
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  const rejectAll = () => {
    for (const { reject } of waiting.values()) reject(new Error('The process is gone'));
  };
  child.on('message', ({ to, value, error }: { to: number; value: never; error?: object }) => {
    if (error) waiting.get(to)!.reject(Object.assign(new Error('In the other process'), error));
    else waiting.get(to)!.resolve(value);
    waiting.delete(to);
  });
  const gone = once(child, 'exit').then(rejectAll);
  let count = 0;
  return {
    ask: (name, ...parameters) =>
      new Promise((resolve, reject) => {
        waiting.set(++count, { resolve, reject });
        child.send({ to: count, name, parameters });
        // What hangs is named.
        const late = () => reject(new Error(`No answer to ${name} ${JSON.stringify(parameters)}`));
        setTimeout(late, LONGEST_MS).unref();
      }),
    fillDisk: (isFull) => {
      const limit = isFull ? '0' : 'unlimited';
      execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${limit}:unlimited`]);
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
      running.delete(child);
    },
  };
}

if (require.main === module) {
  // A write beyond the limit of a file's size is an error like that of a full disk, and no reason to die.
  process.on('SIGXFSZ', () => {});
  process.on('message', async ({ to, name, parameters }: Request) => {
    try {
      const value = await (COMMANDS[name] as (...all: []) => Promise<unknown>)(...parameters);
      process.send?.({ to, value });
    } catch (error) {
      process.send?.({ to, error: { ...(error as object), message: String(error) } });
    }
  });
}

interface Request {
  to: number;
  name: keyof typeof COMMANDS;
  parameters: [];
}
