/** Two Node-REDs that share a ledger in one Redis: CONTRACT, "Ledger". */
import assert from 'node:assert/strict';
import type { Entry } from '../../src/ledger/ledger';
import type { Result } from '../../src/result';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { ID_NUMBER, NAME, type Raised, SECRET } from '../flows/five-actions';
import { closeServers, json, type ScriptedServer, scriptedServer } from '../flows/scripted-server';
import { jpg } from '../input/pictures';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { leaksIn } from '../private';
import { type RedisServer, startRedis } from './server';

const MESSAGES = 10_000;
const KEYS = 2_000;
/** No name of the sandbox, and as many as there are keys: four of these. */
const LETTERS = '赵钱孙李周吴郑王冯陈褚卫';

type Told = Partial<Result> & Partial<Raised>;
type Tally = Record<string, number>;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const ORDER = `order of ${NAME}, ${ID_NUMBER}`;

/** `/go` makes messages and `/tally` counts how they ended; `/one` pays for one and answers; `/ledger` asks the ledger. */
function flow(url: string, account: object): object[] {
  const at = { z: 'tab', x: 1, y: 1 };
  return [
    { id: 'store', type: 'verify-ledger-store', name: '', credentials: { url, secret: SECRET } },
    {
      ...{ id: 'account', type: 'tencent-market-account', environment: 'custom', scheme: 'gateway' },
      ...{ maxWaiting: 10_000, maxConcurrent: 64, ledger: 'store', ...account },
    },
    { id: 'in', ...at, type: 'http in', url: '/go', method: 'post', wires: [['many', 'answer']] },
    {
      ...{ id: 'many', ...at, type: 'function', wires: [['pay']] },
      func: `const { count, step, keys } = msg.payload;
flow.set('tally', {});
for (let index = 0; index < count; index++) {
  const number = (index * step) % (keys || count);
  const name = [0, 1, 2, 3].map((place) => '${LETTERS}'[Math.floor(number / 12 ** place) % 12]).join('');
  node.send({ order: keys ? number : '', payload: { ...${JSON.stringify({ idNumber: ID_NUMBER, photo: jpg(96).toString('base64') })}, name } });
}`,
    },
    {
      ...{ id: 'pay', ...at, type: 'face-compare', account: 'account', wires: [['tally']] },
      ...{ key: 'order', keyType: 'msg' },
    },
    { id: 'catch', ...at, type: 'catch', scope: ['pay'], wires: [['tally']] },
    {
      ...{ id: 'tally', ...at, type: 'function', wires: [[]] },
      func: `const tally = flow.get('tally') || {};
const { error, payload } = msg;
const end = error ? error.code : payload.reused ? 'reused' : payload.outcome;
tally[end] = (tally[end] || 0) + 1;
flow.set('tally', tally);`,
    },
    { id: 'how', ...at, type: 'http in', url: '/tally', method: 'get', wires: [['counted']] },
    {
      ...{ id: 'counted', ...at, type: 'function', wires: [['answer']] },
      func: `msg.payload = flow.get('tally') || {}; return msg;`,
    },
    { id: 'in-one', ...at, type: 'http in', url: '/one', method: 'post', wires: [['order']] },
    {
      ...{ id: 'order', ...at, type: 'function', wires: [['pay-one']] },
      func: 'msg.order = msg.payload.order; return msg;',
    },
    {
      ...{ id: 'pay-one', ...at, type: 'face-compare', account: 'account', wires: [['answer']] },
      ...{ key: 'order', keyType: 'msg' },
    },
    { id: 'in-ledger', ...at, type: 'http in', url: '/ledger', method: 'post', wires: [['ledger']] },
    { id: 'ledger', ...at, type: 'verify-ledger', ledger: 'store', wires: [['answer'], []] },
    { id: 'catch-one', ...at, type: 'catch', scope: ['pay-one', 'ledger'], wires: [['error']] },
    {
      ...{ id: 'error', ...at, type: 'function', wires: [['answer']] },
      func: 'msg.payload = msg.error; return msg;',
    },
    { id: 'answer', ...at, type: 'http response', wires: [] },
  ];
}

describe('two Node-REDs and one Redis', function () {
  this.timeout(180_000);
  let redis: RedisServer;
  let sandbox: Sandbox;
  let server: ScriptedServer;
  const two: NodeRed[] = [];

  const post = async <Answer = Told>(nodeRed: NodeRed, path: string, body: unknown): Promise<Answer> => {
    const response = await fetch(`${nodeRed.address}/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Answer;
  };
  const one = (nodeRed: NodeRed, order: string) =>
    post(nodeRed, 'one', {
      ...{ name: NAME, idNumber: ID_NUMBER, photo: jpg(96).toString('base64'), order },
    });
  const deploy = (account: object) =>
    Promise.all(two.map((nodeRed) => nodeRed.deploy(flow(redis.url, account))));
  const ofSandbox = () => ({
    baseUrl: sandbox.accounts['tencent-market']!.baseUrl,
    credentials: sandbox.accounts['tencent-market']!.credentials,
  });
  const ofServer = () => ({
    baseUrl: server.baseUrl,
    credentials: { secretId: 'an-id-of-the-test', secretKey: SECRET },
  });

  /** Has both make messages, and waits for all of them. */
  async function work(each: { count: number; keys?: number }): Promise<Tally[]> {
    await Promise.all(
      two.map((nodeRed, index) => post(nodeRed, 'go', { ...each, step: [3, 7][index] }).catch(() => {})),
    );
    const tallyOf = async ({ address }: NodeRed) => (await (await fetch(`${address}/tally`)).json()) as Tally;
    const isDone = (tally: Tally) =>
      Object.values(tally).reduce((sum, count) => sum + count, 0) >= each.count;
    for (const deadline = Date.now() + 150_000; ; await pause(100)) {
      const tallies = await Promise.all(two.map(tallyOf));
      if (tallies.every(isDone)) return tallies;
      assert.ok(Date.now() < deadline, JSON.stringify(tallies));
    }
  }
  const sum = (tallies: readonly Tally[], end: string) =>
    tallies.reduce((all, tally) => all + (tally[end] ?? 0), 0);

  before(async () => {
    redis = await startRedis();
    sandbox = await startSandbox({ port: 0, file: null });
    server = await scriptedServer(() => {});
    two.push(...(await Promise.all([startNodeRed(), startNodeRed()])));
  });
  after(async () => {
    await Promise.all(two.map((nodeRed) => nodeRed.stop()));
    await sandbox?.close();
    await redis?.stop();
    closeServers();
  });
  beforeEach(async () => {
    await redis.client.flushall();
    server.asked.splice(0);
    server.script = (_asked, response) =>
      json(response, {
        ...{ msg: '', success: true, code: 200 },
        data: { order_no: '568753443590770689', score: 0.82, msg: '', incorrect: 100 },
      });
  });

  it(`pay for ${KEYS} keys of ${MESSAGES} messages exactly once each, as the sandbox counts it`, async () => {
    await deploy(ofSandbox());
    const began = performance.now();
    const tallies = await work({ count: MESSAGES / 2, keys: KEYS });
    console.log(`        ${Math.round((MESSAGES * 1000) / (performance.now() - began))} messages/s`);
    const paid = [...sandbox.paid.values()];
    assert.deepEqual([paid.length, paid.filter((times) => times !== 1)], [KEYS, []]);
    assert.deepEqual([sum(tallies, 'passed'), sum(tallies, 'reused')], [KEYS, MESSAGES - KEYS]);
    for (const tally of tallies) assert.ok((tally.passed ?? 0) > KEYS / 20, JSON.stringify(tallies));
  });

  it('hold maxPerDay exactly', async () => {
    await deploy({ ...ofServer(), maxPerDay: 500 });
    const tallies = await work({ count: 400 });
    assert.deepEqual(
      [sum(tallies, 'passed'), sum(tallies, 'BUDGET'), server.asked.length],
      [500, 300, 500],
      JSON.stringify(tallies),
    );
  });

  it('hold maxPerSecond over both', async () => {
    await deploy({ ...ofServer(), maxPerSecond: 20 });
    const tallies = await work({ count: 50 });
    assert.equal(sum(tallies, 'passed'), 100, JSON.stringify(tallies));
    const entries = await post<Entry[]>(two[0]!, 'ledger', { from: '2020-01-01' });
    const times = entries.map(({ at }) => Date.parse(at)).sort((a, b) => a - b);
    assert.equal(times.length, 100);
    const spans = times.slice(20).map((time, index) => time - times[index]!);
    // Times are written in whole milliseconds.
    assert.ok(Math.min(...spans) >= 999, String(Math.min(...spans)));
    assert.ok(times.at(-1)! - times[0]! < 8_000, `${times.at(-1)! - times[0]!} ms`);
  });

  it('give each other the answer, and answer for each other', async () => {
    await deploy(ofServer());
    const paid = await one(two[0]!, ORDER);
    const reused = await one(two[1]!, ORDER);
    assert.deepEqual([paid.outcome, reused.reused?.ledger, reused.charged], ['passed', paid.ledger, false]);
    assert.deepEqual(reused.data, paid.data);
    for (const nodeRed of two)
      for (const question of [{ key: ORDER }, { id: paid.ledger }, { from: '2020-01-01' }])
        assert.deepEqual(
          (await post<Entry[]>(nodeRed, 'ledger', question)).map(({ id }) => id),
          [paid.ledger],
        );
    const texts: string[] = [];
    for (const key of await redis.client.keys('*')) {
      texts.push(key, (await redis.client.dumpBuffer(key))?.toString('utf8') ?? '');
      if ((await redis.client.type(key)) === 'hash')
        texts.push(JSON.stringify(await redis.client.hgetall(key)));
    }
    assert.ok(texts.join().includes(paid.ledger!));
    assert.deepEqual(leaksIn(texts.join('\n')), []);
    assert.ok(!texts.join('\n').includes(Buffer.from(ORDER).toString('base64').slice(0, -4)));
  });

  it('wait for a Redis that is killed and started, and refuse what cannot be written down', async () => {
    await deploy({ ...ofServer(), timeout: 5 });
    const before = await one(two[0]!, 'before');
    // In flight while Redis goes.
    let answer = () => {};
    const { script } = server;
    server.script = (asked, response, count) => {
      answer = () => script(asked, response, count);
    };
    const during = one(two[1]!, 'during');
    while (server.asked.length < 2) await pause(10);
    server.script = script;
    await redis.kill();
    answer();
    const late = one(two[0]!, 'late');
    await pause(1_000);
    await redis.start();
    assert.deepEqual([(await during).outcome, (await late).outcome], ['passed', 'passed']);
    for (const order of ['before', 'during', 'late'])
      assert.equal((await one(two[0]!, order)).charged, false, order);
    assert.equal((await one(two[1]!, 'before')).reused?.ledger, before.ledger);
    assert.equal(server.asked.length, 3);

    await redis.kill();
    const refused = await one(two[0]!, 'refused');
    await redis.start();
    assert.deepEqual(
      [refused.code, refused.cause?.problem, refused.cause?.charged, refused.cause?.retryable],
      ['NETWORK', 'ledger-away', false, true],
    );
    assert.equal(server.asked.length, 3);
  });

  it('write down how a call ended that was in flight while everything was deployed anew', async () => {
    await deploy({ ...ofServer(), timeout: 10 });
    const { script } = server;
    server.script = (asked, response, count) => setTimeout(() => script(asked, response, count), 1_500);
    void one(two[0]!, 'in flight').catch(() => null);
    while (server.asked.length === 0) await pause(10);
    await deploy({ ...ofServer(), timeout: 11 });
    const [entry] = await post<Entry[]>(two[0]!, 'ledger', { key: 'in flight' });
    assert.deepEqual([entry?.state, entry?.outcome], ['settled', 'passed']);
    assert.equal((await one(two[1]!, 'in flight')).charged, false);
    assert.equal(server.asked.length, 1);
  });
});
