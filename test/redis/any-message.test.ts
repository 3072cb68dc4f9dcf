/**
 * Any message that another node may make, any answer of a worker's flow, and any job that lies in Redis: each call ends
 * once, the process lives, and the next call is answered. fast-check prints the seed of a failure.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import * as fc from 'fast-check';
import type { Message } from '../../src/node-red/runner/red';
import { PREFIX } from '../../src/queue/bull';
import { ODDITIES, PLACES } from '../flows/odd-messages';
import { deploy, type FlowNode, got, send, startRuntime, until } from '../flows/runtime';
import { type RedisServer, startRedis } from './server';

const RUNS = 15;
const AT_ONCE = 6;

describe('any message over a queue', function () {
  this.timeout(240_000);
  let redis: RedisServer;
  let queue = '';
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);

  before(async () => {
    redis = await startRedis();
    // What a function node of a worker's flow may make of a message.
    const odd = (name: string, place: string, message: Message) => PLACES[place]!(message, ODDITIES[name]!());
    await startRuntime({ cnVerify: { key: 'a-secret-of-the-test' }, functionGlobalContext: { odd } });
    process.prependListener('uncaughtException', note);
    process.prependListener('unhandledRejection', note);
  });
  after(() => {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
    return redis.stop();
  });
  beforeEach(async () => {
    queue = randomUUID();
    await deploy(flow());
  });
  afterEach(async () => {
    assert.deepEqual(unhandled.splice(0), []);
    await deploy([]);
  });

  const at = { z: 'tab', x: 100, y: 100 };
  const flow = (): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'queue', type: 'verify-queue', name: queue, keep: 60, credentials: { url: redis.url } },
    { id: 'call', ...at, type: 'verify-call', queue: 'queue', wait: 30, wires: [['out1'], ['out2']] },
    { id: 'catch call', ...at, type: 'catch', scope: ['call'], wires: [['caught']] },
    { id: 'in', ...at, type: 'verify-in', queue: 'queue', timeout: 5, wires: [['work', 'copy']] },
    {
      id: 'work',
      ...at,
      type: 'function',
      outputs: 1,
      wires: [['return']],
      // To one wire: it does not survive either that what it gives on cannot be copied.
      func: `const { name, place } = msg.payload || {};
return place ? global.get('odd')(name, place, msg) : msg;`,
    },
    { id: 'catch work', ...at, type: 'catch', scope: null, uncaught: true, wires: [['return']] },
    { id: 'return', ...at, type: 'verify-return', wires: [] },
    ...['out1', 'out2', 'caught', 'copy'].map((id) => ({
      id,
      ...at,
      type: 'debug',
      active: false,
      tosidebar: false,
      wires: [],
    })),
  ];

  let sent = 0;
  const endsOf = (id: string) =>
    ['out1', 'out2', 'caught'].flatMap((each) => got(each).filter(({ _msgid }) => _msgid === id)).length;
  async function call(message: Message): Promise<number> {
    const id = String(message._msgid);
    send('call', message);
    await until(() => endsOf(id) > 0);
    return endsOf(id);
  }
  const ordinary = (payload: unknown = [1]): Message => ({ _msgid: `message ${++sent}`, payload });
  const isAnswered = async () => {
    const before = got('out1').length;
    assert.equal(await call(ordinary()), 1);
    assert.equal(got('out1').length, before + 1);
  };

  const anyOdd = fc.record({
    name: fc.constantFrom(...Object.keys(ODDITIES)),
    place: fc.constantFrom(...Object.keys(PLACES)),
  });
  const ends = async (messages: Message[]) => {
    const counts = await Promise.all(messages.map(call));
    assert.deepEqual(
      counts,
      counts.map(() => 1),
    );
    await isAnswered();
  };

  it('verify-call ends each one once', () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyOdd, { minLength: 1, maxLength: AT_ONCE }), (all) =>
        ends(all.map(({ name, place }) => PLACES[place]!(ordinary(), ODDITIES[name]!()))),
      ),
      { numRuns: RUNS },
    ));

  it('verify-return ends the call of each answer, and of what has an error in it, once', () =>
    fc.assert(
      fc.asyncProperty(
        // A function node does not survive that it gives on a frozen message.
        fc.array(
          anyOdd.filter(({ place }) => !place.includes('frozen')),
          { minLength: 1, maxLength: AT_ONCE },
        ),
        (all) => ends(all.map((odd) => ordinary(odd))),
      ),
      { numRuns: RUNS },
    ));

  it('verify-in takes no job that it cannot read, and goes on', async () => {
    const connection = { host: '127.0.0.1', port: Number(new URL(redis.url).port) };
    const own = new Queue(queue, { connection, prefix: PREFIX, skipVersionCheck: true });
    try {
      const data = [
        null,
        1,
        'text',
        [],
        {},
        { sealed: 'AAAA' },
        { message: { payload: 1 } },
        { v: 1, data: {} },
      ];
      for (const [index, each] of data.entries()) await own.add('message', each, { jobId: `odd-${index}` });
      await isAnswered();
      await until(async () => (await own.getJobCounts('failed')).failed === data.length);
    } finally {
      await own.close();
    }
  });
});
