/** Callers and workers of a queue, without Node-RED, on a Redis that is slow, full, away or refuses: docs/contract.md, "Queue". */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { QueueEvents } from 'bullmq';
import type { VerifyError } from '../../src/contract/errors';
import { type ActiveJob, activeJobs } from '../../src/queue/active-jobs';
import { PREFIX, type QueueOptions } from '../../src/queue/bull';
import { JobCalls } from '../../src/queue/calls';
import type { RedisNotice } from '../../src/queue/redis-connection';
import { redisServer } from '../../src/queue/redis-url';
import { JobSecret } from '../../src/queue/sealed';
import { FORGET_MESSAGES, JobWorker, type WorkerOptions } from '../../src/queue/worker';
import { ROOT, temporaryDirectory } from '../demo-process';
import { selfSigned } from '../http/certificates';
import { freePort } from '../http/server';
import { until } from '../until';
import { startCable } from './fleet';
import { type RedisServer, startRedis, startTls } from './server';

const NEVER = new AbortController().signal;
type Ended = Parameters<ActiveJob['end']>[0];

const HOURS_2 = 7_200_000;
const SECRET = new JobSecret(Buffer.alloc(32, 1));

describe('a connection to the queue', function () {
  this.timeout(60_000);
  let redis: RedisServer;
  let name = '';
  let notices: [RedisNotice, string][] = [];
  const ends: (() => Promise<unknown> | unknown)[] = [];

  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.stop());
  beforeEach(() => {
    name = randomUUID();
    notices = [];
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const options = (url = redis.url): QueueOptions => ({
    server: redisServer(new URL(url), {}),
    name,
    keep: 60,
    secret: async () => SECRET,
    notify: (notice, { code }) => notices.push([notice, code]),
  });
  function callsOf(url?: string, changes: Partial<QueueOptions> = {}): JobCalls {
    const calls = new JobCalls({ ...options(url), ...changes });
    ends.push(() => calls.close());
    return calls;
  }
  /** @param take with what each job is done */
  function workerOf(take: (message: Record<string, unknown>) => void, changes: Partial<WorkerOptions> = {}) {
    const refusals: (VerifyError | null)[] = [];
    const worker = new JobWorker({
      ...options(),
      concurrency: 20,
      repeatable: false,
      timeoutMs: 30_000,
      take,
      over: () => {},
      explain: ({ code, problem, values }) => ({
        message: problem,
        code,
        cause: { problem, values } as never,
      }),
      stuck: (error) => refusals.push(error),
      ...changes,
    });
    ends.push(() => worker.close(0));
    return { worker, refusals };
  }
  const endJob = (message: Record<string, unknown>, how: Ended) => {
    const job = activeJobs.get(message);
    assert.ok(job && job !== 'over');
    job.end(how);
  };
  const answer = (message: Record<string, unknown>, value: unknown) => endJob(message, { answer: value });
  async function put(calls: JobCalls, payload: unknown): Promise<string> {
    const id = calls.newId();
    await calls.put(id, 'message', { payload }, NEVER);
    return id;
  }
  /** @param aheadMs by which the clock of this process is wrong meanwhile */
  async function withClock<Value>(aheadMs: number, work: () => Promise<Value>): Promise<Value> {
    const { now } = Date;
    Date.now = () => now() + aheadMs;
    try {
      return await work();
    } finally {
      Date.now = now;
    }
  }
  /** @returns the problem, the code and what stands behind it */
  async function refusal(work: Promise<unknown>): Promise<[string, string, unknown]> {
    const error = await work.then(
      () => assert.fail('It was not refused'),
      (reason: VerifyError) => reason,
    );
    assert.equal(error.details.charged, false);
    return [error.code, error.problem, error.values.code];
  }
  /** @returns the address of the same Redis for a user who may do all but some commands */
  async function userWithout(...commands: string[]): Promise<string> {
    const user = `user-${randomUUID()}`;
    const rights = ['on', '>right', '~{cn-verify}:*', '&*', '+@all', ...commands.map((each) => `-${each}`)];
    await redis.client.call('ACL', 'SETUSER', user, ...rights);
    return redis.url.replace('//', `//${user}:right@`);
  }

  it('gives what is large the time that it needs on a slow line', async () => {
    const cable = await startCable(redis.url, 600_000);
    ends.push(() => cable.close());
    const calls = callsOf(cable.url);
    // Six seconds, longer than any other command may take.
    const id = await put(calls, Buffer.alloc(3_500_000, 'x'));
    assert.deepEqual(await calls.counts(5_000), { waiting: 1, active: 0, failed: 0 });
    assert.ok(await redis.client.exists(`${PREFIX}:${name}:${id}`));
    assert.deepEqual(notices, []);
  });

  it('does not take the time in which its packages are loaded for a Redis that is away', async () => {
    const hook = `
      import { writeSync } from 'node:fs';
      const seen = new Set();
      export async function load(url, context, next) {
        const [, name] = /node_modules.(bullmq|ioredis)./.exec(url) ?? [];
        if (name && !seen.has(name)) {
          seen.add(name);
          await new Promise((resolve) => setTimeout(resolve, 1_500));
          writeSync(1, name + '\\n');
        }
        return next(url, context);
      }`;
    const program = `
      require('node:module').register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hook))});
      const { JobCalls } = require('./dist/src/queue/calls');
      const { JobSecret } = require('./dist/src/queue/sealed');
      const { redisServer } = require('./dist/src/queue/redis-url');
      const calls = new JobCalls({
        server: redisServer(new URL('${redis.url}'), {}), name: '${name}', keep: 60,
        secret: async () => new JobSecret(Buffer.alloc(32, 1)), notify: (notice) => console.log(notice),
      });
      calls.counts(1_000).then(() => console.log('counted'), ({ problem }) => console.log(problem))
        .then(() => process.exit());`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: ROOT });
    assert.deepEqual(stdout.split('\n').sort(), ['', 'bullmq', 'counted', 'ioredis']);
  });

  it('says for certain that a job is not in a Redis that does not come back', async () => {
    const gone = await startRedis();
    const calls = callsOf(gone.url, { putMs: 500 });
    await calls.counts(5_000);
    await gone.stop();
    await assert.rejects(calls.counts(100), { problem: 'queue-away' });
    assert.equal((await refusal(put(calls, 'never')))[1], 'queue-away');
    assert.equal(notices[0]![0], 'away');
  });

  it('says the id of a job where Redis took it and its answer was lost', async () => {
    const cable = await startCable(redis.url);
    ends.push(() => cable.close());
    const calls = callsOf(cable.url, { putMs: 500 });
    await calls.counts(5_000);
    cable.cut('answers');
    const id = calls.newId();
    await assert.rejects(calls.put(id, 'message', { payload: 1 }, NEVER), (error: VerifyError) => {
      assert.deepEqual([error.code, error.problem], ['UNCERTAIN', 'job-put-uncertain']);
      assert.deepEqual([error.values.job, error.details.charged], [id, null]);
      return true;
    });
    cable.mend();
    const taken: unknown[] = [];
    workerOf((message) => {
      taken.push(message.payload);
      answer(message, 'done');
    });
    assert.deepEqual(await calls.end(id, null, 30_000, NEVER), { answer: 'done' });
    assert.deepEqual(taken, [1], 'it was put once, however often that was tried');
  });

  for (const command of ['del', 'xadd'])
    it(`says that its user may not use ${command.toUpperCase()}, before it puts or takes anything`, async () => {
      const url = await userWithout(command);
      assert.deepEqual(await refusal(put(callsOf(url), 1)), ['CONFIG', 'queue-refused', `NOPERM ${command}`]);
      const { refusals } = workerOf(() => assert.fail('nothing is taken'), {
        server: redisServer(new URL(url), {}),
      });
      await until(() => refusals.length > 0);
      assert.equal(refusals[0]?.values.code, `NOPERM ${command}`);
      assert.deepEqual(await redis.client.keys(`${PREFIX}:${name}:*`), []);
    });

  it('says that its user may not take jobs, or not hear of their ends', async () => {
    const { refusals } = workerOf(() => {}, {
      server: redisServer(new URL(await userWithout('bzpopmin')), {}),
    });
    await until(() => refusals.some((error) => error?.values.code === 'NOPERM bzpopmin'));
    const calls = callsOf(await userWithout('xread'));
    await calls.counts(5_000);
    await until(() => notices.some(([notice, code]) => notice === 'deaf' && code === 'NOPERM xread'));
  });

  it('uses no other database where the one of its address is not there', async () => {
    const calls = callsOf(`${redis.url}/99`);
    assert.deepEqual(await refusal(put(calls, 1)), ['CONFIG', 'queue-database', 'DATABASE']);
    assert.deepEqual(await redis.client.keys(`${PREFIX}:${name}:*`), []);
  });

  it('waits where the certificate of Redis is not valid yet, because the clock here is not set yet', async () => {
    const identity = selfSigned('IP:127.0.0.1', Date.now() + HOURS_2);
    const tls = await startTls(redis, identity);
    ends.push(() => tls.close());
    const server = redisServer(new URL(tls.url), { ca: identity.cert });
    const calls = callsOf(undefined, { server, putMs: 500 });
    assert.deepEqual(await refusal(put(calls, 1)), ['NETWORK', 'queue-away', 'CERT_NOT_YET_VALID']);
  });

  it('says which node of a cluster holds the queue', async () => {
    const cluster = async () => ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())];
    const [one, other] = [await startRedis(...(await cluster())), await startRedis(...(await cluster()))];
    ends.push(
      () => one.stop(),
      () => other.stop(),
    );
    await other.client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    const [, busPort] = /@(\d+)/.exec(String(await other.client.call('CLUSTER', 'NODES')))!;
    const { port } = new URL(other.url);
    await one.client.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort!);
    await until(async () => /cluster_state:ok/.test(String(await one.client.call('CLUSTER', 'INFO'))));
    assert.deepEqual(await refusal(put(callsOf(one.url), 1)), [
      'CONFIG',
      'queue-moved',
      `MOVED 127.0.0.1:${port}`,
    ]);
    assert.ok(await put(callsOf(other.url), 1));
  });

  it('refuses a job while Redis is full, and keeps an answer until there is room', async () => {
    let taken: Record<string, unknown> | undefined;
    const { refusals } = workerOf((message) => {
      taken = message;
    });
    const calls = callsOf();
    const id = await put(calls, 'paid');
    await until(() => taken !== undefined);
    await redis.client.config('SET', 'maxmemory', '1');
    try {
      assert.deepEqual(await refusal(put(calls, 'another')), ['OVERLOADED', 'queue-full', 'OOM']);
      answer(taken!, 'what was paid for');
      await until(() => refusals.at(-1)?.problem === 'queue-full');
    } finally {
      await redis.client.config('SET', 'maxmemory', '0');
    }
    assert.deepEqual(await calls.end(id, null, 30_000, NEVER), { answer: 'what was paid for' });
  });

  it('keeps the answer or the error of a job that is over, and its message no longer', async () => {
    const large = 'x'.repeat(20_000);
    const failure = { message: 'too late', code: 'TIMEOUT', cause: { problem: 'job-timeout' } as never };
    const ended: Record<string, Ended> = {
      small: { answer: 'small' },
      [large]: { answer: 'small' },
      enlarge: { answer: large },
      [`${large} fail`]: { error: failure },
    };
    workerOf((message) => endJob(message, ended[String(message.payload)]!));
    const calls = callsOf();
    for (const [payload, end] of Object.entries(ended)) {
      const id = await put(calls, payload);
      const key = `${PREFIX}:${name}:${id}`;
      await until(async () => {
        const data = (await redis.client.hget(key, 'data')) ?? '';
        return !/message|separate/.test(data) && (await redis.client.exists(`${key}:message`)) === 0;
      });
      for (let times = 0; times < 2; times++) assert.deepEqual(await calls.end(id, null, 30_000, NEVER), end);
    }
  });

  it('does not pay again for a job that is there again because Redis was set back', async () => {
    const own = await startRedis();
    ends.push(() => own.stop());
    const calls = callsOf(own.url);
    const [paid, free] = [await put(calls, 'paid'), await put(calls, 'free')];
    own.remember();
    const taken: unknown[] = [];
    workerOf(
      (message) => {
        taken.push(message.payload);
        const job = activeJobs.get(message);
        if (message.payload === 'paid' && job && job !== 'over') job.paying('an-entry');
        answer(message, 1);
      },
      { server: redisServer(new URL(own.url), {}) },
    );
    await until(async () => taken.length === 2 && (await calls.counts(5_000)).active === 0);
    await own.kill();
    own.setBack();
    await own.start();
    const ended = await calls.end(paid, null, 30_000, NEVER);
    assert.ok(ended && 'error' in ended, JSON.stringify(ended));
    assert.deepEqual(
      [ended.error.code, ended.error.cause.values],
      ['UNCERTAIN', { job: paid, ledger: 'an-entry' }],
    );
    assert.deepEqual(await calls.end(free, null, 30_000, NEVER), { answer: 1 });
    assert.deepEqual(taken.toSorted(), ['free', 'free', 'paid']);
  });

  it('keeps the message of a job whose worker died, and of one that is not over any more because Redis was set back', async () => {
    const key = (id: string) => `${PREFIX}:${name}:${id}`;
    const jobs = {
      over: { data: '"message x"', returnvalue: '"answer x"' },
      died: { data: '"separate"', failedReason: 'x' },
      'set back': { data: '"message x"' },
      'set back and large': { data: '"separate"' },
    };
    const ids = Object.keys(jobs);
    for (const [id, fields] of Object.entries(jobs)) {
      await redis.client.hset(key(id), fields);
      await redis.client.set(key(`${id}:message`), 'x');
    }
    const keys = ids.flatMap((id) => [key(id), key(`${id}:message`)]);
    await redis.client.eval(FORGET_MESSAGES, keys.length, keys);
    const kept = await Promise.all(ids.map((id) => redis.client.hget(key(id), 'data')));
    assert.deepEqual(kept, [null, '"separate"', '"message x"', '"separate"']);
    const messages = await Promise.all(ids.map((id) => redis.client.exists(key(`${id}:message`))));
    assert.deepEqual(messages, [0, 1, 1, 1]);
  });

  it('deletes a job once its answer has come, and the events that held answers soon afterwards', async () => {
    workerOf((message) => answer(message, 'small'));
    const calls = callsOf(undefined, { keep: 1, sweepMs: 100 });
    const id = calls.newId();
    const listening = calls.listen(id);
    await calls.put(id, 'message', { payload: 1 }, NEVER);
    assert.deepEqual(await calls.end(id, listening, 30_000, NEVER), { answer: 'small' });
    const queue = `${PREFIX}:${name}`;
    await until(async () => (await redis.client.exists(`${queue}:${id}`, `${queue}:completed`)) === 0);
    await until(
      async () => !JSON.stringify(await redis.client.xrange(`${queue}:events`, '-', '+')).includes(id),
    );
  });

  it('keeps what waits for as long as it says, and notes when it was over, whatever the clocks of this machine show', async () => {
    const sweeps = new QueueEvents(name, { connection: { url: redis.url }, prefix: PREFIX });
    let swept = 0;
    sweeps.on('cleaned', () => {
      swept++;
    });
    ends.push(() => sweeps.close());
    await sweeps.waitUntilReady();
    for (const [caller, sweeper] of [
      [0, HOURS_2],
      [-HOURS_2, 0],
    ] as const) {
      const calls = callsOf(undefined, { sweepMs: HOURS_2 });
      const id = await withClock(caller, () => put(calls, 1));
      await calls.close();
      await withClock(sweeper, async () => {
        const other = callsOf(undefined, { sweepMs: 50 });
        await other.counts(1_000);
        swept = 0;
        await until(() => swept >= 6);
        await other.close();
      });
      assert.ok(await redis.client.exists(`${PREFIX}:${name}:${id}`), `${caller} ${sweeper}`);
    }
    await withClock(-HOURS_2, async () => {
      const { worker } = workerOf((message) => answer(message, 'done'));
      const over = async () => {
        const [, at = 0] = await redis.client.zrange(`${PREFIX}:${name}:completed`, '0', '0', 'WITHSCORES');
        return Number(at);
      };
      await until(async () => (await over()) >= Date.now() + HOURS_2 - 600_000);
      await worker.close(0);
    });
  });

  it('ends what was kept long enough, whether anybody took it or not', async () => {
    const calls = callsOf(undefined, { keep: 1, sweepMs: 100 });
    const id = calls.newId();
    const listening = calls.listen(id);
    await calls.put(id, 'message', { payload: 1 }, NEVER);
    assert.equal(await calls.end(id, listening, 0, NEVER), null);
    assert.deepEqual(await calls.counts(1_000), { waiting: 1, active: 0, failed: 0 });
    await until(async () => (await redis.client.exists(`${PREFIX}:${name}:${id}`)) === 0);
    await assert.rejects(calls.end(id, null, 0, NEVER), { code: 'INPUT', problem: 'job-unknown' });
  });

  it('gives back, when it stops, what it has not handed to its flow', async () => {
    const calls = callsOf();
    const jobs = 60;
    const ids = await Promise.all(Array.from({ length: jobs }, (_, number) => put(calls, number)));
    const taken: number[] = [];
    let stopping: Promise<void> | null = null;
    const { worker } = workerOf((message) => {
      assert.equal(stopping, null, 'nothing is handed over once it stops');
      taken.push(Number(message.payload));
      answer(message, 'first');
      if (taken.length === 5) stopping = worker.close(0);
    });
    await until(() => stopping !== null);
    await stopping;
    workerOf((message) => {
      taken.push(Number(message.payload));
      answer(message, 'second');
    });
    const ended = await Promise.all(ids.map((id) => calls.end(id, null, 30_000, NEVER)));
    for (const end of ended) assert.ok(end && 'answer' in end, JSON.stringify(end));
    assert.deepEqual(
      taken.sort((a, b) => a - b),
      ids.map((_, number) => number),
    );
  });

  it('gives back what a closing node had not sent, and nothing that may have cost something', async () => {
    const calls = callsOf();
    const [unsent, paying] = [await put(calls, 'unsent'), await put(calls, 'paying')];
    const gaveBack = new Map<unknown, boolean>();
    const started: unknown[] = [];
    workerOf((message) => {
      const { payload } = message;
      started.push(payload);
      const job = activeJobs.get(message);
      assert.ok(job && job !== 'over');
      if (gaveBack.has(payload)) return job.end({ answer: 'the second time' });
      if (payload === 'paying') job.paying('20261130-000000-a');
      gaveBack.set(payload, job.giveBackUnsent());
      if (!gaveBack.get(payload)) job.end({ answer: 'the first time' });
    });
    assert.deepEqual(await calls.end(unsent, null, 30_000, NEVER), { answer: 'the second time' });
    assert.deepEqual(await calls.end(paying, null, 30_000, NEVER), { answer: 'the first time' });
    assert.deepEqual(started.sort(), ['paying', 'unsent', 'unsent']);
  });

  it('says which package is missing', async () => {
    const directory = temporaryDirectory();
    cpSync(join(ROOT, 'dist/src'), join(directory, 'src'), { recursive: true });
    const program = `
      const { loadBull } = require('./src/queue/bull');
      loadBull().catch(({ code, problem }) => console.log(code, problem));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: directory });
    assert.equal(stdout, 'CONFIG bullmq-missing\n');
  });
});
