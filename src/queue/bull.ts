/** BullMQ, loaded at first use, and what all who use one queue have in common. */
import type { Redis } from 'ioredis';
import { VerifyError } from '../contract/errors';
import { RedisConnection, type RedisNotice, type RedisServer } from './redis-connection';
import type { JobSecret } from './sealed';

/** In one slot of a cluster, and within what the ledger's user may touch. */
export const PREFIX = '{cn-verify}:queue';
const CONNECT_MS = 5_000;
/** A blocking command is answered every five seconds. */
const SILENT_MS = 15_000;
export const SWEEP_MS = 60_000;
/** What was kept long enough is deleted at most so much later, roughly; a message lives for longer than its job. */
export const SWEPT_SECONDS = 300;
const SWEPT_AT_ONCE = 1_000;
/** A call that waits for a job reads its end at once, or looks at the job a few seconds later. */
const EVENTS_MS = 60_000;
/** A sealed message that is larger lies in a key of its own, as bytes: base64 in JSON costs three times the CPU. */
export const INLINE_BYTES = 8_192;
/** What BullMQ's own job holds where the message lies in a key of its own. */
export const SEPARATE = 'separate';

/** Jobs that are over are tidied up together, because one command for many of them costs little more than one. */
const BATCH_MS = 50;

export type Bull = typeof import('bullmq');

/** Node.js looks a module up again at each `import`, and each job needs it three times. */
let loaded: Bull | undefined;

export interface QueueOptions {
  server: RedisServer;
  /** Of the queue. */
  name: string;
  /** Seconds for which a job that nobody takes, and an answer that nobody fetches, are kept. */
  keep: number;
  /** @throws VerifyError CONFIG */
  secret(): Promise<JobSecret>;
  /** Milliseconds from one look at what was kept long enough to the next. */
  sweepMs?: number;
  /** Milliseconds for which a Redis that is away is waited for before a message is refused. */
  putMs?: number;
  notify(notice: RedisNotice, values: { place: string; code: string }): void;
}

/** @throws VerifyError CONFIG where it is not installed */
export async function loadBull(): Promise<Bull> {
  loaded ??= await import('bullmq').catch(() => {
    throw new VerifyError('CONFIG', 'bullmq-missing', {}, { charged: false });
  });
  return loaded;
}

/** @returns a connection that refuses a Redis whose queue of this name has another secret */
export function connectionFor({ server, name, secret, notify }: QueueOptions): RedisConnection {
  const { place } = server;
  return new RedisConnection({
    server,
    prefix: `${PREFIX}:${name}`,
    sign: async () => (await secret()).sign,
    notify: (notice, code) => notify(notice, { place, code }),
  });
}

/** Ids of jobs for which the same has to be done, soon and all at once. */
export class JobBatch {
  readonly #work: (ids: string[]) => Promise<unknown>;
  readonly #ids: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param work whose failure is of no consequence: what it leaves is swept later */
  constructor(work: (ids: string[]) => Promise<unknown>) {
    this.#work = work;
  }

  add(id: string): void {
    this.#ids.push(id);
    this.#timer ??= setTimeout(() => {
      void this.flush();
    }, BATCH_MS);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ids = this.#ids.splice(0);
    if (ids.length > 0) await this.#work(ids).catch(() => {});
  }
}

/** @returns how many milliseconds the clock of this machine is ahead of that of Redis */
export async function clockAhead(redis: Redis): Promise<number> {
  const [seconds, micros] = (await redis.time()).map(Number) as [number, number];
  return Date.now() - (seconds * 1000 + Math.floor(micros / 1000));
}

/**
 * Deletes what was kept long enough, by the clock of Redis, because that of one machine may be wrong. BullMQ would
 * delete only when another job ends, by its worker's clock, and never what nobody takes.
 * @param keep seconds
 * @param aheadMs of `clockAhead`
 */
export async function sweep(
  redis: Redis,
  queue: import('bullmq').Queue,
  keep: number,
  aheadMs: number,
): Promise<void> {
  for (const kind of ['completed', 'failed', 'wait'] as const)
    while ((await queue.clean(keep * 1000 + aheadMs, SWEPT_AT_ONCE, kind)).length === SWEPT_AT_ONCE);
  // Events hold answers, too.
  const kept = Math.min(keep * 1000, EVENTS_MS);
  await redis.xtrim(queue.toKey('events'), 'MINID', Date.now() - aheadMs - kept);
}

/** @returns where a message lies that is too large for BullMQ */
export function messageKey(queue: import('bullmq').Queue, id: string): string {
  return queue.toKey(`${id}:message`);
}

/** @returns for what BullMQ connects to by itself, and waits for as long as it takes */
export function ownConnection({ options }: RedisServer): Record<string, unknown> {
  return {
    ...options,
    maxRetriesPerRequest: null,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    retryStrategy: (times: number) => Math.min(times * 100, 1_000),
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
}

/**
 * @param redis that is connected
 * @returns the queue, over that connection
 */
export function queueOn(bull: Bull, redis: Redis, name: string): import('bullmq').Queue {
  const queue = new bull.Queue(name, {
    connection: redis,
    prefix: PREFIX,
    skipVersionCheck: true,
    skipWaitingForReady: true,
  });
  // Each command rejects with it.
  queue.on('error', () => {});
  return queue;
}
