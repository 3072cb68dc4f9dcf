/** A process of its own that pays for calls, for what only another process can show. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import type { Call, Settlement } from '../../src/ledger/ledger';
import { answered, call, claimed, ledgerIn, patient, type TestLedger, unknown } from './ledgers';

/** Long enough that a kill comes between a claim and its end now and then. */
const CALL_MS = 20;

/** What there is to do; each is answered with a value. */
const COMMANDS = {
  async open(folder: string) {
    // A write beyond the limit of a file's size is an error like that of a full disk, and no reason to die.
    process.on('SIGXFSZ', () => {});
    ledger = ledgerIn(folder);
  },
  claim: (changes: Partial<Call>) => claimed(ledger, call(changes.keys ?? [], changes), patient(20_000)),
  settle: (id: string, answers: Record<string, unknown>) => ledger.settle(id, answered(answers)),
  async look(key: string) {
    return (await ledger.look([key], null, patient())).get(key) ?? null;
  },
  uncertain: () => ledger.uncertain(),
  async told() {
    return ledger.told;
  },
  close: () => ledger.close(),
  /**
   * Pays without end, 64 at a time, and tells a file what a provider would have seen: `paid <key> <id>` when the call
   * would be sent, `ended <key> <id>` when its end is written. What another call pays for is not paid for.
   */
  async load(folder: string, log: string, keys: number) {
    await COMMANDS.open(folder);
    const one = async () => {
      const key = await ledger.digest('an-account', String(Math.floor(Math.random() * keys)));
      const claim = await ledger.claim(call([key]), patient());
      if (claim.state !== 'claimed') return new Promise((resolve) => setTimeout(resolve, 5));
      appendFileSync(log, `paid ${key} ${claim.id}\n`);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * CALL_MS));
      const end: Settlement = Math.random() < 0.05 ? unknown : answered({ [key]: `the answer for ${key}` });
      await ledger.settle(claim.id, end);
      return appendFileSync(log, `${end.fate} ${key} ${claim.id}\n`);
    };
    const loop = async () => {
      for (;;) await one();
    };
    for (let index = 0; index < 64; index++) void loop();
  },
} as const satisfies Record<string, (...parameters: never[]) => Promise<unknown>>;

export interface Process {
  pid: number;
  ask<Name extends keyof typeof COMMANDS>(
    name: Name,
    ...parameters: Parameters<(typeof COMMANDS)[Name]>
  ): Promise<Awaited<ReturnType<(typeof COMMANDS)[Name]>>>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @param environment beside that of this process */
export function startProcess(environment: Record<string, string> = {}): Process {
  const child = fork(__filename, [], {
    serialization: 'advanced',
    env: { ...process.env, ...environment },
  });
  running.add(child);
  const asked = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  child.on('message', ({ to, value, error }: { to: number; value: never; error?: object }) => {
    if (error) asked.get(to)!.reject(Object.assign(new Error('In the other process'), error));
    else asked.get(to)!.resolve(value);
  });
  const gone = once(child, 'exit');
  let count = 0;
  return {
    pid: child.pid!,
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

let ledger: TestLedger;

if (require.main === module) {
  process.on('message', async ({ to, name, parameters }: Asked) => {
    try {
      process.send?.({
        to,
        value: await (COMMANDS[name] as (...all: []) => Promise<unknown>)(...parameters),
      });
    } catch (error) {
      process.send?.({ to, error: { ...(error as object), message: String(error) } });
    }
  });
}

interface Asked {
  to: number;
  name: keyof typeof COMMANDS;
  parameters: [];
}
