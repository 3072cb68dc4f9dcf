/** Takes jobs of a queue, so many at a time, and ends each with the answer or the error that its flow gives. */
import type { Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { VerifyError } from '../contract/errors';
import { later, NEVER } from '../contract/wait';
import { type ActiveJob, activeJobs, type JobError, jobLost } from './active-jobs';
import {
  type Bull,
  clockAhead,
  connectionFor,
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
import { loadRedis, type RedisConnection, refusalOf, writeTogether } from './redis-connection';
import { type JobSecret, textOf, written } from './sealed';

/** Longer than an ordinary failure of the network, which must not make a worker count as dead. */
const LOCK_MS = 45_000;
const RENEW_MS = 10_000;
const STALLED_MS = 10_000;
/** A job whose worker died so often is not tried again. */
const MOST_DEAD_WORKERS = 3;
/** So many of the latest jobs that were paid for are remembered. */
const MOST_PAID = 10_000;
/** The field of a job that says up to which of its starts nothing was done: its worker gave it back before. */
const NOT_STARTED = 'cn-not-started';
/** A sealed answer that is longer does not go into the event: all who wait for any job read each event. */
const EVENT_CHARACTERS = 8_192;
const PULSE_MS = 2_000;
/** A worker of BullMQ fetches jobs one by one; this many workers fetch at once, in one write. */
const WORKERS = 4;
const WRONG_CLOCK_MS = 1_000;
/** BullMQ tries again every second, so a refusal that was not repeated for so long is over. */
const REFUSAL_MS = 30_000;
const CONNECT_MS = 5_000;
/** The flow of a job may have paid. */
const OUTCOME_UNKNOWN = { charged: null, retryable: false } as const;
/** In which the ends of jobs are written. */
const CLOSE_MS = 3_000;
const DISCONNECT_MS = 500;

/**
 * KEYS: the key of each job, and that of its message. A message is forgotten once the job has an answer, or has an error
 * or a large answer where its message was. A retry of a job whose worker died needs it, and so does a job that is
 * not over any more because Redis was set back.
 */
export const FORGET_MESSAGES = `
for index = 1, #KEYS, 2 do
  local data, answer = unpack(redis.call('HMGET', KEYS[index], 'data', 'returnvalue'))
  local isMessage = data and string.find(data, '^"[ms]')
  if isMessage and answer then redis.call('HDEL', KEYS[index], 'data') end
  if answer or not isMessage then redis.call('DEL', KEYS[index + 1]) end
end`;

export interface WorkerOptions extends QueueOptions {
  concurrency: number;
  /** Whether a job whose worker dies or closes goes to another one; else it is failed. */
  repeatable: boolean;
  /** Milliseconds for which the flow may work on a job. */
  timeoutMs: number;
  /** Gets the message of a job, with the property by which its answer is found. */
  take(message: Record<string, unknown>): void;
  /** A job is over; `code`: of the error that it ended with. */
  over(how: { answer: unknown } | { code: string } | 'given-back'): void;
  /** @returns the error as a flow has it */
  explain(error: VerifyError): JobError;
  /** An error that has to be put right before any job is taken; null once it is. */
  stuck(error: VerifyError | null): void;
}

export class JobWorker {
  readonly #options: WorkerOptions;
  readonly #connection: RedisConnection;
  readonly #closing = new AbortController();
  readonly #jobs = new Map<string, RunningJob>();
  /** By the id of a job that was thought lost, how often it had been started then. */
  readonly #thoughtLost = new Map<string, number>();
  /** By the id of a job that was paid for here, the entry of its latest call: a Redis that was set back gives it again. */
  readonly #paid = new Map<string, string | null>();
  #workers: Worker[] = [];
  /** What the workers share. */
  #client: Redis | null = null;
  #bull: Bull | null = null;
  #queue: Queue | null = null;
  /** Jobs that are over: their answers are kept until somebody has fetched them, and their messages are not. */
  readonly #ended = new JobBatch((ids) =>
    this.#onRedis((redis, queue) => {
      const keys = ids.flatMap((id) => [queue.toKey(id), messageKey(queue, id)]);
      return redis.eval(FORGET_MESSAGES, keys.length, keys);
    }),
  );
  #mayHaveLost = false;
  /** Milliseconds that this machine's clock is ahead of that of Redis. */
  #aheadMs = 0;
  #sweptAt = performance.now();
  /** What Redis refused to BullMQ's own connection, and when. */
  #refusal: { error: VerifyError; at: number } | null = null;
  #healthTimer: NodeJS.Timeout | undefined;
  #onIdle: (() => void) | undefined;
  /** Nobody waits for what is still being written. */
  #isGivenUp = false;

  /** Begins at once, and tries until it can. */
  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#connection = connectionFor(options);
    void this.#checkHealth();
  }

  /**
   * Takes no more jobs, and waits for those that its flow works on.
   * @param graceMs for how long; then they fail. Repeatable ones are given back at once
   */
  async close(graceMs: number): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#healthTimer);
    const workers = this.#workers;
    if (workers.length > 0) {
      await Promise.all(workers.map((worker) => worker.pause(true)));
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
      if (this.#options.repeatable) for (const running of this.#jobs.values()) running.giveBack();
      if (this.#jobs.size > 0) await Promise.race([idle, later(graceMs)]);
      const closed = new VerifyError('CANCELLED', 'job-worker-closed', {}, OUTCOME_UNKNOWN);
      for (const running of this.#jobs.values()) running.end({ error: this.#options.explain(closed) });
      this.#isGivenUp = true;
      await Promise.race([Promise.allSettled(workers.map((worker) => worker.close())), later(CLOSE_MS)]);
      // It waits for the end of a connection that is not there while Redis is away.
      const disconnected = Promise.allSettled(workers.map((worker) => worker.disconnect()));
      await Promise.race([disconnected, later(DISCONNECT_MS)]);
      this.#client?.disconnect();
    }
    await Promise.race([this.#ended.flush(), later(DISCONNECT_MS)]);
    await this.#connection.close();
  }

  /** BullMQ's own connections tell when they break, and not when they are back. */
  async #checkHealth(): Promise<void> {
    try {
      const secret = await this.#options.secret();
      this.#bull ??= await loadBull();
      const bull = this.#bull;
      this.#connection.checkAgain();
      await this.#connection.do(
        async (redis) => {
          this.#aheadMs = await clockAhead(redis);
          const { name, keep, sweepMs = SWEEP_MS } = this.#options;
          this.#queue ??= queueOn(bull, redis, name);
          if (performance.now() - this.#sweptAt > sweepMs) {
            this.#sweptAt = performance.now();
            await sweep(redis, this.#queue, keep, this.#aheadMs);
          }
          if (!this.#mayHaveLost) return;
          this.#mayHaveLost = false;
          await this.#giveBackLost(bull, this.#queue, redis).catch((error) => {
            this.#mayHaveLost = true;
            throw error;
          });
        },
        { timeoutMs: CONNECT_MS, cancel: this.#closing.signal },
      );
      if (this.#workers.length === 0) await this.#start(bull, secret);
      const { error, at } = this.#refusal ?? { error: null, at: 0 };
      this.#options.stuck(performance.now() - at < REFUSAL_MS ? error : null);
    } catch (error) {
      if (error instanceof VerifyError && error.code !== 'CANCELLED') this.#options.stuck(error);
    }
    if (!this.#closing.signal.aborted)
      this.#healthTimer = setTimeout(() => {
        void this.#checkHealth();
      }, PULSE_MS).unref();
  }

  /** A job that Redis gave to this worker in an answer that was lost was not started. */
  async #giveBackLost(bull: Bull, queue: Queue, redis: Redis): Promise<void> {
    this.#thoughtLost.clear();
    const before = await queue.getRanges(['active'], 0, -1);
    // By then the jobs have come that were on their way.
    await later(PULSE_MS / 2);
    const after = new Set(await queue.getRanges(['active'], 0, -1));
    for (const id of before) {
      if (!after.has(id) || this.#jobs.has(id)) continue;
      const token = await redis.get(queue.toKey(`${id}:lock`));
      if (!token || !this.#workers.some((worker) => token.startsWith(worker.id))) continue;
      const job = await bull.Job.fromId(queue, id);
      // It may have come while Redis was asked.
      if (!job || this.#jobs.has(id)) continue;
      this.#thoughtLost.set(id, job.attemptsStarted);
      const notStarted = () => readNotStarted(redis, queue, job);
      if (!(await mayHaveStarted(job, notStarted))) await noteNotStarted(redis, queue, job);
      await job.moveToWait(token).catch(() => this.#thoughtLost.delete(id));
    }
  }

  async #start(bull: Bull, secret: JobSecret): Promise<void> {
    const { server, name, concurrency, repeatable } = this.#options;
    const { Redis } = await loadRedis();
    if (this.#closing.signal.aborted) return;
    this.#client = new Redis(ownConnection(server));
    writeTogether(this.#client);
    // BullMQ reports it; once its workers are closed, nobody listens.
    this.#client.on('error', () => {});
    const options = {
      connection: this.#client,
      prefix: PREFIX,
      skipVersionCheck: true,
      maxStalledCount: repeatable ? MOST_DEAD_WORKERS : 0,
      stalledInterval: STALLED_MS,
      lockDuration: LOCK_MS,
      lockRenewTime: RENEW_MS,
      runRetryDelay: 1_000,
    };
    // The answer that was lost with a connection may have brought a job.
    const broke = () => {
      this.#mayHaveLost = true;
    };
    const count = Math.min(WORKERS, concurrency);
    this.#workers = Array.from({ length: count }, (_, index) => {
      const share = Math.floor((concurrency + index) / count);
      const worker = new bull.Worker(name, (job: Job) => this.#work(bull, secret, job), {
        ...options,
        concurrency: share,
      });
      worker.on('error', (error) => {
        broke();
        const refusal = refusalOf(error);
        if (refusal) this.#refusal = { error: refusal, at: performance.now() };
      });
      worker.on('ioredis:close', broke);
      worker.on('completed', ({ id }) => this.#hasEnded('completed', id));
      worker.on('failed', (job) => this.#hasEnded('failed', job?.id));
      return worker;
    });
  }

  async #work(bull: Bull, secret: JobSecret, job: Job): Promise<string | undefined> {
    const id = job.id!;
    const { timeoutMs, explain, repeatable, keep } = this.#options;
    let { data } = job;
    if (data === SEPARATE) {
      // The flow may work for so long; a repeatable job may wait once more after that.
      const seconds = Math.ceil(timeoutMs / 1000) + keep + SWEPT_SECONDS;
      data = await this.#onRedis((redis, queue) => redis.getexBuffer(messageKey(queue, id), 'EX', seconds));
      if (data === null) throw failed(bull, 'INPUT', 'job-unknown');
    }
    const content = secret.open(id, data);
    // It is over: its last worker died before BullMQ noted that.
    if (content?.kind === 'answer') return;
    if (content?.kind === 'error') {
      const { code, cause } = content.value as JobError;
      throw failed(bull, code, cause.problem);
    }
    if (!content) throw failed(bull, 'CONFIG', 'queue-secret-differs');
    // The job was given back as lost, and another worker may have it by now.
    const refuseLost = () => {
      if (job.attemptsStarted <= (this.#thoughtLost.get(id) ?? -1)) throw new bull.WaitingError();
    };
    refuseLost();
    const notStarted = () => this.#onRedis((redis, queue) => readNotStarted(redis, queue, job));
    const isRetried = !repeatable && (this.#paid.has(id) || (await mayHaveStarted(job, notStarted)));
    // It may have been given back meanwhile. From here on it is in `#jobs` before anything is waited for.
    refuseLost();
    if (isRetried) {
      const ledger = typeof job.progress === 'string' ? job.progress : (this.#paid.get(id) ?? null);
      const lost = explain(jobLost(id, ledger));
      await job.updateData(textOf('error', secret.seal('error', id, written(lost))));
      throw failed(bull, lost.code, lost.cause.problem);
    }
    if (this.#closing.signal.aborted) await this.#giveBackUnsent(bull, job);
    let running!: RunningJob;
    const how = await new Promise<End>((resolve) => {
      const late = setTimeout(() => {
        const seconds = timeoutMs / 1000;
        const error = new VerifyError('TIMEOUT', 'job-timeout', { seconds }, OUTCOME_UNKNOWN);
        resolve({ error: explain(error) });
      }, timeoutMs);
      const end = (given: End) => {
        clearTimeout(late);
        resolve(given);
      };
      let hasPaid = false;
      running = {
        end,
        giveBack: () => end('given-back'),
        giveBackUnsent: () => {
          if (!hasPaid) end('unsent');
          return !hasPaid;
        },
        paying: (ledger) => {
          hasPaid = true;
          this.#paid.set(id, ledger);
          if (this.#paid.size > MOST_PAID) this.#paid.delete(this.#paid.keys().next().value!);
          if (ledger !== null) job.updateProgress(ledger).catch(() => {});
        },
      };
      this.#jobs.set(id, running);
      this.#options.take({ ...(content.value as object), ...activeJobs.add(id, running) });
    });
    activeJobs.delete(id, running);
    try {
      return await this.#end(bull, secret, job, how);
    } finally {
      this.#jobs.delete(id);
      if (this.#jobs.size === 0) this.#onIdle?.();
    }
  }

  #hasEnded(set: 'completed' | 'failed', id: string | undefined): void {
    if (id === undefined) return;
    this.#ended.add(id);
    if (Math.abs(this.#aheadMs) < WRONG_CLOCK_MS) return;
    // BullMQ notes when a job ended by the clock of this machine, and what is kept is swept by that of Redis.
    const at = Date.now() - this.#aheadMs;
    void this.#onRedis((redis, queue) => redis.zadd(queue.toKey(set), 'XX', at, id)).catch(() => {});
  }

  #onRedis<Value>(work: (redis: Redis, queue: Queue) => Promise<Value>): Promise<Value> {
    return this.#connection.do((redis) => work(redis, this.#queue!), {
      timeoutMs: LOCK_MS,
      cancel: NEVER,
    });
  }

  /** Another worker starts it, and does not take it for a job that was started before. */
  async #giveBackUnsent(bull: Bull, job: Job): Promise<never> {
    await this.#onRedis((redis, queue) => noteNotStarted(redis, queue, job));
    return giveBack(bull, job);
  }

  /** An answer may have been paid for: a Redis that is full is waited for, while the lock of the job is renewed. */
  async #keep<Value>(write: () => Promise<Value>): Promise<Value> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal?.code !== 'OVERLOADED' || this.#isGivenUp) throw error;
        this.#refusal = { error: refusal, at: performance.now() };
        await later(PULSE_MS);
      }
    }
  }

  /**
   * @returns the sealed answer, which BullMQ writes and sends to those who wait in the one command that ends the job;
   * undefined where it is large and has taken the place of the message
   * @throws Error that BullMQ fails the job with, once the sealed error has taken the place of the message
   */
  async #end(bull: Bull, secret: JobSecret, job: Job, how: End): Promise<string | undefined> {
    const { over, explain } = this.#options;
    if (how === 'given-back' || how === 'unsent') {
      over('given-back');
      if (how === 'unsent') await this.#giveBackUnsent(bull, job);
      return giveBack(bull, job);
    }
    let failure: JobError | null = 'error' in how ? how.error : null;
    let data = '';
    try {
      const kind = failure ? 'error' : 'answer';
      const bytes = written(failure ?? (how as { answer: unknown }).answer);
      data = textOf(kind, secret.seal(kind, job.id!, bytes));
    } catch (error) {
      const { problem, values } = error as VerifyError;
      failure = explain(new VerifyError('PROTOCOL', problem, values, OUTCOME_UNKNOWN));
      data = textOf('error', secret.seal('error', job.id!, written(failure)));
    }
    over(failure ? { code: failure.code } : (how as { answer: unknown }));
    if (failure || data.length > EVENT_CHARACTERS) await this.#keep(() => job.updateData(data));
    if (failure) throw failed(bull, failure.code, failure.cause.problem);
    // BullMQ (6.7.0) would fail a job whose answer Redis has no room for.
    const complete = job.moveToCompleted.bind(job);
    job.moveToCompleted = (...values) => this.#keep(() => complete(...values));
    return data.length > EVENT_CHARACTERS ? undefined : data;
  }
}

type End = { answer: unknown } | { error: JobError } | 'given-back' | 'unsent';

interface RunningJob extends ActiveJob {
  giveBack(): void;
}

/** What a dashboard shows: nothing of the message. */
function failed(bull: Bull, code: string, problem: string): Error {
  const error = new bull.UnrecoverableError(`${code} ${problem}`);
  error.stack = '';
  return error;
}

/** @returns whether a worker worked on the job before: an operator or a dashboard may have retried it since */
async function mayHaveStarted(job: Job, notStarted: () => Promise<number>): Promise<boolean> {
  if (job.stalledCounter > 0 || typeof job.progress === 'string') return true;
  return job.attemptsStarted > 1 && (await notStarted()) < job.attemptsStarted - 1;
}

async function readNotStarted(redis: Redis, queue: Queue, job: Job): Promise<number> {
  return Number((await redis.hget(queue.toKey(job.id!), NOT_STARTED)) ?? 0);
}

async function noteNotStarted(redis: Redis, queue: Queue, job: Job): Promise<void> {
  await redis.hset(queue.toKey(job.id!), NOT_STARTED, job.attemptsStarted);
}

async function giveBack(bull: Bull, job: Job): Promise<never> {
  await job.moveToWait(job.token!);
  throw new bull.WaitingError();
}
