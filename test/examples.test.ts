import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { parse } from 'papaparse';
import type { Result } from '../src/contract/result';
import type { BillComparison } from '../src/ledger/bill';
import type { Entry, Sum } from '../src/ledger/entry';
import {
  type DebugSidebar,
  type Demo,
  openDebugSidebar,
  ROOT,
  startDemo,
  temporaryDirectory,
} from './demo-process';
import { EXAMPLES, type ExampleNode, example } from './example-flows';
import { until } from './until';

/** What the tests read of a debug node's value. */
interface Shown {
  outcome: string;
  reason: string | null;
  charged: boolean | null;
  reused: object | null;
  code: string;
  cause: { charged: boolean | null; providerCode: string | null };
  data: {
    taskIds: string[];
    photoCount: number;
    summary: Record<string, number>;
    photos: { name: string }[];
    token: string;
    sequenceId: string;
    result: unknown;
  };
}

/** What a robot of a group is sent. */
interface RobotText {
  text: { content: string };
}

const ALL = [...EXAMPLES.values()].flatMap(({ nodes }) => nodes);

describe('the examples', () => {
  it('have ids of their own, so that all can be imported at once', () => {
    const ids = ALL.filter(({ z, type }) => z || type === 'tab').map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('share what is set up alike, so that importing does not double it', () => {
    const shared = ALL.filter(({ z, type }) => !z && type !== 'tab');
    const ids = new Map<string, string>();
    for (const { id, ...properties } of shared) {
      const what = JSON.stringify(Object.entries(properties).sort());
      assert.equal(ids.get(what) ?? id, id, `${properties.type} ${properties.name}`);
      ids.set(what, id);
    }
    assert.equal(new Set(ids.values()).size, ids.size, 'one id for two things');
  });

  it('show every node of this package', () => {
    const { nodes } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))['node-red'];
    const shown = new Set(ALL.map(({ type }) => type));
    // A store needs a Redis, and its address is a credential.
    const missing = Object.keys(nodes).filter((type) => !shown.has(type));
    assert.deepEqual(missing, ['verify-ledger-store']);
  });

  it('call no Node-RED of their own by its port, which may be another one', () => {
    for (const { info: _, ...node } of ALL) assert.doesNotMatch(JSON.stringify(node), /:1880/, node.name);
  });

  for (const [name, { nodes }] of EXAMPLES) {
    it(`${name} is one whole flow, with a comment, a Catch and a debug`, () => {
      const byId = new Map(nodes.map((node) => [node.id, node]));
      const count = (type: string) => nodes.filter((node) => node.type === type).length;
      // A front end and its workers are two processes.
      assert.equal(count('tab'), name === 'scale-out' ? 2 : 1);
      for (const type of ['comment', 'catch', 'debug']) assert.ok(count(type) > 0, type);
      for (const node of nodes) {
        for (const target of node.wires?.flat() ?? []) assert.ok(byId.has(target), `a wire of ${node.name}`);
        if (node.g) assert.ok((byId.get(node.g)!.nodes as string[]).includes(node.id));
      }
    });
  }
});

describe('the examples of single nodes, at the press of a button', () => {
  let demo: Demo;
  let sidebar: DebugSidebar;

  before(async () => {
    demo = await startDemo();
    sidebar = await openDebugSidebar(demo.address);
    // Those that show what other examples pay are off at first, so that the first click shows its own result alone.
    const off = ALL.filter(({ type, active }) => type === 'debug' && active === false);
    assert.equal(off.length, 2);
    for (const { id } of off) await fetch(`${demo.address}/debug/${id}/enable`, { method: 'POST' });
  });

  after(async () => {
    sidebar.close();
    await demo.stop();
  });

  const pressed = new Set<string>();
  const press = async <Value = Shown>(flow: string, button: string, debug: string): Promise<Value> => {
    const find = (type: string, name: string) =>
      example(flow).find((node) => node.type === type && node.name?.startsWith(name))!.id;
    const [shown, id] = [find('debug', debug), find('inject', button)];
    const { status } = await fetch(`${demo.address}/inject/${id}`, { method: 'POST' });
    assert.equal(status, 200);
    pressed.add(id);
    return sidebar.next<Value>(shown);
  };
  const textOf = async (flow: string, button: string) =>
    (await press<RobotText>(flow, button, 'text / ')).text.content;

  const refused = { code: 'INPUT', cause: { charged: false } };
  for (const [flow, button, debug, wanted] of [
    ['truth-create', 'one photo', 'task ids', { outcome: 'submitted', data: { photoCount: 1 } }],
    ['truth-create', 'three photos', 'task ids', { outcome: 'submitted', data: { photoCount: 3 } }],
    ['truth-create', 'not a URL', 'code, message, cause', refused],
    ['truth-poll', 'all genuine', 'result', { outcome: 'passed', data: { summary: { passed: 2 } } }],
    [
      'truth-poll',
      'one of two',
      'result',
      { outcome: 'failed', data: { summary: { passed: 1, failed: 1 } } },
    ],
    ['welcome', 'two photos', 'result', { outcome: 'failed', data: { summary: { passed: 1, failed: 1 } } }],
    ['get-token', 'a token', 'token', { outcome: 'issued' }],
    ['get-token', 'with an order number', 'token', { data: { sequenceId: '工单 2025-0001' } }],
    ['get-token', 'expired account', 'code, message, cause', { code: 'ACCOUNT', cause: { charged: false } }],
    ['face-compare', 'same person', 'result', { outcome: 'passed', reason: 'same-person' }],
    ['face-compare', 'cannot tell', 'result', { outcome: 'inconclusive', reason: 'score-inconclusive' }],
    ['face-compare', 'different person', 'result', { outcome: 'failed', reason: 'different-person' }],
    ['face-compare', 'name does not fit', 'result', { outcome: 'failed', reason: 'name-id-mismatch' }],
    ['face-compare', 'wrong id number', 'code, message, cause', refused],
    [
      'westdex-three',
      'consistent',
      'result',
      { outcome: 'passed', data: { result: { code: '0', msg: '一致' } } },
    ],
    [
      'westdex-three',
      'refused',
      'code, message, cause',
      { code: 'PROVIDER', cause: { providerCode: '10001' } },
    ],
    ['westdex-three', 'wrong check digit', 'code, message, cause', refused],
    ['know-your-customer', 'the same person', 'passed', { outcome: 'passed' }],
    ['know-your-customer', 'another person', 'failed', { outcome: 'failed' }],
    ['know-your-customer', 'cannot tell', 'answered', { outcome: 'answered' }],
  ] as const)
    it(`${flow}: ${button}`, async () => {
      assert.partialDeepStrictEqual(await press(flow, button, debug), wanted);
    });

  it('photo-folder: put a photo', async () => {
    const { outcome, data } = await press('photo-folder', 'put a photo', 'result');
    assert.deepEqual([outcome, data.photos.map(({ name }) => name)], ['passed', ['photo.png']]);
  });

  it('cheaper-first: the second supplier is asked where the first has no verdict or took no money', async () => {
    const press1 = (button: string, shown: string) => press('cheaper-first', button, shown);
    assert.equal((await press1('a clear verdict', 'by the first')).outcome, 'passed');
    assert.equal((await press1('no verdict', 'by the second')).outcome, 'passed');
    assert.equal((await press1('the first is refused', 'by the second')).outcome, 'passed');
    const again = await press1('a clear verdict', 'by the first');
    assert.equal(again.charged, false);
    assert.ok(again.reused);
  });

  it('bill: finds what the bill and the ledger disagree about', async () => {
    await press('bill', 'pay four times', 'result');
    let counts: Record<string, number> = {};
    await until(
      async () => {
        const found = await press<BillComparison>('bill', 'compare', 'differences');
        counts = Object.fromEntries(
          (['matched', 'missing', 'unbilled', 'dearer', 'twice'] as const).map((kind) => [
            kind,
            found[kind].count,
          ]),
        );
        return counts.matched === 2;
      },
      () => JSON.stringify(counts),
    );
    assert.deepEqual(counts, { matched: 2, missing: 1, unbilled: 1, dearer: 1, twice: 1 });
  });

  it('identity-to-mysql: a row without the person, once for a customer', async () => {
    const rows = [];
    for (let times = 0; times < 2; times++)
      rows.push(await press<unknown[]>('identity-to-mysql', 'a customer', 'row / '));
    assert.match(String(rows[0]![0]), /./);
    assert.deepEqual(rows[0]!.slice(3, 6), ['passed', 'same-person', 0.82]);
    const beijing = Date.parse(`${String(rows[0]![2]).replace(' ', 'T')}+08:00`);
    assert.ok(Math.abs(Date.now() - beijing) < 600_000, String(rows[0]![2]));
    assert.equal(rows[0]![1], 'C-1001');
    // The primary key is that of the call that was paid for.
    assert.equal(rows[1]![0], rows[0]![0]);
    assert.doesNotMatch(JSON.stringify(rows), /张三|1101051949/);
  });

  it('liveness-token-over-http: a token, with and without a sequence id, and errors with their status', async () => {
    const post = (init: RequestInit) =>
      fetch(`${demo.address}/verify/liveness-token`, { method: 'POST', ...init });
    const json = (value: unknown) => ({
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(value),
    });
    const given = await post(json({ sequenceId: '订单 & 1/2' }));
    assert.deepEqual([given.status, given.headers.get('cache-control')], [200, 'no-store']);
    const { token, expiresAt, sequenceId, ...others } = (await given.json()) as Record<string, string>;
    assert.match(token!, /^sandbox-/);
    assert.ok(Date.parse(expiresAt!) > Date.now());
    assert.deepEqual([sequenceId, others], ['订单 & 1/2', {}]);
    for (const init of [{}, json({})]) assert.equal((await post(init)).status, 200);

    for (const [refused, status, code] of [
      ['sandbox-1000-a', 502, 'AUTH'],
      ['sandbox-1009-a', 429, 'RATE_LIMITED'],
      ['a'.repeat(200), 400, 'INPUT'],
    ] as const) {
      const response = await post(json({ sequenceId: refused }));
      assert.equal(response.status, status);
      const body = (await response.json()) as Record<string, unknown>;
      assert.deepEqual(Object.keys(body), ['code', 'retryable', 'requestId']);
      assert.equal(body.code, code);
    }
  });

  it('truth-poll: slow, comes out unfinished and is finished after the loop', async () => {
    const unfinished = await press('truth-poll', 'slow', 'unfinished');
    assert.equal(unfinished.outcome, 'unfinished');
    const result = example('truth-poll').find(({ name }) => name?.startsWith('result'))!;
    assert.equal((await sidebar.next<Shown>(result.id)).outcome, 'passed');
  });

  it('verify-ledger: pays once for an order, and finds what was paid for', async () => {
    const pay = () => press<Result>('verify-ledger', 'order 1', 'result');
    const [first, second] = [await pay(), await pay()];
    assert.deepEqual([first.reused, second.reused?.ledger, second.charged], [null, first.ledger, false]);
    const other = await press<Result>('verify-ledger', 'order 2', 'result');
    assert.notEqual(other.ledger, first.ledger);
    const settled = example('verify-ledger').find(({ name }) => name?.startsWith('each call'))!;
    // Those of the other examples come there too.
    while ((await sidebar.next<Entry>(settled.id)).id !== first.ledger);
    const ask = (button: string) => press<(Entry & Sum)[]>('verify-ledger', button, 'answer');
    for (const button of ['by order', 'calls of today'])
      assert.ok((await ask(button)).some(({ id }) => id === first.ledger));
    assert.ok((await ask('sums by day')).some(({ calls }) => calls >= 1));
    assert.equal((await press('verify-ledger', 'two questions', 'code, message, cause')).code, 'INPUT');
  });

  it('accounts by message: the branch decides who pays', async () => {
    const accounts = example('accounts-by-message').filter(({ type }) => type.endsWith('-account'));
    for (const [button, account] of [
      ['head office', accounts[0]!.id],
      ['north branch', accounts[1]!.id],
      ['only north', accounts[1]!.id],
    ] as const) {
      const [entry] = await press<Entry[]>('accounts-by-message', button, 'who paid');
      assert.equal(entry!.account, account);
    }
    const error = await press('accounts-by-message', 'a branch without', 'code, message, cause');
    assert.deepEqual([error.code, error.cause.charged], ['CONFIG', false]);
  });

  it("metrics: what was paid for, in Prometheus' text format", async () => {
    await press('metrics', 'pay once', 'result');
    const response = await fetch(`${demo.address}/metrics`);
    assert.match(response.headers.get('content-type')!, /^text\/plain;.* version=0\.0\.4/);
    const text = await response.text();
    const { id } = example('metrics').find(({ type }) => type.endsWith('-account'))!;
    const lines = text.trimEnd().split('\n');
    const charged = `cn_verify_calls{account="${id}",operation="face-compare",result="charged"} `;
    assert.ok(lines.some((line) => line.startsWith(charged) && Number(line.slice(charged.length)) >= 1));
    for (const line of lines)
      assert.match(line, /^(?:# TYPE \w+ gauge|\w+\{\w+="[^"]*"(?:,\w+="[^"]*")*\} [\d.]+)$/);
  });

  it('ledger to database: a row each, shown where no database is', async () => {
    const { ledger } = await press<Result>('ledger-to-database', 'pay once', 'result');
    const shown = example('ledger-to-database').find(({ name }) => name?.startsWith('row / '))!;
    // Calls of other examples come there too.
    while ((await sidebar.next<Entry>(shown.id)).id !== ledger);
  });

  describe('with robots, a database and files of their own', () => {
    const files = temporaryDirectory();
    const posted: { path: string; body: Record<string, unknown> }[] = [];
    const receiver = createServer(async (request, response) => {
      posted.push({ path: request.url!, body: (await json(request)) as Record<string, unknown> });
      response.setHeader('Content-Type', 'application/json').end('{"errcode":0}');
    });
    const received = async (path: string, ...keys: string[]) => {
      const found = () =>
        posted.findIndex((each) => each.path === path && keys.every((key) => key in each.body));
      await until(() => found() >= 0);
      return posted.splice(found(), 1)[0]!.body;
    };
    const robots = async () => [await received('/wecom'), await received('/dingtalk')];
    const setUp = async (values: Record<string, string>) => {
      const flows = (await (await fetch(`${demo.address}/flows`)).json()) as ExampleNode[];
      for (const { env } of flows as unknown as { env?: { name: string; value: string }[] }[])
        for (const each of Array.isArray(env) ? env : []) each.value = values[each.name] ?? each.value;
      const response = await fetch(`${demo.address}/flows`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(flows),
      });
      assert.ok(response.ok);
    };

    before(async () => {
      receiver.listen(0, '127.0.0.1');
      await once(receiver, 'listening');
      const address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
      await setUp({
        WECOM_ROBOT_URL: `${address}/wecom`,
        DINGTALK_ROBOT_URL: `${address}/dingtalk`,
        DATABASE_URL: `${address}/rows`,
        PERSONS_FILE: join(files, 'persons.csv'),
        RESULT_FILE: join(files, 'persons-result.csv'),
      });
      await until(async () => (await fetch(`${demo.address}/metrics`)).ok);
    });
    after(() => receiver.close());

    it('ledger to database: each call is a row', async () => {
      const { ledger } = await press<Result>('ledger-to-database', 'pay once', 'result');
      for (;;) {
        const row = await received('/rows', 'id');
        if (row.id !== ledger) continue;
        assert.deepEqual([row.operation, row.outcome, row.price], ['face-compare', 'passed', 0]);
        break;
      }
    });

    it('inspection photos: what was found goes to both robots', async () => {
      const content = await textOf('inspection-photos', 'one inspection');
      assert.match(
        content,
        /^核验: 3 号泵站, 2 张照片, 1 张通过\n不通过 .+ https:\/\/example\.com\S+b\.jpg$/,
      );
      assert.deepEqual(await robots(), Array(2).fill({ msgtype: 'text', text: { content } }));
    });

    it('inspection photos: why a photo was not verified, and no line that somebody forged', async () => {
      const inspect = async (site: string, photo: string) => {
        const body = JSON.stringify({ site, photos: [photo] });
        const headers = { 'Content-Type': 'application/json' };
        const { status } = await fetch(`${demo.address}/inspection`, { method: 'POST', headers, body });
        assert.equal(status, 202);
        const [{ text }] = (await robots()) as [{ text: { content: string } }, unknown];
        return text.content;
      };
      const revoked = await inspect(
        '1\n核验: 2, 9 张照片, 9 张通过\u2028',
        'https://example.com/sandbox/revoked/a.jpg',
      );
      assert.deepEqual(revoked.split('\n'), [
        '核验: 1 核验: 2, 9 张照片, 9 张通过, 1 张照片, 0 张通过',
        '无法判定 任务已被撤销 https://example.com/sandbox/revoked/a.jpg',
      ]);
      assert.match(await inspect('1', 'nowhere'), /^核验: 1 的照片未能完成核验 \(未计费\): [^\n]+$/);
    });

    it('verify-team-photos: each photo of the team once, over all pages', async () => {
      const flow = 'verify-team-photos';
      let content = await textOf(flow, 'every ten minutes');
      const [found, passed] = [[], []] as number[][];
      // On a slow machine what is collected may be sent in two parts.
      for (;;) {
        const [, photos, genuine] = /^核验: 团队新照片 (\d+) 张, (\d+) 张通过/.exec(content)!;
        found!.push(Number(photos));
        passed!.push(Number(genuine));
        for (const line of content.split('\n').slice(1))
          assert.match(
            line,
            /^不通过 测试员[甲乙丙] \d{4}\/.+ https:\/\/photos\.example\.com\/team\/sandbox\/-2305\//,
          );
        await robots();
        if (sum(found!) >= 12) break;
        const shown = example(flow).find(
          ({ type, name }) => type === 'debug' && name?.startsWith('text / '),
        )!;
        content = (await sidebar.next<RobotText>(shown.id)).text.content;
      }
      // Every fourth is not genuine.
      assert.deepEqual([sum(found!), sum(passed!)], [12, 9]);
      assert.doesNotMatch(demo.stderr(), /context store/);
    });

    it('attendance: today, here and not used before, or why not', async () => {
      const sent = (button: string) => textOf('attendance', button);
      assert.match(await sent('on time'), /^打卡: 张三, 天府软件园, 有效 \(\d{4}年.+\)$/);
      assert.match(await sent('a photo of yesterday'), /无效, 照片不是一小时内拍摄/);
      assert.match(await sent('the same photo'), /^打卡: 李四, 天府软件园, 有效/);
      assert.match(await sent('the same photo'), /^打卡: 李四, 天府软件园, 无效, 照片已经用过/);
      assert.match(await sent('from another place'), /^打卡: 李四, 高新区, 无效, 拍摄地点不在现场/);
      for (let times = 0; times < 5; times++) await received('/wecom', 'text');
    });

    it('attendance: nobody brings a place of his own, or another line', async () => {
      const checkIn = async (site: unknown) => {
        const photo = `https://example.com/sandbox/taken-5/${posted.length}-${Math.random()}.jpg`;
        const body = JSON.stringify({ who: '李四\n打卡: 王五, 高新区, 有效', site, photo });
        const headers = { 'Content-Type': 'application/json' };
        await fetch(`${demo.address}/attendance`, { method: 'POST', headers, body });
        return ((await received('/wecom')) as { text: { content: string } }).text.content;
      };
      const own = { name: '天府软件园', lat: 30.6, lng: 104.06 };
      for (const site of [own, '火星', '__proto__', undefined])
        assert.equal(
          await checkIn(site),
          '打卡: 李四 打卡: 王五, 高新区, 有效 的照片未能完成核验, 请人工处理: 没有这个现场',
        );
      assert.match(
        await checkIn('高新区'),
        /^打卡: 李四 打卡: 王五, 高新区, 有效, 高新区, 无效, 拍摄地点不在现场[^\n]*$/,
      );
    });

    it('persons in a file: a row each, in order, and errors among them; read again, nothing is paid for twice', async () => {
      await press('persons-in-a-file', 'make a sample', 'the file');
      const file = join(files, 'persons.csv');
      const run = async () => {
        await press('persons-in-a-file', 'verify the file', 'written');
        return readFileSync(join(files, 'persons-result.csv'), 'utf8');
      };
      const cellsOf = (text: string) => parse<string[]>(text.replace('\uFEFF', '').trimEnd()).data;
      const first = await run();
      const [head, ...cells] = cellsOf(first);
      assert.ok(first.startsWith('\uFEFF行号,编号,'));
      assert.deepEqual(head, ['行号', '编号', '结果', '原因', '分数', '台账', '错误', '说明']);
      assert.deepEqual(
        cells.map(([line, number, outcome, reason, score, , code]) => [
          line,
          number,
          outcome,
          reason,
          score,
          code,
        ]),
        [
          ['2', '1001', 'passed', 'same-person', '0.82', ''],
          ['3', '1002', 'failed', 'name-id-mismatch', '', ''],
          ['4', '1003', 'error', '', '', 'INPUT'],
          ['5', '1004', 'passed', 'same-person', '0.82', ''],
        ],
      );
      assert.doesNotMatch(first, /张三|欧阳|11010|null/);
      const ledgers = (text: string) => cellsOf(text).map((row) => row[5]);
      assert.deepEqual(ledgers(await run()), ledgers(first));

      // Other persons under the same numbers, and none: each has an answer of its own.
      const [header, , , , fourth = ''] = readFileSync(file, 'utf8').split('\n');
      const others = [
        `1001,${fourth.slice(5)}`,
        `,${fourth.slice(5)}`,
        ',沙箱0.12,110101199001011237,https://a.example/b.jpg',
      ];
      writeFileSync(
        file,
        [header, ...others, '=1+1,沙箱0.42,110101199001011237,https://a.example/b.jpg', ''].join('\n'),
      );
      const second = cellsOf(await run()).slice(1);
      assert.deepEqual(
        second.map(([, number, outcome]) => [number, outcome]),
        [
          ['1001', 'passed'],
          ['', 'passed'],
          ['', 'failed'],
          ["'=1+1", 'inconclusive'],
        ],
      );
      const all = [...ledgers(first).slice(1), ...second.map((row) => row[5])].filter(Boolean);
      assert.equal(new Set(all).size, 7);
    });

    it('budget alert: 80 % are reported to both robots, once', async () => {
      for (let index = 0; index < 4; index++) await press('budget-alert', 'pay once', 'result');
      const content = await textOf('budget-alert', 'now');
      assert.match(content, /^核验: \d{4}-\d\d-\d\d 已用 \d+ \/ 5 次$/);
      assert.deepEqual(await robots(), Array(2).fill({ msgtype: 'text', text: { content } }));
    });
  });

  describe('face-compare over HTTP', () => {
    const buttons = example('face-compare').filter(({ type }) => type === 'inject');
    const [person] = buttons.map(
      ({ payload }) => JSON.parse(String(payload)) as { name: string; idNumber: string; photo: string },
    );
    const post = (init: RequestInit) =>
      fetch(`${demo.address}/verify/face`, { method: 'POST', ...init }).then(async (response) => ({
        status: response.status,
        shown: (await response.json()) as Shown,
      }));

    it('takes a form with a file', async () => {
      const body = new FormData();
      body.set('name', person!.name);
      body.set('idNumber', person!.idNumber);
      body.set('photo', new Blob([Buffer.from(person!.photo, 'base64')], { type: 'image/png' }), 'face.png');
      const { status, shown } = await post({ body });
      assert.deepEqual([status, shown.outcome], [200, 'passed']);
    });

    it('takes JSON', async () => {
      const headers = { 'Content-Type': 'application/json' };
      const { status, shown } = await post({ headers, body: JSON.stringify({ ...person, name: '沙箱101' }) });
      assert.deepEqual([status, shown.reason], [200, 'name-id-mismatch']);
    });

    it('answers a form without a file with 400', async () => {
      const body = new FormData();
      body.set('name', person!.name);
      body.set('idNumber', person!.idNumber);
      const { status, shown } = await post({ body });
      assert.deepEqual([status, shown.code, shown.cause.charged], [400, 'INPUT', false]);
      assert.ok(!JSON.stringify(shown).includes(person!.idNumber));
    });
  });

  describe('all of them', () => {
    it('were pressed', () => {
      // What starts by itself is no button.
      const buttons = ALL.filter(({ type, once }) => type === 'inject' && once !== true);
      assert.deepEqual(
        buttons.filter(({ id }) => !pressed.has(id)).map(({ name }) => name),
        [],
      );
    });
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}
