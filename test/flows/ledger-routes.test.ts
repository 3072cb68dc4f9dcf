/** The routes over the ledger, in a real Node-RED with its admin interface. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parse } from 'papaparse';
import { request } from 'undici';
import type { BillSide } from '../../src/ledger/bill';
import { dayOf, monthAfter } from '../../src/ledger/calendar';
import type { Summary } from '../../src/node-red/admin/all-ledgers';
import type { Health } from '../../src/node-red/admin/health';
import type { LiveCheck } from '../../src/node-red/admin/live-check';
import { ROUTES } from '../../src/node-red/admin/routes';
import { secretOf } from '../../src/store/secret';
import { temporaryDirectory } from '../demo-process';
import { answered, call, done, openLedger } from '../ledger/ledgers';
import { DEPLOYER, FEW_NODES, type NodeRed, READER, startNodeRed } from '../node-red-process';
import { leaksIn, PRIVATE } from '../private';
import { until } from '../until';
import { compared, paidFlow, pay } from './paid-calls';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const PATH = '/cn-verify/ledger';
const CSV = `${PATH}.csv`;
const CHECK = '/cn-verify/check';

/** What a spreadsheet would compute, and what would break a table. */
const NAME = '=HYPERLINK("http://a.example"),\n浙江';
const ORDER_NO = '+1+1';

/** Nodes with a bug whose message quotes a person. */
const BUGGY = `module.exports = (RED) => {
  const fail = () => {
    throw new TypeError('${PRIVATE[0]}');
  };
  for (const type of ['account', 'photo-store', 'verify-ledger-store'])
    RED.nodes.registerType('buggy-' + type, function (config) {
      RED.nodes.createNode(this, config);
      const problem = async () => fail();
      Object.assign(this, { check() {}, terms: fail, total: fail, ledger: fail, problem, location: '' });
    });
};`;

/** Reads a table as a spreadsheet does; its first line has the names. */
function readTable(text: string): Record<string, string>[] {
  assert.ok(text.endsWith('\r\n'), 'it ends with a line end');
  const { data, errors } = parse<Record<string, string>>(text.trimEnd(), { header: true });
  assert.deepEqual(errors, []);
  return data;
}

describe('the routes over the ledger, in a real Node-RED', function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;
  let provider: ScriptedServer;
  let today: string;
  let month: string;
  let lastMonth: string;

  const get = async <Answer>(path: string): Promise<Answer> =>
    (await nodeRed.ask(path)).json() as Promise<Answer>;
  const settled = async (calls: number): Promise<Summary> => {
    let summary!: Summary;
    await until(
      async () => {
        summary = await get<Summary>(PATH);
        const {
          charged = 0,
          uncertain = 0,
          uncharged = 0,
        } = summary.days.find(({ day }) => day === today) ?? {};
        return charged + uncharged + uncertain === calls && summary.uncertainCount === uncertain;
      },
      () => `not ${calls} settled: ${JSON.stringify(summary)}`,
    );
    return summary;
  };
  const table = async (query = ''): Promise<Record<string, string>[]> => {
    const response = await nodeRed.ask(`${CSV}${query}`);
    assert.equal(response.status, 200);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(bytes.subarray(0, 3).toString('hex'), 'efbbbf', 'Excel reads UTF-8 only with it');
    return readTable(bytes.subarray(3).toString('utf8'));
  };

  before(async () => {
    // Not when the file is read: others may run first, over midnight.
    today = dayOf(Date.now());
    month = today.slice(0, 7);
    lastMonth = monthAfter(month, -1);
    provider = await scriptedServer((_request, response) => {
      const answer = compared() as { data: object };
      json(response, { ...answer, data: { ...answer.data, order_no: ORDER_NO } });
    });
    const userDir = temporaryDirectory();
    const before = openLedger(join(userDir, 'cn-verify/cn-verify.db'), {
      now: () => Date.parse(`${lastMonth}-10T12:00:00+08:00`),
      secret: () => secretOf(join(userDir, 'cn-verify/key'), ''),
    });
    for (const [operation, price] of [
      ['westdex-three', 2],
      ['face-compare', 1],
    ] as const)
      await done(before, call([], { account: 'payer', operation, price }), answered());
    await before.close();
    mkdirSync(join(userDir, 'nodes'));
    writeFileSync(join(userDir, 'nodes/buggy.js'), BUGGY);
    writeFileSync(join(userDir, 'nodes/buggy.html'), '');
    const nodesIncludes = [...FEW_NODES.nodesIncludes, 'buggy.js'];
    nodeRed = await startNodeRed({}, undefined, userDir, { nodesIncludes });
    await nodeRed.deploy(
      paidFlow(provider.baseUrl, { name: NAME, price: 1.1, maxPerDay: 10, maxPerMonth: 0 }),
    );
  });
  after(async () => {
    await nodeRed?.stop();
    closeServers();
  });

  it('say what was spent, by day and account, and how much of a budget is used', async () => {
    assert.deepEqual((await get<Summary>(PATH)).days, []);
    await pay(nodeRed, 'a');
    await pay(nodeRed, 'b');
    const summary = await settled(2);
    assert.deepEqual([summary.month, summary.today, summary.ledgers], [month, today, 1]);
    assert.deepEqual(summary.accounts, [
      {
        account: 'payer',
        price: 1.1,
        isPlayMoney: false,
        day: { spent: 2, limit: 10 },
        month: { spent: 2, limit: 0 },
      },
    ]);
    assert.deepEqual(summary.days, [
      {
        day: today,
        account: 'payer',
        calls: 2,
        charged: 2,
        uncharged: 0,
        unknown: 0,
        uncertain: 0,
        price: 2.2,
      },
    ]);
    assert.deepEqual([summary.uncertain, summary.uncertainCount, summary.unreadable], [[], 0, []]);
    const past = await get<Summary>(`${PATH}?month=${lastMonth}`);
    assert.deepEqual(
      past.days.map(({ day, calls, price }) => [day, calls, price]),
      [[`${lastMonth}-10`, 2, 3]],
      'all operations in one',
    );
    assert.equal(past.accounts[0]!.day.spent, 2, 'budgets are those of now');
  });

  it('release what is uncertain, once', async () => {
    provider.script = (_request, response) => response.destroy();
    await pay(nodeRed, 'c');
    const { uncertain } = await settled(3);
    assert.deepEqual(
      uncertain.map(({ id: _id, at: _at, ...shown }) => shown),
      [{ account: 'payer', node: 'compare', operation: 'face-compare', requestId: null, orderNo: null }],
      'nothing that the sidebar does not show',
    );
    const path = `${PATH}/${uncertain[0]!.id}/release`;
    const before = provider.requests.length;
    await pay(nodeRed, 'c');
    assert.equal((await nodeRed.ask(path, {}, READER)).status, 401);
    assert.equal((await get<Summary>(PATH)).uncertainCount, 1);
    assert.equal(provider.requests.length, before, 'its key is held until then');
    assert.deepEqual(await (await nodeRed.ask(path, {})).json(), { released: true });
    assert.deepEqual(await (await nodeRed.ask(path, {})).json(), { released: false });
    assert.equal((await get<Summary>(PATH)).uncertainCount, 0);
    await pay(nodeRed, 'c');
    await until(() => provider.requests.length > before, 'the key is not free');
  });

  it('give a table that a spreadsheet reads and does not compute', async () => {
    const response = await nodeRed.ask(CSV);
    assert.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8');
    assert.equal(response.headers.get('content-disposition'), 'attachment; filename="cn-verify-ledger.csv"');
    await response.arrayBuffer();
    const rows = await table();
    assert.equal(rows.length, 6);
    const [past, , first] = rows;
    assert.equal(past!['Time (UTC+8)']!.slice(0, 7), lastMonth);
    assert.match(past!['Time (UTC+8)']!, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.equal(first!.Account, `'${NAME} (payer)`);
    assert.equal(first!.Node, 'Compare (compare)');
    assert.equal(first!['Order number'], `'${ORDER_NO}`);
    assert.deepEqual([first!.Charged, first!.Yuan, first!.Outcome], ['true', '1.1', 'passed']);
    for (const row of rows) for (const cell of Object.values(row)) assert.doesNotMatch(cell, /^[=+\-@]/);
  });

  it('name the columns in the language of the reader', async () => {
    const headers = { Authorization: `Bearer ${READER}`, 'Accept-Language': 'zh-CN,zh;q=0.9' };
    const chinese = await fetch(`${nodeRed.address}${CSV}`, { headers });
    assert.match(await chinese.text(), /^台账编号,时间（北京时间）,账号,/);
  });

  it('give the rows of the table that the query chooses', async () => {
    for (const [query, count] of [
      [`?from=${month}-01`, 4],
      [`?to=${lastMonth}-10`, 2],
      [`?to=${lastMonth}-09`, 0],
      ['?account=nobody', 0],
      ['?operation=face-compare', 5],
    ] as const)
      assert.equal((await table(query)).length, count, query);
    // A mistyped operation is no empty table.
    for (const path of ['ledger.csv', 'handling.csv']) {
      const response = await nodeRed.ask(`/cn-verify/${path}?operation=face-compares`);
      const { problem, text } = (await response.json()) as { problem: string; text: string };
      assert.deepEqual([path, response.status, problem], [path, 400, 'not-one-of']);
      assert.match(text, /^operation must be one of: .*face-compare/);
    }
  });

  it('give the record of handling, without a person', async () => {
    const response = await nodeRed.ask('/cn-verify/handling.csv');
    const text = await response.text();
    assert.deepEqual(leaksIn(text), []);
    const rows = readTable(text.replace('\uFEFF', ''));
    assert.equal(rows.length, 6);
    assert.deepEqual(Object.keys(rows[0]!), [
      ...['Entry', 'Time (UTC+8)', 'Purpose', 'Provider', 'Operation', 'Consent', "Guardian's consent"],
      'Outcome known',
    ]);
    assert.deepEqual(
      new Set(rows.map((row) => [row.Provider, row['Outcome known']].join())),
      new Set(['Tencent Cloud Market,yes', 'Tencent Cloud Market,no']),
    );
  });

  it('compare a bill with what was paid', async () => {
    const bill = async (file: string | Buffer, query = `account=payer&month=${month}`) =>
      fetch(`${nodeRed.address}/cn-verify/bill?${query}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${READER}`, 'Content-Type': 'application/octet-stream' },
        body: new Uint8Array(Buffer.from(file)),
      });
    const [, , first] = await table();
    const answer = (await (
      await bill(
        `Nr,price\n"${first!['Order number']}",1.20\nunknown,1.10\n`,
        `account=payer&month=${month}&orderNo=Nr`,
      )
    ).json()) as Record<'matched' | 'missing' | 'dearer' | 'unbilled', BillSide>;
    assert.equal(answer.dearer.count, 1);
    assert.equal(answer.dearer.calls[0]?.entry?.id, first!.Entry);
    assert.deepEqual([answer.missing.count, answer.missing.billed], [1, 1.1]);
    assert.equal(answer.unbilled.count, 3);
    assert.equal((await bill('price\n1\n')).status, 400);
    assert.equal((await bill('orderNo\n1\n', 'account=payer')).status, 400);
    const names = `orderNo,price,姓名,身份证号\nunknown,1,${PRIVATE.join(' ')},${PRIVATE.join(' ')}\n`;
    assert.deepEqual(leaksIn(await (await bill(names)).text()), []);
    const { problem } = (await (await bill('price\n1\n')).json()) as { problem: string };
    assert.equal(problem, 'bill-columns');
  });

  it('refuse what they cannot read, and say what it is', async () => {
    for (const [path, problem] of [
      [`${PATH}?month=2026-13`, 'ledger-month'],
      [`${PATH}?month=a&month=b`, 'text-not-text'],
      [`${CSV}?from=yesterday`, 'time-unreadable'],
    ] as const) {
      const response = await nodeRed.ask(path);
      const { problem: raised } = (await response.json()) as { problem: string };
      assert.deepEqual([response.status, raised], [400, problem], path);
    }
  });

  it('need permission: to read, and to write', async () => {
    for (const path of [PATH, CSV, CHECK]) {
      assert.equal((await nodeRed.ask(path, undefined, READER)).status, 200, path);
      assert.equal((await nodeRed.ask(path, undefined, null)).status, 401, path);
    }
    assert.equal((await nodeRed.ask(`${PATH}/nothing/release`, {}, READER)).status, 401);
    assert.equal((await nodeRed.ask(`${PATH}/nothing/release`, {}, null)).status, 401);
    assert.deepEqual(await (await nodeRed.ask(`${PATH}/nothing/release`, {}, DEPLOYER)).json(), {
      released: false,
    });
  });

  it('change nothing, and give no copy, for a page of another site', async () => {
    const send = (method: string, path: string, headers: Record<string, string>) =>
      // `fetch` sets the Host itself.
      request(`${nodeRed.address}/cn-verify${path}`, {
        method: method as 'GET',
        headers: { Authorization: `Bearer ${DEPLOYER}`, 'Content-Type': 'text/plain', ...headers },
        ...(method === 'POST' && { body: 'x' }),
      });
    const foreign = [
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://example.com' },
      { 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'http://example.com' },
      { Origin: 'null' },
      { Origin: 'https://desk.example', Host: 'desk.example:80' },
      { Origin: 'https://desk.example:8443', Host: 'desk.example' },
    ];
    const guarded = ROUTES.filter(
      ({ method, permission }) => method !== 'get' || permission === 'cn-verify.write',
    );
    for (const { method, path } of guarded)
      for (const headers of foreign) {
        const response = await send(method.toUpperCase(), path.replaceAll(/:\w+/g, 'x'), headers);
        assert.equal(response.statusCode, 403, `${method} ${path} ${JSON.stringify(headers)}`);
        assert.match(((await response.body.json()) as { text: string }).text, /another site/);
      }
    const own = [
      {},
      { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://behind-a-proxy.example' },
      { 'Sec-Fetch-Site': 'none' },
      { Origin: nodeRed.address },
      { Origin: 'https://desk.example', Host: 'Desk.example:443' },
      { Origin: 'http://desk.example', Host: 'desk.example:80' },
      // The editor behind a proxy that changes the host.
      { Origin: 'http://desk.example', 'X-Requested-With': 'XMLHttpRequest' },
    ];
    for (const headers of own) {
      const response = await send('POST', '/ledger/x/release', headers);
      assert.equal(response.statusCode, 200, JSON.stringify(headers));
      await response.body.dump();
    }
  });

  it('release all that is uncertain up to a call, together', async () => {
    const { script } = provider;
    provider.script = (_request, response) => response.destroy();
    for (const key of ['x', 'y', 'z']) await pay(nodeRed, key);
    let uncertain: Summary['uncertain'] = [];
    await until(async () => {
      ({ uncertain } = await get<Summary>(PATH));
      return uncertain.length >= 4;
    });
    // The key `c` is uncertain from before.
    const [newest, middle, , oldest] = uncertain.map(({ id }) => id);
    const path = (until: string) => `${PATH}/release?until=${until}`;
    assert.equal((await nodeRed.ask(path(middle!), {}, READER)).status, 401);
    assert.equal((await nodeRed.ask(`${PATH}/release`, {})).status, 400);
    assert.deepEqual(await (await nodeRed.ask(path(middle!), {})).json(), { released: 3 });
    assert.deepEqual(await (await nodeRed.ask(path(oldest!), {})).json(), { released: 0 });
    const left = await get<Summary>(PATH);
    assert.deepEqual([left.uncertain.map(({ id }) => id), left.uncertainCount], [[newest], 1]);
    assert.deepEqual(await (await nodeRed.ask(path(newest!), {})).json(), { released: 1 });
    provider.script = script;
  });

  describe('check before going live', () => {
    const at = { x: 1, y: 1 };
    const action = (id: string, more: object = {}) => {
      return { id, ...at, z: 'tab', type: 'get-token', account: 'liveness', wires: [[]], ...more };
    };
    const catching = (id: string, more: object = {}) => {
      return { id, ...at, z: 'tab', type: 'catch', scope: null, wires: [[]], ...more };
    };
    const group = (id: string, nodes: string[], more: object = {}) => {
      return { id, ...at, z: 'tab', type: 'group', nodes, w: 1, h: 1, ...more };
    };
    const subflow = (id: string) => ({ id, type: 'subflow', name: id, in: [], out: [] });
    const instance = (id: string, of: string, z = 'tab') => {
      return { id, ...at, z, type: `subflow:${of}`, wires: [] };
    };
    const liveness = { id: 'liveness', type: 'linkface-account', environment: 'sandbox' };

    const checked = async (...nodes: object[]): Promise<LiveCheck> => {
      await nodeRed.deploy(nodes);
      return get<LiveCheck>(CHECK);
    };

    it('finds accounts on the sandbox and those without their keys', async () => {
      const { sandbox, unready, lang, speaksChinese } = await checked(
        liveness,
        { id: 'empty', type: 'linkface-account', environment: 'production' },
        { id: 'ready', type: 'xhey-account', credentials: { groupKey: 'k', groupSecret: 's' } },
        { id: 'off', type: 'xhey-account', d: true },
      );
      assert.deepEqual(sandbox, ['liveness']);
      const text =
        'The account has no apiId. Open the account, enter it and deploy. It may also name an environment variable, as ${NAME}.';
      const missing = { problem: 'credential-missing', values: { name: 'apiId' }, text };
      assert.deepEqual(unready, [{ account: 'empty', type: 'linkface-account', ...missing }]);
      assert.deepEqual([lang, speaksChinese], [null, false]);
    });

    const bugs = () => nodeRed.output().match(/Internal error: \S*buggy\.js:3/g)?.length ?? 0;
    for (const [path, type, status] of [
      [CHECK, 'account', 200],
      [PATH, 'account', 500],
      [PATH, 'verify-ledger-store', 200],
      ['/cn-verify/photo-stores', 'photo-store', 200],
    ] as const)
      it(`${path} names the place of a bug of ${type} in the log, and nothing of its message`, async () => {
        const before = bugs();
        await nodeRed.deploy([{ id: 'buggy', type: `buggy-${type}` }]);
        const response = await nodeRed.ask(path);
        assert.equal(response.status, status);
        assert.match(await response.text(), /"problem":"internal"/);
        await until(() => bugs() === before + 1, nodeRed.output);
        assert.deepEqual(leaksIn(nodeRed.output()), []);
      });

    it('/cn-verify/health names the place of a bug in the log, too', async () => {
      await nodeRed.deploy([
        ...paidFlow(provider.baseUrl, { ledger: 'buggy' }),
        { id: 'buggy', type: 'buggy-verify-ledger-store' },
      ]);
      const before = bugs();
      const { ready, ledger } = await get<Health>('/cn-verify/health');
      assert.deepEqual([ready, ledger], [false, 'internal']);
      await until(() => bugs() === before + 1, nodeRed.output);
      assert.deepEqual(leaksIn(nodeRed.output()), []);
    });

    for (const [what, uncaught, nodes] of [
      ['a Catch for all covers all', [], [action('a'), catching('c')]],
      ['no Catch covers nothing', ['a'], [action('a')]],
      ['a Catch that is disabled covers nothing', ['a'], [action('a'), catching('c', { d: true })]],
      ['a node that is disabled raises nothing', [], [action('a', { d: true })]],
      ['a Catch for the rest covers the rest', [], [action('a'), catching('c', { uncaught: true })]],
      ['a Catch covers those it names', ['b'], [action('a'), action('b'), catching('c', { scope: ['a'] })]],
      [
        'a Catch of another flow covers nothing',
        ['a'],
        [action('a'), catching('c', { z: 'other' }), { id: 'other', type: 'tab', label: 'other' }],
      ],
      [
        'a flow that is disabled raises nothing',
        [],
        [action('a', { z: 'other' }), { id: 'other', type: 'tab', label: 'other', disabled: true }],
      ],
      [
        'a Catch for its group covers that and what is in it',
        ['a', 'd'],
        [
          ...[
            action('a'),
            action('b', { g: 'outer' }),
            action('c', { g: 'inner' }),
            action('d', { g: 'side' }),
          ],
          catching('e', { scope: 'group', g: 'outer' }),
          ...[
            group('outer', ['b', 'e', 'inner']),
            group('inner', ['c'], { g: 'outer' }),
            group('side', ['d']),
          ],
        ],
      ],
      [
        'what a subflow does not catch goes to those around each of its instances',
        ['a'],
        [
          subflow('sub'),
          action('a', { z: 'sub' }),
          action('b', { z: 'sub' }),
          catching('c', { z: 'sub', scope: ['b'] }),
          instance('one', 'sub'),
          instance('two', 'sub'),
          catching('d', { scope: ['one'] }),
        ],
      ],
      [
        'a Catch around all instances is enough, however deep',
        [],
        [
          subflow('sub'),
          subflow('deep'),
          action('a', { z: 'deep' }),
          instance('inside', 'deep', 'sub'),
          instance('one', 'sub'),
          catching('d', { scope: ['one'] }),
        ],
      ],
    ] as const) {
      it(what, async () => {
        assert.deepEqual((await checked(liveness, ...nodes)).uncaught, uncaught);
      });
    }
  });

  describe('over the database', () => {
    interface State {
      state: string;
      text: string | null;
    }
    before(() => nodeRed.deploy(paidFlow(provider.baseUrl, { name: NAME, maxPerDay: 0, maxPerMonth: 0 })));

    /** @param meanwhile what happens while no Node-RED runs */
    const restart = async (meanwhile: (userDir: string) => void) => {
      await nodeRed.stop();
      meanwhile(nodeRed.userDir);
      nodeRed = await startNodeRed({}, undefined, nodeRed.userDir);
    };
    it('is copied while it is in use, for who may write', async () => {
      await pay(nodeRed, 'a');
      const refused = await nodeRed.ask('/cn-verify/backup', undefined, READER);
      assert.equal(refused.status, 401);
      await until(async () => {
        const { days } = await get<Summary>(PATH);
        return days.some(({ charged }) => charged > 0);
      });
      const answer = await nodeRed.ask('/cn-verify/backup');
      assert.equal(answer.headers.get('content-type'), 'application/vnd.sqlite3');
      const copy = join(temporaryDirectory(), 'copy.db');
      writeFileSync(copy, Buffer.from(await answer.arrayBuffer()));
      const database = new DatabaseSync(copy, { readOnly: true });
      const { calls } = database
        .prepare("SELECT count(*) AS calls FROM entries WHERE state = 'settled'")
        .get()!;
      assert.ok(Number(calls) > 0);
      database.close();
      assert.deepEqual(
        readdirSync(join(nodeRed.userDir, 'cn-verify')).filter((name) => name.includes('backup')),
        [],
      );
    });

    it('says that its secret is another, and starts again when somebody decides so', async () => {
      assert.deepEqual(await get<State>('/cn-verify/database'), { state: 'ready', text: null });
      await restart((userDir) => rmSync(join(userDir, 'cn-verify', 'key')));
      const { state, text } = await get<State>('/cn-verify/database');
      assert.equal(state, 'secret-differs');
      assert.match(String(text), /another secret/);
      await until(() => /encrypted under another secret/.test(nodeRed.output()));
      const path = '/cn-verify/secret/start-anew';
      assert.equal((await nodeRed.ask(path, {}, READER, 'POST')).status, 401);
      assert.equal((await nodeRed.ask(path, {}, undefined, 'POST')).status, 200);
      assert.equal((await get<State>('/cn-verify/database')).state, 'ready');
      await pay(nodeRed, 'b');
    });

    it('says that it is gone with its folder, and goes on when somebody decides so', async () => {
      await restart((userDir) => rmSync(join(userDir, 'cn-verify'), { recursive: true }));
      const { state, text } = await get<State>('/cn-verify/database');
      assert.equal(state, 'damaged');
      assert.match(String(text), /damaged/);
      const path = '/cn-verify/damage/acknowledge';
      assert.equal((await nodeRed.ask(path, {}, READER, 'POST')).status, 401);
      assert.equal((await nodeRed.ask(path, {}, undefined, 'POST')).status, 200);
      assert.equal((await get<State>('/cn-verify/database')).state, 'ready');
    });
  });
});
