/** What it costs to write every call down before it is sent, and after. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import type { Call, Settlement } from '../../src/ledger/entry';
import { Ledger } from '../../src/ledger/ledger';
import { openDatabase } from '../../src/store/database';
import { compare, measure, median, table } from './measure';
import { startProvider } from './provider';
import { ACTIONS } from './requests';

const ROUNDS = 7;
const IN_FLIGHT = [1, 16, 64];
const CALLS = 4_000;
const LONE = 300;
const NEVER = new AbortController().signal;

const CALL: Omit<Call, 'keys'> = {
  account: 'account',
  node: 'node',
  operation: 'face-compare',
  price: 1,
  maxPerDay: 0,
  maxPerMonth: 0,
  maxAgeMs: null,
  waitMs: 1_000,
};
const END: Omit<Settlement, 'answers'> = {
  resolution: 'answered',
  keepsKeys: true,
  outcome: 'passed',
  code: '0',
  requestId: 'a-request',
  orderNo: '1',
  charged: true,
  durationMs: 100,
};

/** @param ledger null: nothing is written down; with a key the answer is kept too, and encrypted */
async function pay(
  ledger: Ledger | null,
  hasKey: boolean,
  pool: Pool,
  action: string,
  count: number,
  inFlight: number,
) {
  const { payload, request } = ACTIONS[action]!;
  const settled: Promise<void>[] = [];
  let sent = 0;
  const loop = async (): Promise<void> => {
    while (sent < count) {
      const { path, headers, body } = request(payload(sent++) as never);
      const keys = hasKey ? [{ key: `${performance.now()} ${sent}`, content: 'request' }] : [];
      const claim = await ledger?.claim({ ...CALL, keys }, NEVER);
      const { body: answer } = await pool.request({ path, method: 'POST', headers, body });
      const data: unknown = JSON.parse(await answer.text());
      if (claim?.state === 'claimed')
        settled.push(
          ledger!.settle(claim.id, { ...END, answers: new Map(keys.map(({ key }) => [key, data])) }),
        );
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  await Promise.all(settled);
}

/** @returns milliseconds that each of some claims waited, for which nothing else was written */
async function waitsOfLoneClaims(ledger: Ledger): Promise<number[]> {
  const waits: number[] = [];
  for (let index = 0; index < LONE; index++) {
    const start = performance.now();
    const claim = await ledger.claim({ ...CALL, keys: [] }, NEVER);
    waits.push(performance.now() - start);
    if (claim.state === 'claimed') await ledger.settle(claim.id, { ...END, answers: new Map() });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return waits.sort((a, b) => a - b);
}

export async function ledger(actions: readonly string[]): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'cn-verify-'));
  const database = openDatabase({
    file: join(directory, 'cn-verify.db'),
    secret: async () => Buffer.alloc(32, 7),
    now: Date.now,
    notify: (notice) => console.log(notice),
  });
  const onDisk = new Ledger({ database, now: Date.now, notify: () => {}, onBudget: () => {} });
  const provider = await startProvider();
  const rows: (string | number)[][] = [];
  for (const action of actions.length > 0 ? actions : ['truth-create', 'face-compare']) {
    for (const inFlight of IN_FLIGHT) {
      const pool = new Pool(provider.baseUrl, { connections: inFlight, pipelining: 1 });
      const count = inFlight === 1 ? CALLS / 8 : CALLS;
      const contender = (ledger: Ledger | null, hasKey = false) => {
        return () => measure(count, () => pay(ledger, hasKey, pool, action, count, inFlight));
      };
      const contenders = {
        without: contender(null),
        'on disk': contender(onDisk),
        keys: contender(onDisk, true),
      };
      const { 'on disk': plain, keys } = await compare(contenders, ROUNDS);
      rows.push([action, String(inFlight), plain!.rate, plain!.cpu, keys!.rate, keys!.cpu]);
      await pool.close();
    }
  }
  table(['against none', 'in flight', 'calls/s', 'CPU/call', 'calls/s with a key', 'CPU/call'], rows);

  const waits = await waitsOfLoneClaims(onDisk);
  const at = (share: number) => waits[Math.floor(share * (waits.length - 1))]!;
  table(['a lone claim waits (ms)', 'median', '95 %', 'most'], [['', median(waits), at(0.95), at(1)]]);
  const { rate } = await measure(20_000, async () => {
    let made = 0;
    const loop = async () => {
      while (made++ < 20_000) await onDisk.claim({ ...CALL, keys: [] }, NEVER);
    };
    await Promise.all(Array.from({ length: 64 }, loop));
  });
  table(['claims/s', '64 in flight'], [['on disk', String(Math.round(rate))]]);
  onDisk.close();
  await database.close();
  provider.stop();
  rmSync(directory, { recursive: true });
}
