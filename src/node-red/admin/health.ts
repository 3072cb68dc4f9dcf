/** Whether this process can do its work, for a load balancer and for whoever watches it: docs/contract.md, "Health". */
import { VerifyError } from '../../contract/errors';
import type { AccountNode } from '../account/account-node';
import type { LedgerStoreNode } from '../ledger/ledger-of';
import type { QueueNode } from '../queue/verify-queue';
import { actionTypes } from '../runner/actions';
import { databaseOf } from '../runner/database-of';
import { configsOf } from '../runner/deployed';
import { asVerifyError } from '../runner/flow-error';
import { databaseFile } from '../runner/own-settings';
import type { Red } from '../runner/red';

/** Whoever asks does not wait longer for a server that is away. */
const CHECK_MS = 2_000;

/** `ready`, or the name of the problem; null: not used here. */
type Part = string | null;

export interface Health {
  ready: boolean;
  flows: 'running' | 'starting';
  database: Part;
  ledger: Part;
  redis: Part;
  /** Of the accounts that this process calls. One that is down makes no process unready: all have the same provider. */
  providers: Record<string, 'up' | 'down'>;
}

/** @returns how this process is, apart from whether its flows run */
export async function healthOf(red: Red): Promise<Omit<Health, 'flows'>> {
  const configs = configsOf(red);
  const nodesWith = <Kind>(ids: Iterable<unknown>, method: keyof Kind): Kind[] =>
    [...new Set(ids)].flatMap((id) => {
      const node = id ? (red.nodes.getNode(String(id)) as Kind | null) : null;
      return node?.[method] ? [node] : [];
    });
  const types = new Set(actionTypes());
  const called = new Set(configs.filter(({ type }) => types.has(type)).map(({ account }) => account));
  const stores = configs.filter(({ id }) => called.has(id)).map(({ ledger }) => ledger);
  const queues = configs.map(({ type, queue }) => /^verify-(?:call|in)$/.test(type) && queue);
  const [database, ledger, redis] = await Promise.all([
    databaseFile(red) === null ? null : inTime(red, 'database-unwritable', databaseProblem(red)),
    worst(
      nodesWith<LedgerStoreNode>(stores, 'problem').map((store) =>
        inTime(red, 'ledger-away', store.problem()),
      ),
    ),
    worst(
      nodesWith<QueueNode>(queues, 'calls').map((queue) => inTime(red, 'queue-away', queueProblem(queue))),
    ),
  ]);
  const providers: Health['providers'] = {};
  for (const account of nodesWith<AccountNode>(called, 'open')) {
    if (account.isCircuitOpen) providers[account.provider] = 'down';
    else providers[account.provider] ??= 'up';
  }
  const ready = [database, ledger, redis].every((part) => part === null || part === 'ready');
  return { ready, database, ledger, redis, providers };
}

/** @param away the problem of what does not answer in time */
async function inTime(red: Red, away: string, check: Promise<VerifyError | null>): Promise<string> {
  const late = new Promise<VerifyError>((resolve) => {
    setTimeout(() => resolve(new VerifyError('NETWORK', away)), CHECK_MS).unref();
  });
  const problem = check.catch((reason) => asVerifyError(red, null, reason));
  const found = await Promise.race([problem, late]);
  return found?.problem ?? 'ready';
}

async function worst(parts: Promise<string>[]): Promise<Part> {
  const found = await Promise.all(parts);
  return found.find((part) => part !== 'ready') ?? found[0] ?? null;
}

async function databaseProblem(red: Red): Promise<VerifyError | null> {
  const database = databaseOf(red);
  // What is wrong with it is in `problem`.
  await database.ready().catch(() => {});
  return database.problem();
}

/** @throws VerifyError where it cannot be used */
async function queueProblem(queue: QueueNode): Promise<null> {
  await queue.calls().ping(CHECK_MS);
  return null;
}
