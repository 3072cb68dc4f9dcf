/** Ledgers on a database, calls to claim in them and ends for these. */
import { DatabaseSync } from 'node:sqlite';
import type { BudgetWarning } from '../../src/ledger/budget';
import type { Call, Claim, KeyState, Settlement } from '../../src/ledger/entry';
import { Ledger, type LedgerNotice } from '../../src/ledger/ledger';
import type { Database, DatabaseNotice } from '../../src/store/database';
import { atEnd } from '../http/server';
import { openTestDatabase, SECRET } from '../store/open';

export const ACCOUNT = 'an-account';

export interface TestLedger {
  ledger: Ledger;
  database: Database;
  /** Of the ledger and of its database, in order. */
  notices: (LedgerNotice | DatabaseNotice)[];
  warnings: BudgetWarning[];
  look(key: string, content?: string, maxAgeMs?: number | null): Promise<KeyState | null>;
  close(): Promise<void>;
}

/**
 * @param file of the database
 * @param options `now`: Unix milliseconds, where the clock is not the machine's
 */
export function openLedger(
  file: string,
  { now = Date.now, secret = async () => SECRET as Uint8Array } = {},
): TestLedger {
  const notices: TestLedger['notices'] = [];
  const warnings: BudgetWarning[] = [];
  const notify = (notice: LedgerNotice | DatabaseNotice) => void notices.push(notice);
  const database = openTestDatabase(file, { mark: `${file}.mark`, secret, now, notify });
  const ledger = new Ledger({ database, now, notify, onBudget: (warning) => warnings.push(warning) });
  atEnd(() => ledger.close());
  return {
    ledger,
    database,
    notices,
    warnings,
    look: async (key, content = 'request', maxAgeMs = null) =>
      (await ledger.look(ACCOUNT, [{ key, content }], maxAgeMs, 1_000, new AbortController().signal)).get(
        key,
      ) ?? null,
    close: async () => {
      ledger.close();
      await database.close();
    },
  };
}

/** Reads a file that nobody has open. */
export function rowsIn(file: string, query: string): Record<string, unknown>[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(query).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

/** @param keys each with the content `request` */
export function call(keys: readonly string[] = [], changes: Partial<Call> = {}): Call {
  return {
    account: ACCOUNT,
    node: 'a-node',
    operation: 'face-compare',
    price: 1,
    maxPerDay: 0,
    maxPerMonth: 0,
    maxAgeMs: null,
    waitMs: 1_000,
    keys: keys.map((key) => ({ key, content: 'request' })),
    ...changes,
  };
}

export function answered(
  answers: Record<string, unknown> = {},
  changes: Partial<Settlement> = {},
): Settlement {
  return {
    resolution: 'answered',
    outcome: 'passed',
    code: '0',
    requestId: 'a-request',
    charged: true,
    durationMs: 12,
    keepsKeys: true,
    answers: new Map(Object.entries(answers)),
    ...changes,
  };
}

export const notProcessed = answered(
  {},
  {
    resolution: 'not-processed',
    outcome: null,
    error: 'RATE_LIMITED',
    charged: false,
    keepsKeys: false,
  },
);
export const unknown = answered(
  {},
  { resolution: 'unknown', outcome: null, error: 'TIMEOUT', charged: null, keepsKeys: false },
);

export const claim = ({ ledger }: TestLedger, one: Call): Promise<Claim> =>
  ledger.claim(one, new AbortController().signal);

/** @returns the id of a call that is claimed now */
export async function claimed(ledger: TestLedger, one: Call): Promise<string> {
  return idOf(await claim(ledger, one));
}

export function idOf(one: Claim): string {
  if (one.state !== 'claimed') throw new Error('The call was not claimed');
  return one.id;
}

/** Claims a call and settles it. */
export async function done(ledger: TestLedger, one: Call, end: Settlement): Promise<string> {
  const id = await claimed(ledger, one);
  await ledger.ledger.settle(id, end);
  return id;
}
