/** Ledgers on disk, calls to write into them and ends for these. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cancel } from '../../src/cancel';
import { openFileLedger, type Trouble } from '../../src/ledger/file';
import type { BudgetWarning, Call, Claim, Ledger, Patience, Settlement } from '../../src/ledger/ledger';

export const MASTER = Buffer.alloc(32, 7);

export interface TestLedger extends Ledger {
  folder: string;
  told: { trouble: Trouble; count: number }[];
  warnings: BudgetWarning[];
}

const open = new Set<Ledger>();

/** @param now Unix milliseconds, where the clock is not the machine's */
export function ledgerIn(folder: string, now = Date.now, key = async () => MASTER): TestLedger {
  const told: TestLedger['told'] = [];
  const warnings: BudgetWarning[] = [];
  const ledger = openFileLedger({
    folder,
    key,
    now,
    told: (trouble, { count }) => told.push({ trouble, count }),
    onBudget: (warning) => warnings.push(warning),
  });
  open.add(ledger);
  return Object.assign(ledger, { folder, told, warnings });
}

export async function closeLedgers(): Promise<void> {
  for (const ledger of open) await ledger.close();
  open.clear();
}

export const patient = (timeoutMs = 15_000): Patience => ({ timeoutMs, cancel: new Cancel() });

export function call(keys: readonly string[] = [], changes: Partial<Call> = {}): Call {
  return {
    ...{ account: 'an-account', node: 'a-node', operation: 'face-compare', price: 1 },
    ...{ maxPerDay: 0, maxPerMonth: 0, maxPerSecond: 0, maxAgeMs: null },
    keys,
    ...changes,
  };
}

export function answered(
  answers: Record<string, unknown> = {},
  changes: Partial<Settlement> = {},
): Settlement {
  return {
    ...{ fate: 'answered', outcome: 'passed', reason: null, code: '0', error: null, requestId: 'a-request' },
    ...{ orderNo: null, charged: true, durationMs: 12, answers: new Map(Object.entries(answers)) },
    ...changes,
  };
}

export const notTaken = answered(
  {},
  { fate: 'not-taken', outcome: null, error: 'RATE_LIMITED', charged: false },
);
export const unknown = answered({}, { fate: 'unknown', outcome: null, error: 'TIMEOUT', charged: null });

/** @returns the id of a call that is claimed now */
export async function claimed(ledger: Ledger, one: Call, patience = patient()): Promise<string> {
  return idOf(await ledger.claim(one, patience));
}

export function idOf(claim: Claim): string {
  if (claim.state !== 'claimed') throw new Error('The call was not claimed');
  return claim.id;
}

/** @returns all that the files of a ledger say */
export function textIn(folder: string): string {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return files
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}

export function linesIn(folder: string): Record<string, unknown>[] {
  return textIn(folder)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
