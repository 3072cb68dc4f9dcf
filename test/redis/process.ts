/** A process of its own that claims calls in a shared ledger. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Call } from '../../src/ledger/ledger';
import { answered, call, claimed, patient } from '../ledger/ledgers';
import { closeLedgers, ledgerOn, type TestLedger } from './server';

const IN_FLIGHT = 64;

/** What there is to do; each is answered with a value. */
const COMMANDS = {
  async open(url: string) {
    ledger = ledgerOn(url);
  },
  claim: (changes: Partial<Call>) => claimed(ledger, call(changes.keys ?? [], changes)),
  /**
   * A message for each number: what is taken is waited for, until it is answered.
   * @returns how often each key was paid for, how many messages were refused, and when each claim came, in Redis' time
   */
  async work(numbers: number[], changes: Partial<Call>) {
    const paid: string[] = [];
    const at: string[] = [];
    const refused: string[] = [];
    const left = [...numbers];
    const loop = async () => {
      for (let number = left.pop(); number !== undefined; number = left.pop()) {
        const key = await ledger.digest('an-account', String(number));
        for (;;) {
          const keys = changes.keys ?? [key];
          const claim = await ledger
            .claim(call(keys, { ...changes, keys }), patient(20_000))
            .catch((error) => error);
          if (claim instanceof Error) {
            refused.push('problem' in claim ? String(claim.problem) : String(claim));
            break;
          }
          if (claim.state === 'claimed') {
            paid.push(key);
            at.push(claim.at);
            await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
            await ledger.settle(claim.id, answered({ [key]: number }));
            break;
          }
          const known = claim.known.get(key)!;
          if (known.state === 'answered' && known.answer === number) break;
          if (known.state !== 'under-way') throw new Error(JSON.stringify(known));
          await ledger.whenOver(known.entry, patient().cancel);
        }
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
    return { paid, at, refused };
  },
  close: () => closeLedgers(),
} as const satisfies Record<string, (...parameters: never[]) => Promise<unknown>>;

export interface Process {
  ask<Name extends keyof typeof COMMANDS>(
    name: Name,
    ...parameters: Parameters<(typeof COMMANDS)[Name]>
  ): Promise<Awaited<ReturnType<(typeof COMMANDS)[Name]>>>;
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @returns a process with a ledger on that Redis */
export async function startProcess(url: string): Promise<Process> {
  const child = fork(__filename, [], { serialization: 'advanced' });
  running.add(child);
  const gone = once(child, 'exit');
  const asked = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  child.on('message', ({ to, value, error }: { to: number; value: never; error?: string }) => {
    if (error) asked.get(to)!.reject(new Error(error));
    else asked.get(to)!.resolve(value);
  });
  let count = 0;
  const one: Process = {
    ask: (name, ...parameters) =>
      new Promise((resolve, reject) => {
        asked.set(++count, { resolve, reject });
        child.send({ to: count, name, parameters });
      }),
    async kill() {
      child.kill('SIGKILL');
      await gone;
      running.delete(child);
    },
  };
  await one.ask('open', url);
  return one;
}

let ledger: TestLedger;

interface Asked {
  to: number;
  name: keyof typeof COMMANDS;
  parameters: [];
}

if (require.main === module) {
  process.on('message', async ({ to, name, parameters }: Asked) => {
    try {
      process.send?.({
        to,
        value: await (COMMANDS[name] as (...all: []) => Promise<unknown>)(...parameters),
      });
    } catch (error) {
      process.send?.({ to, error: String(error) });
    }
  });
}
