/** Puts messages into a queue and waits for their answers. */

import { randomUUID } from 'node:crypto';
import type { Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { onAbort } from '../contract/cancel';
import { VerifyError } from '../contract/errors';
import { later, NEVER, type WaitOptions } from '../contract/wait';
import type { JobEnd, JobError } from './active-jobs';
import {
  type Bull,
  clockAhead,
  connectionFor,
  INLINE_BYTES,
  JobBatch,
  loadBull,
  messageKey,
  ownConnection,
  PREFIX,
  type QueueOptions,
  queueOn,
  SEPARATE,
  SWEEP_MS,
  SWEPT_SECONDS,
  sweep,
} from './bull';
import { type RedisConnection, refusalOf } from './redis-connection';
import { type Content, portable, textOf } from './sealed';

const CLOSE_MS = 1_000;
/** A Redis that is away is waited for so long before a message is refused. */
const PUT_MS = 10_000;
/** An event may be missed while a connection breaks. */
const LOOK_AGAIN_MS = 5_000;
/** Where so many calls wait, what Redis reports is read every few milliseconds: reading each event by itself costs more CPU than the job. */
const MANY_WAIT = 32;
const GATHER_MS = 3;
const ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** What an event says of the end of a job: its sealed answer, unless that is large or the job failed. */
interface EndEvent {
  sealed: unknown;
}

/** Waits for the end of a job. */
interface JobListener {
  /** Resolves to the event that came since the last time; null after so many milliseconds. */
  next(milliseconds: number, cancel: AbortSignal): Promise<EndEvent | null>;
  stop(): void;
}

interface QueueCounts {
  waiting: number;
  active: number;
  failed: number;
}

export class JobCalls {
  readonly #options: QueueOptions;
  readonly #connection: RedisConnection;
  /** By the id of a job, who waits for its end. */
  readonly #waiters = new Map<string, Set<(event: EndEvent) => void>>();
  #queue: Promise<Queue> | null = null;
  #events: QueueEvents | null = null;
  #sweep: NodeJS.Timeout | undefined;
  /** Jobs with answers that have come. An ended job is its hash and its place in one of two sets. */
  readonly #fetched = new JobBatch((ids) => {
    const work = (queue: Queue, redis: Redis) =>
      Promise.all([
        redis.zrem(queue.toKey('completed'), ids),
        redis.zrem(queue.toKey('failed'), ids),
        redis.del(ids.map((id) => queue.toKey(id))),
      ]);
    return this.#do(work, { timeoutMs: CLOSE_MS, cancel: NEVER });
  });
  /** Milliseconds that this machine's clock is ahead of that of Redis. */
  #aheadMs = 0;

  /** Connects at first use. */
  constructor(options: QueueOptions) {
    this.#options = options;
    this.#connection = connectionFor(options);
  }

  /** @returns an id for `put`, which nobody can guess */
  newId(): string {
    return randomUUID();
  }

  /**
   * Repeats until Redis has the job; one id is one job, however often it is put.
   * @param id of the job
   * @param name of the job, as dashboards show it: it is not encrypted
   * @param message whose `req` and `res` stay
   * @returns whether all of it could be sent
   * @throws VerifyError INPUT, CONFIG, CANCELLED, NETWORK where it is certainly not in the queue, else UNCERTAIN
   */
  async put(
    id: string,
    name: string,
    message: Readonly<Record<string, unknown>>,
    cancel: AbortSignal,
  ): Promise<boolean> {
    const { bytes, whole } = portable(message);
    const sealed = (await this.#options.secret()).seal('message', id, bytes);
    const isSeparate = sealed.length > INLINE_BYTES;
    const data = isSeparate ? SEPARATE : textOf('message', sealed);
    let isSent = false;
    // An attempt that timed out may go on once Redis is back: it must not put a job then that was reported as not put.
    let isOver = false;
    try {
      await this.#do(
        async (queue, redis) => {
          if (isSeparate)
            await redis.set(
              messageKey(queue, id),
              Buffer.from(sealed),
              'EX',
              this.#options.keep + SWEPT_SECONDS,
            );
          if (isOver || redis.status !== 'ready')
            throw Object.assign(new Error('Not ready'), { code: 'ECONNRESET' });
          isSent = true;
          await queue.add(name, data, {
            jobId: id,
            attempts: 1,
            stackTraceLimit: 0,
            timestamp: Date.now() - this.#aheadMs,
          });
        },
        { timeoutMs: this.#options.putMs ?? PUT_MS, cancel, bytes: sealed.length },
      );
    } catch (error) {
      isOver = true;
      const isOpen = error instanceof VerifyError && ['NETWORK', 'CANCELLED'].includes(error.code);
      if (!isSent || !isOpen) throw error;
      throw new VerifyError('UNCERTAIN', 'job-put-uncertain', { job: id }, { charged: null });
    }
    return whole;
  }

  /**
   * Listens for the end of a job. Listen before the job is put: a quick one may be over before `put` returns.
   * @param id of the job
   * @returns stop it when nobody waits for the job any more
   */
  listen(id: string): JobListener {
    let event: EndEvent | null = null;
    let go = () => {};
    const waiter = (given: EndEvent) => {
      event = given;
      go();
    };
    const all = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, all.add(waiter));
    return {
      next: (milliseconds, cancel) =>
        new Promise((resolve, reject) => {
          const end = () => {
            forget();
            go = () => {};
            resolve(event);
            event = null;
          };
          const timer = setTimeout(end, Math.max(0, milliseconds));
          const forgetCancel = onAbort(cancel, () => {
            forget();
            reject(
              new VerifyError('CANCELLED', 'job-left', { job: id }, { charged: null, retryable: false }),
            );
          });
          const forget = () => {
            clearTimeout(timer);
            forgetCancel();
          };
          go = end;
          if (event) end();
        }),
      stop: () => {
        all.delete(waiter);
        if (all.size === 0) this.#waiters.delete(id);
      },
    };
  }

  /**
   * @param id of the job
   * @param listening from `listen`; null where it was not put by this call, so that it may be over, and others may have its id
   * @param waitMs milliseconds
   * @returns how it ended; null where it has not, or Redis is away
   * @throws VerifyError INPUT where there is no such job, CONFIG, CANCELLED
   */
  async end(
    id: string,
    listening: JobListener | null,
    waitMs: number,
    cancel: AbortSignal,
  ): Promise<JobEnd | null> {
    if (!ID.test(id)) throw unknown();
    const isNew = listening !== null;
    const until = performance.now() + waitMs;
    // Listened for before the first look, so that an end between the two is not missed.
    const events = listening ?? this.listen(id);
    const next = (left: number) => events.next(Math.min(left, LOOK_AGAIN_MS), cancel);
    try {
      for (let event = isNew ? await next(waitMs) : null; ; ) {
        const left = Math.max(0, until - performance.now());
        const content = event && (await this.#options.secret()).open(id, event.sealed);
        const end = endOf(content) ?? (await this.#look(id, event !== null, left, cancel, isNew));
        if (end && isNew) this.#fetched.add(id);
        if (end || left === 0) return end;
        event = await next(left);
      }
    } finally {
      events.stop();
    }
  }

  /** @throws VerifyError CONFIG, NETWORK */
  counts(timeoutMs: number): Promise<QueueCounts> {
    return this.#do(
      async (queue) => {
        const { wait = 0, active = 0, failed = 0 } = await queue.getJobCounts('wait', 'active', 'failed');
        return { waiting: wait, active, failed };
      },
      { timeoutMs, cancel: NEVER },
    );
  }

  /**
   * Resolves once Redis answers and would accept a job.
   * @throws VerifyError CONFIG, NETWORK
   */
  async ping(timeoutMs: number): Promise<void> {
    await this.#connection.do((redis) => redis.ping(), { timeoutMs, cancel: NEVER });
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#fetched.flush();
    // BullMQ waits for the end of a connection that is not there while Redis is away.
    await Promise.race([this.#events?.close().catch(() => {}), later(CLOSE_MS)]);
    await this.#connection.close();
  }

  async #do<Value>(
    work: (queue: Queue, redis: Redis) => Promise<Value>,
    options: WaitOptions,
  ): Promise<Value> {
    // Not part of the time for which Redis is waited for: a busy disk may need longer.
    const bull = await loadBull();
    return this.#connection.do(async (redis) => {
      this.#queue ??= this.#open(bull, redis).catch((error) => {
        this.#queue = null;
        throw error;
      });
      return work(await this.#queue, redis);
    }, options);
  }

  async #open(bull: Bull, redis: Redis): Promise<Queue> {
    const { name, server, keep, sweepMs = SWEEP_MS } = this.#options;
    const queue = queueOn(bull, redis, name);
    this.#aheadMs = await clockAhead(redis);
    const now = Date.now() - this.#aheadMs;
    const events = new bull.QueueEvents(name, {
      connection: ownConnection(server),
      prefix: PREFIX,
      skipVersionCheck: true,
      // Jobs that end before the first XREAD are reported, too.
      lastEventId: `${now - 1}-0`,
    });
    this.#gather(events);
    // An event that is missed is made up for: each call looks at its job every few seconds.
    let isDeafReported = false;
    events.on('error', (error) => {
      const refusal = refusalOf(error);
      if (refusal === null || isDeafReported) return;
      isDeafReported = true;
      this.#options.notify('deaf', { place: this.#options.server.place, code: String(refusal.values.code) });
    });
    events.on('completed', ({ jobId, returnvalue }) => this.#wake(jobId, returnvalue));
    events.on('failed', ({ jobId }) => this.#wake(jobId, null));
    this.#events = events;
    this.#sweep = setInterval(() => {
      void this.#sweepNow(queue, keep);
    }, sweepMs).unref();
    return queue;
  }

  /** BullMQ reads again at once, so each reading brings the events of one job; waiting a little reads those of many together. */
  #gather({ backend }: QueueEvents): void {
    // Not part of BullMQ's public interface: a version without it reads as it does by itself.
    const read = backend?.readEvents?.bind(backend);
    if (!read) return;
    backend.readEvents = async (from, blockMs) => {
      if (this.#waiters.size >= MANY_WAIT) await later(GATHER_MS);
      return read(from, blockMs);
    };
  }

  async #sweepNow(queue: Queue, keep: number): Promise<void> {
    this.#connection.checkAgain();
    await this.#do(
      async (_queue, redis) => {
        this.#aheadMs = await clockAhead(redis);
        await sweep(redis, queue, keep, this.#aheadMs);
      },
      { timeoutMs: PUT_MS, cancel: NEVER },
    ).catch(() => {});
  }

  async #look(
    id: string,
    isOver: boolean,
    timeoutMs: number,
    cancel: AbortSignal,
    isNew: boolean,
  ): Promise<JobEnd | null> {
    const gone = () => (isNew ? vanished(id) : unknown());
    try {
      const job = await this.#do(
        async (queue) => {
          // The state first: with a job that waits comes its whole message.
          const state = isOver ? 'completed' : await queue.getJobState(id);
          if (state === 'unknown') throw gone();
          return state === 'completed' || state === 'failed' ? queue.getJob(id) : null;
        },
        { timeoutMs, cancel },
      );
      if (job === undefined) throw gone();
      if (!job) return null;
      const end = endOf((await this.#options.secret()).open(id, job.returnvalue ?? job.data));
      if (end) return end;
      if (job.failedReason === 'CONFIG queue-secret-differs')
        throw new VerifyError('CONFIG', 'queue-secret-differs', {}, { charged: false });
      const ledger = typeof job.progress === 'string' ? job.progress : null;
      return { lost: { ledger } };
    } catch (error) {
      if (error instanceof VerifyError && error.code === 'NETWORK') return null;
      throw error;
    }
  }

  #wake(id: string, sealed: unknown): void {
    for (const waiter of this.#waiters.get(id) ?? []) waiter({ sealed });
  }
}

function endOf(content: Content): JobEnd | null {
  if (content?.kind === 'answer') return { answer: content.value };
  return content?.kind === 'error' ? { error: content.value as JobError } : null;
}

/** What was given for an id may be a person's name, so the text does not repeat it. */
function unknown(): VerifyError {
  return new VerifyError('INPUT', 'job-unknown', {}, { charged: null });
}

/** Redis had the job, and a worker may have had it, too. */
function vanished(job: string): VerifyError {
  return new VerifyError('UNCERTAIN', 'job-vanished', { job }, { charged: null });
}
