/** What the ledger does to a Node-RED that is killed, has no room on its disk, or wants none: docs/contract.md, "Ledger". */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Result } from '../../src/contract/result';
import { csv } from '../../src/ledger/csv';
import type { Entry } from '../../src/ledger/entry';
import type { Ledger } from '../../src/ledger/ledger';
import type { Summary } from '../../src/node-red/admin/all-ledgers';
import { secretOf } from '../../src/store/secret';
import { openLedger, rowsIn } from '../ledger/ledgers';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { overHttp } from '../over-http';
import { leaksIn } from '../private';
import { until } from '../until';
import { FIVE, ID_NUMBER, NAME, type Raised, SECRET } from './five-actions';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const PAID = FIVE.filter(({ type }) => ['truth-create', 'face-compare', 'westdex-three'].includes(type));
const COMPARE = PAID.find(({ type }) => type === 'face-compare')!;
/** Messages at once; 16 of them are sent. */
const COUNT = 100;
const ORDER = `order of ${NAME}, ${ID_NUMBER}`;

/** What a flow answered over HTTP. */
type Delivered = Partial<Result> & Partial<Raised>;

/** `POST /call/<type>` with a payload and an order, which is the key; each message is counted in the log. */
function flows(baseUrl: string): object[] {
  const at = { z: 'tab', x: 1, y: 1 };
  const nodes = [...PAID, { ...COMPARE, type: 'verify-ledger' }];
  const types = nodes.map(({ type }) => type);
  return [
    ...overHttp('/call/:type', types, {
      read: `const count = (global.get('came') || 0) + 1;
        global.set('came', count);
        node.log('message ' + count);
        const outputs = [];
        outputs[${JSON.stringify(types)}.indexOf(msg.req.params.type)] = { ...msg, ...msg.payload };
        return outputs;`,
    }),
    ...nodes.flatMap(({ type, account, action }) => [
      { id: `account of ${type}`, environment: 'custom', baseUrl, circuit: false, timeout: 20, ...account },
      {
        ...action,
        ...at,
        id: type,
        type,
        account: `account of ${type}`,
        key: 'order',
        keyType: 'msg',
        wires: [['answer'], []],
      },
    ]),
  ];
}

describe('the ledger of a Node-RED', function () {
  this.timeout(90_000);
  let server: ScriptedServer;

  let nodeRed: NodeRed;
  /** @param settings that it has in settings.js */
  const start = async (userDir?: string, settings = {}) => {
    nodeRed = await startNodeRed({}, undefined, userDir, settings);
  };
  const post = async (type: string, payload: unknown, order?: string) => {
    const response = await fetch(`${nodeRed.address}/call/${type}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      // JSON has no Buffer.
      body: JSON.stringify({ payload, order }),
    });
    return (await response.json()) as Delivered;
  };
  const compare = (order?: string) => post('face-compare', COMPARE.payload, order);
  const fileOf = (userDir: string) => join(userDir, 'cn-verify/cn-verify.db');

  /** The ledger of a Node-RED that does not run. */
  async function read<Value>(userDir: string, work: (ledger: Ledger) => Promise<Value>): Promise<Value> {
    const opened = openLedger(fileOf(userDir), {
      secret: () => secretOf(join(userDir, 'cn-verify/key'), ''),
    });
    try {
      return await work(opened.ledger);
    } finally {
      await opened.close();
    }
  }

  before(async () => {
    await start();
    server = await scriptedServer((_request, response) => json(response, COMPARE.success()));
    await nodeRed.deploy(flows(server.baseUrl));
  });
  beforeEach(() => {
    server.requests.splice(0);
    server.script = (_request, response) => json(response, COMPARE.success());
  });
  after(async () => {
    await nodeRed?.stop();
    closeServers();
  });

  it('that is killed knows that only those keys are uncertain whose calls were sent, until they are released', async () => {
    server.script = () => {};
    const all = Array.from({ length: COUNT }, (_, index) => compare(`${ORDER} ${index}`).catch(() => null));
    await until(() => server.requests.length >= 16);
    const sent = server.requests.length;
    // The others have come, too, and wait for their turn.
    await until(() => nodeRed.output().includes(`message ${COUNT}`));
    assert.deepEqual([sent, server.requests.length], [16, 16]);
    await nodeRed.stop('SIGKILL');
    assert.deepEqual(new Set(await Promise.all(all)), new Set([null]));

    server.script = (_request, response) => json(response, COMPARE.success());
    await start(nodeRed.userDir);
    await until(() => /16 calls were under way when Node-RED ended/.test(nodeRed.output()));
    const summary = (await (await nodeRed.ask('/cn-verify/ledger')).json()) as Summary;
    assert.deepEqual([summary.uncertainCount, summary.days[0]?.calls], [16, 16]);
    const came = await Promise.all(Array.from({ length: COUNT }, (_, index) => compare(`${ORDER} ${index}`)));
    const refused = came.filter(({ code }) => code === 'UNCERTAIN');
    assert.deepEqual(
      [refused.length, came.filter(({ outcome }) => outcome === 'passed').length],
      [16, COUNT - 16],
    );
    const [{ cause }] = refused as [Delivered];
    assert.deepEqual([cause?.problem, cause?.charged, cause?.retryable], ['key-uncertain', false, false]);
    const key = `${ORDER} ${came.indexOf(refused[0]!)}`;
    const entries = (await post('verify-ledger', { key, account: 'account of face-compare' })) as Entry[];
    assert.deepEqual(
      entries.map(({ id, state, error }) => [id, state, error]),
      [[cause!.ledger, 'uncertain', null]],
    );

    const newest = summary.uncertain[0]!.id;
    const released = await nodeRed.ask(`/cn-verify/ledger/release?until=${newest}`, {});
    assert.deepEqual(await released.json(), { released: 16 });
    const paid = server.requests.length;
    assert.equal((await compare(key)).outcome, 'passed');
    assert.equal((await compare(key)).charged, false);
    assert.equal(server.requests.length, paid + 1);
  });

  it('on a full disk sends nothing that is not written down, and goes on when there is room', async () => {
    const { pid } = nodeRed;
    const first = await compare(ORDER);
    assert.equal(first.outcome, 'passed');
    execFileSync('prlimit', ['--pid', String(pid), '--fsize=0:unlimited']);
    for (const order of ['more', undefined]) {
      const refused = await compare(order);
      assert.deepEqual(
        [refused.code, refused.cause?.problem, refused.cause?.charged],
        ['CONFIG', 'database-unwritable', false],
      );
    }
    // What was paid for is still known.
    assert.equal((await compare(ORDER)).reused?.ledger, first.ledger);
    assert.equal(server.requests.length, 1);
    execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited:unlimited']);
    assert.equal((await compare('more')).outcome, 'passed');
    assert.equal(server.requests.length, 2);
  });

  it('holds no person, photo, address, key or secret, in its files, its answers or its table', async () => {
    const { userDir } = nodeRed;
    const order = `${ORDER} of all`;
    const answers: unknown[] = [];
    for (const { type, payload, success, failure } of PAID) {
      const words = `${NAME} ${ID_NUMBER} ${SECRET} photo-of-somebody.jpg`;
      const photo = typeof payload === 'object' && payload !== null && 'photo' in payload;
      const sent = photo ? { ...payload, photo: (payload.photo as Buffer).toString('base64') } : payload;
      server.script = (_request, response) => json(response, success(words));
      const paid = await post(type, sent, order);
      assert.match(paid.ledger!, /^\d{8}-/);
      assert.equal((await post(type, sent, order)).reused?.ledger, paid.ledger);
      server.script = (_request, response) => json(response, failure(words));
      answers.push((await post(type, sent, `another ${order}`)).cause);
    }
    for (const question of [{ sum: 'day' }, { from: '2020-01-01' }, { key: order }])
      answers.push(await post('verify-ledger', question));
    assert.equal((answers.at(-1) as Entry[]).length, PAID.length);
    await nodeRed.stop();
    let table = '';
    await read(userDir, async (ledger) => {
      for await (const piece of csv(ledger.entries({}))) table += piece;
    });
    const kept = rowsIn(fileOf(userDir), 'SELECT answer FROM keys WHERE answer IS NOT NULL');
    assert.ok(kept.length >= PAID.length);
    const folder = dirname(fileOf(userDir));
    const files = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => `${name} ${readFileSync(join(folder, name), 'utf8')}`);
    const inBase64 = (text: string) =>
      [NAME, ID_NUMBER, SECRET, ORDER].filter((each) =>
        text.includes(Buffer.from(each).toString('base64').slice(0, -4)),
      );
    for (const text of [...files, table]) assert.deepEqual([...leaksIn(text), ...inBase64(text)], [], text);
    for (const answer of answers.slice(PAID.length)) assert.deepEqual(leaksIn(JSON.stringify(answer)), []);
  });

  it('that wants none writes nothing, and refuses keys', async () => {
    await nodeRed.stop();
    await start(undefined, { cnVerify: { ledger: false } });
    await nodeRed.deploy(flows(server.baseUrl));
    const result = await compare();
    assert.deepEqual([result.outcome, result.ledger, result.reused], ['passed', null, null]);
    const refused = await compare(ORDER);
    assert.deepEqual(
      [refused.code, refused.cause?.problem, refused.cause?.charged],
      ['CONFIG', 'ledger-off', false],
    );
    const refusal = await post('verify-ledger', { sum: 'day' });
    assert.deepEqual([refusal.code, refusal.cause?.problem], ['CONFIG', 'ledger-off']);
    assert.match(refusal.message!, /choose a verify-ledger-store in this node/);
    assert.equal(server.requests.length, 1);
    await nodeRed.stop();
    assert.deepEqual(await read(nodeRed.userDir, (ledger) => ledger.find({}, 1)), []);
  });
});
