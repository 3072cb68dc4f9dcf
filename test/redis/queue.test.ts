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
import { selfSigned } from '../http/certificates';
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
  const raised = (index = 0) => (got('caught')[index] as unknown as { error: Raised }).error;
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
    const res = { end: () => {} };
    const message: Message = { payload: [1, 2], photo, topic: 'kept', res, _msgid: 'one' };
    send('call', message);
    await until(() => got('out1').length === 1);
    const [answer] = got('out1') as [Message & { payload: { got: number; bytes: Buffer } }];
    assert.equal(answer.topic, 'kept');
    assert.ok('res' in answer, 'res stays with the caller');
    assert.equal('_verifyJob' in answer, false);
    assert.deepEqual([answer.payload.got, Buffer.compare(answer.payload.bytes, photo)], [2, 0]);
    assert.ok(Buffer.isBuffer(answer.payload.bytes));
    const [taken] = got('taken') as [Message];
    assert.equal('res' in taken, false, 'no worker could use it');
    await until(() => got('caught').length === 0);
    // An answer that came in time is deleted.
    await until(async () => (await jobsInRedis()).length === 0);
  });

  it('keeps nobody in Redis that can be read, before and after', async () => {
    await start(config(), ...caller({ wait: 0 }));
    send('call', { payload: { name: NAME, idNumber: ID_NUMBER, photo: jpg(96) } });
    await until(() => got('out2').length === 1);
    const before = await everything();
    assert.ok(
      before.includes(String((got('out2')[0] as Message & { payload: { job: string } }).payload.job)),
    );
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
    send('call', { payload: 'nonsense' });
    await until(() => got('caught').length === 1);
    const { code, message, cause } = raised();
    assert.deepEqual([code, cause.problem, cause.operation], ['INPUT', 'not-a-url', 'truth-create']);
    assert.match(message, /Photo 1/);
    assert.equal((await settledStatus('call'))?.text, 'INPUT');
    assert.equal((await settledStatus('in'))?.text, 'INPUT');
  });

  it('tells of another node’s error no more than whose it was', async () => {
    await start(config(), ...caller(), ...worker(`throw new Error('${NAME}')`));
    send('call', { payload: 1 });
    await until(() => got('caught').length === 1);
    const { code, message, cause } = raised();
    assert.deepEqual(
      [code, cause.problem, cause.values],
      ['PROTOCOL', 'job-foreign-error', { type: 'function' }],
    );
    assert.deepEqual([cause.charged, cause.retryable], [null, false]);
    assert.deepEqual(leaksIn(message), []);
  });

  it('gives the id when the time is over, and answers who asks with it, as often as they ask', async () => {
    await start(config(), ...caller({ wait: 0.1 }));
    send('call', { payload: 'slow' });
    await until(() => got('out2').length === 1);
    const { payload } = got('out2')[0] as { payload: { job: string } };
    send('call', { payload: { ...payload } });
    await until(() => got('out2').length === 2);
    assert.deepEqual(got('out2')[1]!.payload, payload, 'it waits again');
    await start(config(), ...caller({ wait: 10 }), ...worker('setTimeout(() => node.send(msg), 500)'));
    // Two that wait for it at once, and one that comes when it is over.
    for (const who of ['one', 'two']) send('call', { payload: { ...payload }, who });
    await until(() => got('out1').length + got('caught').length === 2);
    send('call', { payload: { ...payload } });
    await until(() => got('out1').length === 3);
    for (const message of got('out1')) assert.equal(message.payload, 'slow');
  });

  it('knows no job of another id, and none that was kept long enough', async () => {
    await start(config(), ...caller());
    for (const job of [randomUUID(), 'not an id', '']) send('call', { payload: { job } });
    await until(() => got('caught').length === 3);
    for (const index of [0, 1, 2])
      assert.deepEqual([raised(index).code, raised(index).cause.problem], ['INPUT', 'job-unknown']);
    assert.ok(!JSON.stringify(raised(1)).includes('not an id'));
  });

  it('reads a Buffer as bytes, and does not ask for the name of each of them', async () => {
    await start(config(), ...caller(), ...worker('msg.payload = msg.payload.length; return msg;'));
    const { keys } = Object;
    const asked: unknown[] = [];
    Object.keys = (of: object) => {
      asked.push(of);
      return keys(of);
    };
    try {
      send('call', { payload: Buffer.alloc(100_000) });
      await until(() => got('out1').length === 1);
    } finally {
      Object.keys = keys;
    }
    assert.equal(got('out1')[0]!.payload, 100_000);
    assert.ok(!asked.some((of) => Buffer.isBuffer(of)));
  });

  it('refuses a message that is too large, and more than may wait', async () => {
    await start(config(), ...caller({ maxWaiting: 2, wait: 1 }));
    send('call', { payload: Buffer.alloc(17 * 1024 * 1024) });
    await until(() => got('caught').length === 1);
    assert.deepEqual([raised().code, raised().cause.problem], ['INPUT', 'job-too-large']);
    for (const payload of [1, 2, 3]) send('call', { payload });
    await until(() => got('caught').length === 2);
    assert.deepEqual([raised(1).code, raised(1).cause.charged], ['OVERLOADED', false]);
    await until(() => got('out2').length === 2);
    assert.equal((await jobsInRedis()).length, 2);
  });

  it('sends what can be sent of a message, and says so once', async () => {
    await start(config(), ...caller(), ...worker('msg.payload = Object.keys(msg).sort(); return msg;'));
    for (const _ of [1, 2]) send('call', { payload: 1, callback: () => {}, when: new Date(0) });
    await until(() => got('out1').length === 2);
    assert.deepEqual(got('out1')[0]!.payload, ['_msgid', '_verifyJob', 'payload', 'when']);
    assert.equal(logs.filter(({ msg }) => /without those parts/.test(String(msg))).length, 1);
  });

  it('sends what can be read of a message, and ends a job whose message the worker cannot hand on', async () => {
    await start(
      config(),
      ...caller(),
      ...worker('return { ...msg, payload: Object.keys(msg).sort().join() };'),
    );
    const odd = Object.defineProperty({ payload: 1, topic: 'a' }, 'getter', {
      enumerable: true,
      get: () => {
        throw new Error(NAME);
      },
    });
    send('call', odd);
    await until(() => got('out1').length === 1);
    assert.equal(got('out1')[0]!.payload, '_msgid,_verifyJob,payload,topic');

    // It can be written, but Node-RED cannot copy it for two wires.
    let deep: unknown = 1;
    for (let level = 0; level < 3_000; level++) deep = [deep];
    send('call', { payload: deep });
    await until(() => got('caught').length === 1);
    assert.deepEqual([raised().code, raised().cause.problem], ['INPUT', 'message-not-sent']);
    assert.equal(got('taken').length, 1);

    send('call', { payload: 2 });
    await until(() => got('out1').length === 2);
  });

  it('ends a job that never reaches a verify-return', async () => {
    await start(config(), ...caller(), ...worker('return null;', { timeout: 1 }));
    send('call', { payload: 1 });
    await until(() => got('caught').length === 1);
    assert.deepEqual(
      [raised().code, raised().cause.problem, raised().cause.charged, raised().cause.retryable],
      ['TIMEOUT', 'job-timeout', null, false],
    );
  });

  /** As it is after the worker that had the job died and another one noticed: the answer is lost, the message is not. */
  async function loseJob(): Promise<Job> {
    await start(config(), ...caller({ wait: 0 }));
    send('call', { payload: 'once' });
    await until(() => got('out2').length === 1);
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
    send('call', { payload: { job: id } });
    await until(() => got('out1').length + got('caught').length === 1);
    const { code, cause } = raised();
    assert.deepEqual([code, cause.problem, cause.charged], ['UNCERTAIN', 'job-lost', null]);
    assert.equal(got('taken').length, 0);
    const kept = (await redis.client.hget(`${PREFIX}:${queue}:${id}`, 'data')) ?? '';
    assert.match(kept, /^"error /, 'its message, with what it said of a person, is not kept');
    assert.equal((await settledStatus('in'))?.text ?? '', '');
  });

  it('runs a job again that is retried after its worker died, where verify-in says that it may', async () => {
    const { id } = await loseJob();
    await start(config(), ...caller(), ...worker('return msg;', { repeatable: true }));
    send('call', { payload: { job: id } });
    await until(() => got('out1').length + got('caught').length === 1);
    assert.equal(got('out1')[0]!.payload, 'once');
  });

  it('names a job by what it does, and never by what a message brings', async () => {
    const named = caller({ wait: 0 }).map((node) =>
      node.type === 'verify-call' ? { ...node, name: 'paid' } : node,
    );
    await start(config(), ...named);
    send('call', { payload: 1, action: 'face-compare' });
    send('call', { payload: 1, action: NAME });
    await until(() => got('out2').length === 2);
    await start(config(), ...caller({ wait: 0 }));
    send('call', { payload: 1 });
    await until(() => got('out2').length === 1);
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
      for (let sent = 1; sent <= 15; sent++) {
        send('call', { payload: sent });
        await until(() => got('out1').length === sent);
      }
    } finally {
      JobCalls.prototype.put = put;
    }
  });

  it('takes so many at a time', async () => {
    await start(
      config(),
      ...caller(),
      ...worker('return null;', { concurrency: 3, timeout: 60, repeatable: true }),
    );
    for (let index = 0; index < 8; index++) send('call', { payload: index });
    await until(() => got('taken').length === 3);
    await pause(500);
    assert.equal(got('taken').length, 3);
    assert.equal((await settledStatus('in'))?.text, '3');
  });

  it('refuses a queue that has another secret, on both sides', async () => {
    await start(config(), ...caller({ wait: 0 }));
    send('call', { payload: 1 });
    await until(() => got('out2').length === 1);
    const store = {
      id: 'store',
      type: 'verify-ledger-store',
      credentials: { url: redis.url, secret: 'another-secret-of-the-test' },
    };
    await start(store, config({ ledger: 'store' }), ...caller(), ...worker('return msg;'));
    send('call', { payload: 2 });
    await until(() => got('caught').length === 1);
    assert.deepEqual([raised().code, raised().cause.problem], ['CONFIG', 'queue-secret-differs']);
    assert.equal((await settledStatus('in'))?.text, 'CONFIG');
    assert.equal(got('taken').length, 0);
  });

  it('reaches a Redis over TLS that the tls-config node trusts, and no other', async () => {
    const identity = selfSigned('IP:127.0.0.1');
    const tls = await startTls(redis, identity);
    try {
      const url = ` ${tls.url}/0 `;
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
      send('call', { payload: 1 });
      await until(() => got('out1').length === 1);
      assert.equal(got('out1')[0]!.payload, 7);

      await start(config({}, url), ...caller());
      send('call', { payload: 1 });
      await until(() => got('caught').length === 1);
      assert.deepEqual([raised().code, raised().cause.problem], ['CONFIG', 'queue-certificate']);

      await start({ ...trusted, verifyservercert: false }, config({ tls: 'tls' }, url), ...caller());
      send('call', { payload: 1 });
      await until(() => got('caught').length === 1);
      assert.equal(raised().cause.problem, 'tls-unverified');
    } finally {
      await deploy([]);
      tls.close();
    }
  });

  it('goes on where its address has white space around it, or a password that nobody escaped', async () => {
    await start(config({}, ` \n${redis.url} `), ...caller(), ...worker('return { ...msg, payload: 7 };'));
    send('call', { payload: 1 });
    await until(() => got('out1').length === 1);
    const first = logs.length;
    await start(
      config({}, redis.url.replace('//', '//:some/secret@')),
      ...caller(),
      ...worker('return msg;'),
    );
    send('call', { payload: 1 });
    await until(() => got('caught').length === 1);
    assert.equal(raised().cause.problem, 'queue-url-unreadable');
    assert.ok(!JSON.stringify([raised(), logs.slice(first)]).includes('some'));
  });

  it('says what is wrong with its Redis', async () => {
    const secured = await startRedis();
    await secured.client.config('SET', 'requirepass', 'right');
    try {
      const url = secured.url.replace('redis://', 'redis://:wrong@');
      await start(config({}, url), ...caller(), ...worker('return msg;'));
      send('call', { payload: 1 });
      await until(() => got('caught').length === 1);
      assert.deepEqual([raised().code, raised().cause.problem], ['CONFIG', 'queue-refused']);
      assert.equal((await settledStatus('in'))?.text, 'CONFIG');
      assert.ok(!JSON.stringify([raised(), logs.slice(-20)]).includes('wrong@'));
    } finally {
      await secured.stop();
    }
    for (const [nodes, problem] of [
      [[config({}, 'http://127.0.0.1')], 'queue-url-unreadable'],
      [[{ ...config(), name: 'a:b' }], 'queue-name-unusable'],
      [[config({ ledger: 'gone' })], 'queue-store-missing'],
      [[], 'queue-missing'],
    ] as const) {
      await start(...nodes, ...caller());
      send('call', { payload: 1 });
      await until(() => got('caught').length === 1);
      assert.equal(raised().cause.problem, problem);
    }
  });

  it('waits for a Redis that comes back', async () => {
    await start(config(), ...caller(), ...worker('return msg;'));
    send('call', { payload: 'before' });
    await until(() => got('out1').length === 1);
    await redis.kill();
    const isSaid = () => logs.filter(({ msg }) => /cannot be reached/.test(String(msg))).length;
    const before = isSaid();
    send('call', { payload: 'during' });
    await until(() => isSaid() > before);
    await redis.start();
    await until(() => got('out1').length === 2);
    assert.equal(got('out1')[1]!.payload, 'during');
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
    send('call', { payload: 1 });
    await until(() => got('taken').length === 1);
    const [job] = await jobsInRedis();
    const isSaid = () => logs.filter(({ msg }) => /has lost its data/.test(String(msg))).length;
    const before = isSaid();
    await redis.client.flushall();
    await until(() => isSaid() > before);
    await until(() => got('caught').length === 1);
    const { code, cause } = raised();
    assert.deepEqual([code, cause.problem, cause.charged], ['UNCERTAIN', 'job-vanished', null]);
    assert.ok(job!.endsWith(String(cause.values.job)));
    send('call', { payload: { job: cause.values.job } });
    await until(() => got('caught').length === 2);
    assert.deepEqual([raised(1).code, raised(1).cause.charged], ['INPUT', null]);
    assert.doesNotMatch(raised(1).cause.hint ?? '', /paid for twice/, 'it promises nothing');
  });

  it('says that Redis started again without its data', async () => {
    const forgetful = await startRedis('--appendonly', 'no');
    try {
      await start(config({}, forgetful.url), ...worker('return msg;'));
      await until(() => logs.some(({ msg }) => /can lose jobs: appendonly/.test(String(msg))));
      await until(async () => (await forgetful.client.keys('*:mark')).length > 0);
      const isSaid = () => logs.filter(({ msg }) => /has lost its data/.test(String(msg))).length;
      const before = isSaid();
      await forgetful.kill();
      await forgetful.start();
      await until(() => isSaid() > before);
    } finally {
      await deploy([]);
      await forgetful.stop();
    }
  });

  it('lets go of a call that waits when its node closes, and the job goes on', async () => {
    const others = [config(), ...worker('setTimeout(() => node.send(msg), 1_000)')];
    // With a scope it would be deployed anew along with the node it names.
    const waits = (wait: number) =>
      caller({ wait }).map((node) => (node.type === 'catch' ? { ...node, scope: null } : node));
    await deploy([tab, ...others, ...waits(10)]);
    send('call', { payload: 'slow' });
    await until(() => got('taken').length === 1);
    await deploy([tab, ...others, ...waits(11)], 'nodes');
    await until(() => got('caught').length === 1);
    const { code, cause } = raised();
    assert.deepEqual([code, cause.problem, cause.retryable], ['CANCELLED', 'job-left', false]);
    send('call', { payload: { job: cause.values.job } });
    await until(() => got('out1').length === 1);
    assert.equal(got('out1')[0]!.payload, 'slow');
  });

  it('fails what a deploy takes out of its hand, and gives back what may be repeated', async () => {
    for (const repeatable of [false, true]) {
      queue = randomUUID();
      await start(config(), ...caller({ wait: 0 }), ...worker('return null;', { repeatable }));
      send('call', { payload: 'in hand' });
      await until(() => got('taken').length === 1 && got('out2').length === 1);
      const { payload } = got('out2')[0] as { payload: { job: string } };
      await start(config(), ...caller({ wait: 10 }), ...worker('return msg;', { repeatable }));
      send('call', { payload: { ...payload } });
      await until(() => got('out1').length + got('caught').length === 1);
      if (repeatable) assert.equal(got('out1')[0]!.payload, 'in hand');
      else
        assert.deepEqual(
          [raised().code, raised().cause.problem, raised().cause.charged],
          ['CANCELLED', 'job-worker-closed', null],
        );
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
    send('call', { payload: { ...person, name: 'sandbox-timeout' } });
    await until(() => got('out2').length === 1);
    const jobOf = (index: number) => (got('out2')[index]!.payload as { job: string }).job;
    const isPaying = async () =>
      (await redis.client.hget(`${PREFIX}:${queue}:${jobOf(0)}`, 'progress')) !== null;
    await until(isPaying);
    send('call', { payload: { ...person, name: NAME } });
    await until(async () => (await settledStatus('compare'))?.text?.endsWith('2') === true);
    const [sent, waiting] = [jobOf(0), jobOf(1)];
    await start(...work.map((node) => (node.type === 'verify-call' ? { ...node, wait: 20 } : node)));
    for (const job of [waiting, sent]) send('call', { payload: { job } });
    await until(() => got('out1').length + got('caught').length === 2);
    assert.equal((got('out1')[0]?.payload as { outcome?: string })?.outcome, 'passed');
    assert.equal(raised().cause.retryable, false, 'the one that was sent is not sent again');
  });

  it('drops what comes for a job that is over', async () => {
    await start(config(), ...caller(), ...worker('node.send([[msg, RED.util.cloneMessage(msg)]]);'));
    send('call', { payload: 'twice' });
    await until(() => got('out1').length === 1);
    await until(() => logs.some(({ msg }) => /over already/.test(String(msg))));
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
    assert.equal(raised().cause.problem, 'not-a-job');
  });
});
