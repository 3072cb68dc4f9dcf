/** The queue's nodes in one Node-RED, on a Redis of their own: docs/contract.md, "Queue". */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Job, Queue, Worker } from 'bullmq';
import type { Cause } from '../../src/contract/errors';
import type { Message } from '../../src/node-red/runner/red';
import { PREFIX } from '../../src/queue/bull';
import { JobCalls } from '../../src/queue/calls';
import { ID_NUMBER, NAME } from '../flows/five-actions';
import { deploy, type FlowNode, got, logs, send, settledStatus, startRuntime, until } from '../flows/runtime';
import { selfSigned, uncheckedByEnvironment } from '../http/certificates';
import { jpg } from '../input/pictures';
import { leaksIn } from '../private';
import { startCable } from './fleet';
import { type RedisServer, startRedis, startTls } from './server';

interface Raised {
  code: string;
  message: string;
  cause: Cause;
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('the queue', function () {
  this.timeout(60_000);
  let redis: RedisServer;
  let queue = '';

  before(async () => {
    redis = await startRedis();
    await startRuntime({ cnVerify: { key: 'a-secret-of-the-test' } });
  });
  after(() => redis.stop());
  beforeEach(() => {
    queue = randomUUID();
  });
  afterEach(() => deploy([]));

  const at = { z: 'tab', x: 100, y: 100 };
  const debug = (id: string): FlowNode => ({
    id,
    ...at,
    type: 'debug',
    active: false,
    tosidebar: false,
    wires: [],
  });
  const config = (properties: object = {}, url = redis.url): FlowNode => ({
    id: 'queue',
    type: 'verify-queue',
    name: queue,
    keep: 60,
    credentials: { url },
    ...properties,
  });
  const caller = (properties: object = {}): FlowNode[] => [
    {
      id: 'call',
      ...at,
      type: 'verify-call',
      queue: 'queue',
      wait: 10,
      ...properties,
      wires: [['out1'], ['out2']],
    },
    { id: 'catch call', ...at, type: 'catch', scope: ['call'], wires: [['caught']] },
    ...['out1', 'out2', 'caught'].map(debug),
  ];
  /** What it does with a message is `func`, whose three outputs are an answer, nothing and nothing. */
  const worker = (func: string, properties: object = {}): FlowNode[] => [
    { id: 'in', ...at, type: 'verify-in', queue: 'queue', ...properties, wires: [['work', 'taken']] },
    { id: 'work', ...at, type: 'function', func, outputs: 1, wires: [['return']] },
    { id: 'catch work', ...at, type: 'catch', scope: ['work'], wires: [['return']] },
    { id: 'return', ...at, type: 'verify-return', wires: [] },
    debug('taken'),
  ];
  const tab = { id: 'tab', type: 'tab', label: 'test' };
  const start = (...nodes: FlowNode[]) => deploy([tab, ...nodes]);
  /** Sends a message to verify-call, and waits for the next one at a node behind it. */
  async function call(message: Message, at: 'out1' | 'out2' | 'caught'): Promise<Message> {
    const before = got(at).length;
    send('call', message);
    await until(() => got(at).length > before);
    return got(at)[before]!;
  }
  /** @returns the payload of the answer */
  const answered = async (payload: unknown) => (await call({ payload }, 'out1')).payload;
  /** @returns the id of a job that did not end in time */
  const unfinished = async (payload: unknown) =>
    ((await call({ payload }, 'out2')).payload as { job: string }).job;
  /** @returns the error that verify-call raises */
  async function raised(payload: unknown): Promise<Raised> {
    const { error } = await call({ payload }, 'caught');
    return error as unknown as Raised;
  }
  const problemOf = async (payload: unknown) => {
    const { code, cause } = await raised(payload);
    return [code, cause.problem];
  };
  const timesSaid = (text: RegExp) => logs.filter(({ msg }) => text.test(String(msg))).length;
  const jobsInRedis = async () =>
    (await redis.client.keys(`{cn-verify}:queue:${queue}:*-*-*-*`)).filter((key) => !key.endsWith('lock'));
  /** All that Redis holds, as far as it can be read. */
  async function everything(): Promise<string> {
    const texts: string[] = [];
    for (const key of await redis.client.keys('*'))
      texts.push(key, (await redis.client.dumpBuffer(key))?.toString('latin1') ?? '');
    return texts.join('\n');
  }

  it('answers with what reached verify-return, in the message that came in', async () => {
    await start(
      config(),
      ...caller(),
      ...worker('msg.payload = { got: msg.payload.length, bytes: msg.photo }; return msg;'),
    );
    const photo = jpg(2048);
    const answer = await call({ payload: [1, 2], photo, topic: 'kept', res: { end: () => {} } }, 'out1');
    const { got: count, bytes } = answer.payload as { got: number; bytes: Buffer };
    assert.deepEqual([answer.topic, '_verifyJob' in answer, count], ['kept', false, 2]);
    assert.ok(Buffer.isBuffer(bytes) && bytes.equals(photo));
    assert.ok('res' in answer, 'res stays with the caller');
    assert.equal('res' in got('taken')[0]!, false, 'no worker could use it');
  });

  it('keeps nobody in Redis that can be read, before and after', async () => {
    await start(config(), ...caller({ wait: 0 }));
    const job = await unfinished({ name: NAME, idNumber: ID_NUMBER, photo: jpg(96) });
    const before = await everything();
    assert.ok(before.includes(job));
    assert.deepEqual(leaksIn(before), []);
    assert.ok(!before.includes(Buffer.from(NAME).toString('base64').slice(0, -4)));
    const size = before.length;
    await start(config(), ...worker(`throw new Error(msg.payload.name)`));
    await until(async () => (await redis.client.zcard(`{cn-verify}:queue:${queue}:failed`)) > 0);
    const later = await everything();
    assert.deepEqual(leaksIn(later), []);
    assert.ok(later.length < size + 10_000, 'its error is there instead of it');
  });

  it('raises the error of the worker’s flow at the Catch of the caller', async () => {
    await start(
      config(),
      ...caller(),
      ...[
        { id: 'in', ...at, type: 'verify-in', queue: 'queue', wires: [['create']] },
        { id: 'account', type: 'xhey-account', environment: 'sandbox' },
        { id: 'create', ...at, type: 'truth-create', account: 'account', wires: [['return'], []] },
        { id: 'catch create', ...at, type: 'catch', scope: ['create'], wires: [['return']] },
        { id: 'return', ...at, type: 'verify-return', wires: [] },
      ],
    );
    const { code, message, cause } = await raised('nonsense');
    assert.deepEqual([code, cause.problem, cause.operation], ['INPUT', 'not-a-url', 'truth-create']);
    assert.match(message, /Photo 1/);
    assert.equal((await settledStatus('call'))?.text, 'INPUT');
    assert.equal((await settledStatus('in'))?.text, 'INPUT');
  });

  it('says of another node’s error only which type of node raised it', async () => {
    await start(config(), ...caller(), ...worker(`throw new Error('${NAME}')`));
    const { code, message, cause } = await raised(1);
    assert.deepEqual(
      [code, cause.problem, cause.values],
      ['PROTOCOL', 'job-foreign-error', { type: 'function' }],
    );
    assert.deepEqual([cause.charged, cause.retryable], [null, false]);
    assert.deepEqual(leaksIn(message), []);
  });

  it('gives the id when the time is over, and answers who asks with it, as often as they ask', async () => {
    await start(config(), ...caller({ wait: 0.1 }));
    const job = await unfinished('slow');
    assert.equal(await unfinished({ job }), job, 'it waits again');
    await start(config(), ...caller(), ...worker('setTimeout(() => node.send(msg), 500)'));
    // Two that wait for it at once, and one that comes when it is over.
    for (const _ of [1, 2]) send('call', { payload: { job } });
    await until(() => got('out1').length + got('caught').length === 2);
    assert.equal(await answered({ job }), 'slow');
    for (const { payload } of got('out1')) assert.equal(payload, 'slow');
  });

  it('knows no job of another id', async () => {
    await start(config(), ...caller());
    for (const job of [randomUUID(), 'not an id', '', 5]) {
      const error = await raised({ job });
      assert.deepEqual([error.code, error.cause.problem], ['INPUT', 'job-unknown']);
      assert.ok(!JSON.stringify(error).includes('not an id'));
      assert.match(error.message, /^There is no job with the given id\. /);
    }
  });

  it('takes a message whose only property is called job, and no text and no number', async () => {
    await start(config(), ...caller(), ...worker('return msg;'));
    for (const payload of [{ job: { name: NAME } }, { job: [1] }, { job: null }])
      assert.deepEqual(await answered(payload), payload);
  });

  it('reads a Buffer as bytes, and does not ask for the name of each of them', async () => {
    await start(config(), ...caller(), ...worker('msg.payload = msg.payload.length; return msg;'));
    const { keys } = Object;
    const listed: unknown[] = [];
    Object.keys = (of: object) => {
      listed.push(of);
      return keys(of);
    };
    try {
      assert.equal(await answered(Buffer.alloc(100_000)), 100_000);
    } finally {
      Object.keys = keys;
    }
    assert.ok(!listed.some((of) => Buffer.isBuffer(of)));
  });

  it('refuses a message that is too large, and more than may wait', async () => {
    await start(config(), ...caller({ maxWaiting: 2, wait: 1 }));
    assert.deepEqual(await problemOf(Buffer.alloc(17 * 1024 * 1024)), ['INPUT', 'job-too-large']);
    for (const payload of [1, 2]) send('call', { payload });
    const { code, cause } = await raised(3);
    assert.deepEqual([code, cause.charged], ['OVERLOADED', false]);
    await until(() => got('out2').length === 2);
    assert.equal((await jobsInRedis()).length, 2);
  });

  it('sends what can be sent of a message, says once that it is not all, and ends a job whose message the worker cannot hand on', async () => {
    await start(
      config(),
      ...caller(),
      ...worker('return { ...msg, payload: Object.keys(msg).sort().join() };'),
    );
    const odd = Object.defineProperty({ payload: 1, callback: () => {}, when: new Date(0) }, 'getter', {
      enumerable: true,
      get: () => {
        throw new Error(NAME);
      },
    });
    for (const _ of [1, 2]) assert.equal((await call(odd, 'out1')).payload, '_msgid,_verifyJob,payload,when');
    assert.equal(timesSaid(/without those parts/), 1);

    // It can be written, but Node-RED cannot copy it for two wires.
    let deep: unknown = 1;
    for (let level = 0; level < 3_000; level++) deep = [deep];
    assert.deepEqual(await problemOf(deep), ['INPUT', 'message-not-sent']);
    assert.equal(got('taken').length, 2);
    await answered(2);
  });

  it('ends a job that never reaches a verify-return', async () => {
    await start(config(), ...caller(), ...worker('return null;', { timeout: 1 }));
    const { code, cause } = await raised(1);
    assert.deepEqual(
      [code, cause.problem, cause.charged, cause.retryable],
      ['TIMEOUT', 'job-timeout', null, false],
    );
  });

  /** As it is after the worker that had the job died and another one noticed: the answer is lost, the message is not. */
  async function loseJob(): Promise<Job> {
    await start(config(), ...caller({ wait: 0 }));
    await unfinished('once');
    const connection = { url: redis.url };
    const options = { connection, prefix: PREFIX, skipVersionCheck: true };
    const dead = new Worker(queue, null, { ...options, lockDuration: 300 });
    const jobs = new Queue(queue, options);
    const { id } = (await dead.getNextJob('a worker that dies'))!;
    const other = new Worker(queue, async () => {}, { ...options, stalledInterval: 100, maxStalledCount: 0 });
    try {
      await until(async () => (await jobs.getJobState(id!)) === 'failed');
    } finally {
      await other.close();
    }
    const job = (await jobs.getJob(id!))!;
    await job.retry('failed');
    await dead.close();
    await jobs.close();
    return job;
  }

  it('ends a job UNCERTAIN that is retried after its worker died, and does not run it again', async () => {
    const { id } = await loseJob();
    await start(config(), ...caller(), ...worker('return msg;'));
    const { code, cause } = await raised({ job: id });
    assert.deepEqual([code, cause.problem, cause.charged], ['UNCERTAIN', 'job-lost', null]);
    assert.equal(got('taken').length, 0);
    const kept = (await redis.client.hget(`${PREFIX}:${queue}:${id}`, 'data')) ?? '';
    assert.match(kept, /^"error /, 'its message, with what it said of a person, is not kept');
    assert.equal((await settledStatus('in'))?.text ?? '', '');
  });

  it('runs a job again that is retried after its worker died, where verify-in says that it may', async () => {
    const { id } = await loseJob();
    await start(config(), ...caller(), ...worker('return msg;', { repeatable: true }));
    assert.equal(await answered({ job: id }), 'once');
  });

  it('names a job by what it does, and never by what a message brings', async () => {
    const named = caller({ wait: 0 }).map((node) =>
      node.type === 'verify-call' ? { ...node, name: 'paid' } : node,
    );
    await start(config(), ...named);
    await call({ payload: 1, action: 'face-compare' }, 'out2');
    await call({ payload: 1, action: NAME }, 'out2');
    await start(config(), ...caller({ wait: 0 }));
    await unfinished(1);
    const names = await Promise.all((await jobsInRedis()).map((key) => redis.client.hget(key, 'name')));
    assert.deepEqual(names.sort(), ['face-compare', 'message', 'paid']);
  });

  it('hears of a job that is over before its put returns', async () => {
    await start(config(), ...caller({ wait: 50 }), ...worker('return msg;'));
    const { put } = JobCalls.prototype;
    JobCalls.prototype.put = async function (...given) {
      const whole = await put.apply(this, given);
      await pause(100);
      return whole;
    };
    try {
      // An end that is missed is found by a look five seconds later: this test would run out of its time.
      for (let sent = 1; sent <= 15; sent++) await answered(sent);
    } finally {
      JobCalls.prototype.put = put;
    }
  });

  it('takes so many at a time', async () => {
    await start(
      config(),
      ...caller(),
      ...worker('return null;', { concurrency: 6, timeout: 60, repeatable: true }),
    );
    for (let index = 0; index < 9; index++) send('call', { payload: index });
    await until(() => got('taken').length === 6);
    await pause(500);
    assert.equal(got('taken').length, 6);
    assert.equal((await settledStatus('in'))?.text, '6');
  });

  it('refuses a queue that has another secret, on both sides', async () => {
    await start(config(), ...caller({ wait: 0 }));
    await unfinished(1);
    const store = {
      id: 'store',
      type: 'verify-ledger-store',
      credentials: { url: redis.url, secret: 'another-secret-of-the-test' },
    };
    await start(store, config({ ledger: 'store' }), ...caller(), ...worker('return msg;'));
    assert.deepEqual(await problemOf(2), ['CONFIG', 'queue-secret-differs']);
    assert.equal((await settledStatus('in'))?.text, 'CONFIG');
    assert.equal(got('taken').length, 0);
  });

  it('reaches a Redis over TLS that the tls-config node trusts, and no other', async () => {
    const identity = selfSigned('IP:127.0.0.1');
    const tls = await startTls(redis, identity);
    try {
      // White space around it is that of a clipboard.
      const url = ` \n${tls.url}/0 `;
      const trusted = {
        id: 'tls',
        type: 'tls-config',
        cert: '',
        key: '',
        ca: '',
        verifyservercert: true,
        credentials: { cadata: identity.cert },
      };
      await start(
        trusted,
        config({ tls: 'tls' }, url),
        ...caller(),
        ...worker('return { ...msg, payload: 7 };'),
      );
      assert.equal(await answered(1), 7);
      const untrusted = async () => {
        await start(config({}, url), ...caller());
        assert.deepEqual(await problemOf(1), ['CONFIG', 'queue-certificate']);
      };
      await untrusted();
      await uncheckedByEnvironment(untrusted);
      await start({ ...trusted, verifyservercert: false }, config({ tls: 'tls' }, url), ...caller());
      assert.deepEqual(await problemOf(1), ['CONFIG', 'tls-unverified']);
    } finally {
      await deploy([]);
      tls.close();
    }
  });

  it('says what is wrong with its Redis, and not its password', async () => {
    const first = logs.length;
    const secured = await startRedis();
    await secured.client.config('SET', 'requirepass', 'right');
    try {
      const url = secured.url.replace('redis://', 'redis://:wrong-secret@');
      await start(config({}, url), ...caller(), ...worker('return msg;'));
      assert.deepEqual(await problemOf(1), ['CONFIG', 'queue-refused']);
      assert.equal((await settledStatus('in'))?.text, 'CONFIG');
    } finally {
      await secured.stop();
    }
    for (const [nodes, problem] of [
      [[config({}, 'http://127.0.0.1')], 'queue-url-unreadable'],
      // Nobody escaped it.
      [[config({}, redis.url.replace('//', '//:some/secret@'))], 'queue-url-unreadable'],
      [[{ ...config(), name: 'a:b' }], 'queue-name-unusable'],
      [[config({ ledger: 'gone' })], 'queue-store-missing'],
      [[], 'queue-missing'],
    ] as const) {
      await start(...nodes, ...caller());
      const error = await raised(1);
      assert.equal(error.cause.problem, problem);
      assert.ok(!JSON.stringify([error, logs.slice(first)]).includes('secret'));
    }
  });

  it('waits for a Redis that comes back', async () => {
    await start(config(), ...caller(), ...worker('return msg;'));
    await answered('before');
    await redis.kill();
    const before = timesSaid(/cannot be reached/);
    const during = answered('during');
    await until(() => timesSaid(/cannot be reached/) > before);
    await redis.start();
    assert.equal(await during, 'during');
  });

  it('loses no job to a network that breaks, however often', async () => {
    const cable = await startCable(redis.url);
    try {
      const far = { ...config({}, cable.url), id: 'far' };
      const work = worker('setTimeout(() => node.send(msg), 5)', { queue: 'far', concurrency: 20 });
      await start(config(), far, ...caller({ wait: 60 }), ...work);
      const jobs = 600;
      let sent = 0;
      const more = () => {
        for (; sent < jobs && sent - got('out1').length < 100; sent++) send('call', { payload: sent });
      };
      const refill = setInterval(more, 5);
      for (let cuts = 0; cuts < 3; cuts++) {
        await until(() => got('out1').length >= (cuts * jobs) / 4 + 50);
        cable.cut('answers');
        await pause(20);
        cable.mend();
      }
      await until(() => got('out1').length + got('caught').length === jobs);
      clearInterval(refill);
      assert.equal(got('caught').length, 0, JSON.stringify(got('caught')[0]));
      assert.equal(got('taken').length, jobs, 'and does none twice');
    } finally {
      await deploy([]);
      cable.close();
    }
  });

  it('says that Redis lost its data, and that nobody knows what became of a job that was there', async () => {
    await start(config(), ...caller({ wait: 50 }), ...worker('return null;', { repeatable: true }));
    const lost = raised(1);
    await until(() => got('taken').length === 1);
    const [job] = await jobsInRedis();
    const before = timesSaid(/has lost its data/);
    await redis.client.flushall();
    await until(() => timesSaid(/has lost its data/) > before);
    const { code, cause } = await lost;
    assert.deepEqual([code, cause.problem, cause.charged], ['UNCERTAIN', 'job-vanished', null]);
    assert.ok(job!.endsWith(String(cause.values.job)));
    const unknown = await raised({ job: cause.values.job });
    assert.deepEqual([unknown.code, unknown.cause.charged], ['INPUT', null]);
    assert.doesNotMatch(unknown.cause.hint ?? '', /paid for twice/, 'it promises nothing');
  });

  it('says that Redis started again without its data', async () => {
    const forgetful = await startRedis('--appendonly', 'no');
    try {
      await start(config({}, forgetful.url), ...worker('return msg;'));
      await until(() => timesSaid(/can lose jobs: appendonly/) > 0);
      await until(async () => (await forgetful.client.keys('*:mark')).length > 0);
      const before = timesSaid(/has lost its data/);
      await forgetful.kill();
      await forgetful.start();
      await until(() => timesSaid(/has lost its data/) > before);
    } finally {
      await deploy([]);
      await forgetful.stop();
    }
  });

  it('ends a call that waits when its node closes, and the job goes on', async () => {
    const others = [config(), ...worker('setTimeout(() => node.send(msg), 1_000)')];
    // A Catch with a scope would be deployed again along with the node it names.
    const waits = (wait: number) =>
      caller({ wait }).map((node) => (node.type === 'catch' ? { ...node, scope: null } : node));
    await deploy([tab, ...others, ...waits(10)]);
    const left = raised('slow');
    await until(() => got('taken').length === 1);
    await deploy([tab, ...others, ...waits(11)], 'nodes');
    const { code, cause } = await left;
    assert.deepEqual([code, cause.problem, cause.retryable], ['CANCELLED', 'job-left', false]);
    assert.equal(await answered({ job: cause.values.job }), 'slow');
  });

  it('fails a job that a deploy interrupts, and gives it back where it may be repeated', async () => {
    for (const repeatable of [false, true]) {
      queue = randomUUID();
      await start(config(), ...caller({ wait: 0 }), ...worker('return null;', { repeatable }));
      const job = await unfinished('interrupted');
      await until(() => got('taken').length === 1);
      await start(config(), ...caller(), ...worker('return msg;', { repeatable }));
      if (repeatable) assert.equal(await answered({ job }), 'interrupted');
      else {
        const { code, cause } = await raised({ job });
        assert.deepEqual([code, cause.problem, cause.charged], ['CANCELLED', 'job-worker-closed', null]);
      }
    }
  });

  it('gives back what has not been sent to a provider when it is deployed again, and does it afterwards', async () => {
    const work = [
      config(),
      { id: 'in', ...at, type: 'verify-in', queue: 'queue', wires: [['compare']] },
      {
        id: 'account',
        type: 'tencent-market-account',
        environment: 'sandbox',
        scheme: 'gateway',
        timeout: 1,
        maxConcurrent: 1,
      },
      { id: 'compare', ...at, type: 'face-compare', account: 'account', wires: [['return']] },
      { id: 'return', ...at, type: 'verify-return', wires: [] },
      { id: 'catch work', ...at, type: 'catch', scope: ['compare'], wires: [['return']] },
      ...caller({ wait: 0 }),
    ];
    await start(...work);
    const person = { idNumber: ID_NUMBER, photo: jpg(96) };
    const sent = await unfinished({ ...person, name: 'sandbox-timeout' });
    const isPaying = async () => (await redis.client.hget(`${PREFIX}:${queue}:${sent}`, 'progress')) !== null;
    await until(isPaying);
    const waiting = await unfinished({ ...person, name: NAME });
    await until(async () => (await settledStatus('compare'))?.text?.endsWith('2') === true);
    await start(...work.map((node) => (node.type === 'verify-call' ? { ...node, wait: 20 } : node)));
    assert.equal(((await answered({ job: waiting })) as { outcome?: string }).outcome, 'passed');
    assert.equal(
      (await raised({ job: sent })).cause.retryable,
      false,
      'the one that was sent is not sent again',
    );
  });

  it('drops what comes for a job that is over', async () => {
    await start(config(), ...caller(), ...worker('node.send([[msg, RED.util.cloneMessage(msg)]]);'));
    await answered('twice');
    await until(() => timesSaid(/over already/) > 0);
    assert.equal(got('caught').length, 0);
  });

  it('raises one error for a message that is of no job, where the Catch of its flow leads back to it', async () => {
    await start(
      ...[
        { id: 'return', ...at, type: 'verify-return', wires: [] },
        { id: 'catch', ...at, type: 'catch', scope: null, wires: [['return', 'caught']] },
        { id: 'complete', ...at, type: 'complete', scope: ['return'], wires: [['out1']] },
        ...['caught', 'out1'].map(debug),
      ],
    );
    send('return', { payload: 1 });
    await until(() => got('out1').length === 1);
    assert.equal(got('caught').length, 1);
    const [{ error }] = got('caught') as unknown as [{ error: Raised }];
    assert.equal(error.cause.problem, 'not-a-job');
  });
});
