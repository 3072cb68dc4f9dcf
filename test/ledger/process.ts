/** A process of its own with a ledger. */
import type { Call, Entry } from '../../src/ledger/entry';
import { type CommandProcess, serveCommands, startCommands } from '../command-process';
import { ACCOUNT, answered, call, notProcessed, openLedger, type TestLedger, unknown } from './ledgers';

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
} as const satisfies Record<string, (...parameters: never[]) => Promise<unknown>>;

export type LedgerProcess = CommandProcess<typeof COMMANDS>;

export const startProcess = (): LedgerProcess => startCommands(__filename);

if (require.main === module) serveCommands(COMMANDS);
