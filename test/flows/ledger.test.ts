/** Keys, reuse, budgets, accounts by message, and the node that is asked: docs/contract.md, "Ledger", in a real Node-RED. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Result } from '../../src/contract/result';
import { FIELDS } from '../../src/ledger/columns';
import type { Entry, Sum } from '../../src/ledger/entry';
import type { Message } from '../../src/node-red/runner/red';
import { jpg } from '../input/pictures';
import { leaksIn } from '../private';
import { checkError, checkResult, FIVE, ID_NUMBER, NAME, type Raised } from './five-actions';
import { actionFlow, deploy, type FlowNode, got, logs, send, startRuntime, until } from './runtime';
import { closeServers, json, type ScriptedServer, scriptedServer, taskFinished } from './scripted-server';

const PAID = FIVE.filter(({ type }) => ['truth-create', 'face-compare', 'westdex-three'].includes(type));
const COMPARE = PAID.find(({ type }) => type === 'face-compare')!;
const ENTRY_ID = /^\d{8}-\d{6}-[0-9a-f]{12}$/;
const DAY_S = 86_400;
const OTHER_ID = '110101199001011237';

let server: ScriptedServer;
let created = 0;

/** An account of its own for each test: budgets and keys are an account's, and the ledger is one for all tests. */
const newAccount = () => `account-${++created}`;

/** The action with its account, and a verify-ledger, `ledger`, with `told` and `settled` behind it. */
function flowOf(
  { type, account, action }: (typeof FIVE)[number],
  id: string,
  changes: object = {},
  properties: object = {},
): FlowNode[] {
  const nodes = actionFlow(
    { type, ...action, ...changes },
    {
      environment: 'custom',
      baseUrl: server.baseUrl,
      circuit: false,
      ...account,
      ...properties,
    },
  );
  const debug = nodes.find((node) => node.id === 'out1')!;
  return [
    ...nodes.map((node) => {
      if (node.id === 'account') return { ...node, id, name: `name of ${id}` };
      return node.id === 'action' ? { ...node, account: id } : node;
    }),
    { id: 'ledger', type: 'verify-ledger', z: 'tab', x: 1, y: 1, wires: [['told'], ['settled']] },
    { ...debug, id: 'told' },
    { ...debug, id: 'settled' },
  ];
}

const counts = () => ['out1', 'caught'].map((id) => got(id).length);
const since = (before: number[]) => ({
  results: got('out1')
    .slice(before[0])
    .map((message) => checkResult(message)),
  errors: got('caught')
    .slice(before[1])
    .map((message) => checkError(message)),
});

/** Sends messages at once and waits for what becomes of them. */
async function pay(...messages: Message[]): Promise<{ results: Result[]; errors: Raised[] }> {
  const before = counts();
  for (const message of messages) send('action', message);
  await until(() => got('out1').length + got('caught').length >= before[0]! + before[1]! + messages.length);
  return since(before);
}

async function one(message: Message): Promise<Result> {
  const { results, errors } = await pay(message);
  assert.deepEqual([results.length, errors], [1, []]);
  return results[0]!;
}

async function refused(message: Message): Promise<Raised> {
  const { results, errors } = await pay(message);
  assert.deepEqual([results, errors.length], [[], 1]);
  return errors[0]!;
}

async function ask<Answer = Entry[]>(payload: unknown): Promise<Answer> {
  const before = [got('told').length, got('caught').length];
  send('ledger', { payload, kept: 'kept' });
  await until(() => got('told').length + got('caught').length > before[0]! + before[1]!);
  const message = got('told')[before[0]!];
  assert.ok(message, JSON.stringify(got('caught').at(-1)?.error));
  assert.equal(message.kept, 'kept');
  return message.payload as Answer;
}

async function askInVain(payload: unknown): Promise<Raised> {
  const before = got('caught').length;
  send('ledger', { payload });
  await until(() => got('caught').length > before);
  return checkError(got('caught')[before]!);
}

const person = (changes: object = {}) => ({ name: NAME, idNumber: ID_NUMBER, photo: jpg(), ...changes });

describe('the ledger', function () {
  this.timeout(30_000);
  before(async () => {
    await startRuntime();
    server = await scriptedServer(() => {});
  });
  after(closeServers);
  beforeEach(() => {
    server.asked.splice(0);
  });
  const answers = ({ success }: (typeof FIVE)[number], milliseconds = 0) => {
    server.script = (_asked, response) => setTimeout(() => json(response, success()), milliseconds);
  };

  describe('key', () => {
    for (const action of PAID) {
      it(`${action.type}: of many at once one is paid, later ones get its answer`, async () => {
        await deploy(flowOf(action, newAccount(), { key: 'order', keyType: 'msg' }));
        answers(action, 50);
        const before = Date.now();
        const { results, errors } = await pay(
          ...Array.from({ length: 50 }, () => ({ payload: action.payload, order: 'A 1' })),
        );
        assert.deepEqual([results.length, errors, server.asked.length], [50, [], 1]);
        const paid = results.filter(({ ledger }) => ledger !== null);
        const [first] = paid;
        assert.deepEqual([paid.length, first!.reused], [1, null]);
        assert.match(first!.ledger!, ENTRY_ID);
        results.push(await one({ payload: action.payload, order: 'A 1' }));
        for (const result of results.filter((each) => each !== first)) {
          assert.deepEqual(
            [result.charged, result.ledger, result.reused?.ledger],
            [false, null, first!.ledger],
          );
          assert.ok(Date.parse(result.reused!.at) >= before && Date.parse(result.reused!.at) <= Date.now());
          assert.deepEqual(result.data, first!.data);
          assert.equal(result.outcome, first!.outcome);
          assert.equal(result.timing.attempts, 0);
        }
        assert.equal(server.asked.length, 1);
        await one({ payload: action.payload, order: 'A 2' });
        assert.equal(server.asked.length, 2);
      });
    }

    it('may be a number; an empty one is none', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }));
      answers(COMPARE);
      for (const order of [7, '7', 7]) await one({ payload: person(), order });
      assert.equal(server.asked.length, 1);
      for (const order of ['', undefined, null]) await one({ payload: person(), order });
      assert.equal(server.asked.length, 4);
    });

    for (const [what, order, problem] of [
      ['an object', { id: 1 }, 'text-not-text'],
      ['a list', ['a', 'b'], 'text-not-text'],
      ['a fraction', 0.5, 'text-not-text'],
      ['of a megabyte', 'k'.repeat(1024 * 1024), 'text-too-long'],
      ['damaged', 'a\ufffdb', 'text-damaged'],
    ] as const) {
      it(`that is ${what} is INPUT, and nothing is sent`, async () => {
        await deploy(flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }));
        const { code, cause } = await refused({ payload: person(), order });
        assert.deepEqual([code, cause.problem, cause.charged], ['INPUT', problem, false]);
        assert.deepEqual([server.asked.length, cause.values.field], [0, 'key']);
      });
    }

    it('of a call that nobody answered is UNCERTAIN, and free where it was not taken', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }, { timeout: 3 }));
      server.script = () => {};
      const first = await refused({ payload: person(), order: 'lost' });
      assert.deepEqual([first.code, first.cause.charged, first.cause.retryable], ['TIMEOUT', null, false]);
      const second = await refused({ payload: person(), order: 'lost' });
      assert.deepEqual(
        [second.code, second.cause.ledger, second.cause.charged, second.cause.retryable],
        ['UNCERTAIN', first.cause.ledger, false, false],
      );
      assert.equal(server.asked.length, 1);
      const [entry] = await ask({ id: first.cause.ledger });
      assert.deepEqual([entry!.state, entry!.error], ['uncertain', 'TIMEOUT']);

      server.script = (_asked, response, count) =>
        count === 2
          ? response.writeHead(429, { 'Retry-After': '100' }).end('{"message":"API rate limit exceeded"}')
          : json(response, COMPARE.success());
      const limited = await refused({ payload: person(), order: 'limited' });
      assert.deepEqual([limited.code, limited.cause.retryable], ['RATE_LIMITED', true]);
      assert.equal((await one({ payload: person(), order: 'limited' })).outcome, 'passed');
    });
  });

  describe('key with other content', () => {
    const CREATE = PAID.find(({ type }) => type === 'truth-create')!;
    const urls = (...names: string[]) => names.map((name) => `https://example.com/${name}.jpg`);
    const submitted = () => server.asked.flatMap(({ body }) => JSON.parse(body).photoUrlList as string[]);
    const refusedFor = async (payload: unknown, order: string, first: Result) => {
      const { code, cause } = await refused({ payload, order });
      assert.deepEqual(
        [code, cause.problem, cause.charged, cause.retryable, cause.ledger, cause.attempts],
        ['INPUT', 'key-used', false, false, first.ledger, 0],
      );
    };

    for (const action of PAID.filter(({ type }) => type !== 'truth-create'))
      it(`${action.type}: is INPUT, whichever of name, number and photo is another one`, async () => {
        await deploy(flowOf(action, newAccount(), { key: 'order', keyType: 'msg' }));
        answers(action);
        const first = await one({ payload: person(), order: 'A' });
        for (const other of [{ name: '李四' }, { idNumber: OTHER_ID }, { photo: jpg(600) }])
          await refusedFor(person(other), 'A', first);
        assert.equal(server.asked.length, 1);
        // What means the same is the same.
        const inOtherDress = person({ name: ` ${NAME}`, photo: jpg().toString('base64') });
        const again = await one({ payload: inOtherDress, order: 'A' });
        assert.equal(again.reused?.ledger, first.ledger);
        assert.equal((await one({ payload: person({ name: '李四' }), order: 'B' })).reused, null);
      });

    it('is a new call where the photo was to blame, or nothing was charged', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }));
      const incorrects = [101, 102, 103, 104, 107, 108, 109, 110, 111, 112];
      for (const incorrect of incorrects) {
        server.script = (_asked, response) => {
          const { data, ...rest } = COMPARE.success() as { data: object };
          json(response, { ...rest, data: { ...data, incorrect } });
        };
        const order = `incorrect ${incorrect}`;
        const first = await one({ payload: person(), order });
        answers(COMPARE);
        const sent = server.asked.length;
        // The same content has the same answer, whatever it is.
        assert.equal((await one({ payload: person(), order })).reused?.ledger, first.ledger);
        const isNew = incorrect >= 104;
        if (isNew) assert.equal((await one({ payload: person({ photo: jpg(600) }), order })).reused, null);
        else await refusedFor(person({ photo: jpg(600) }), order, first);
        assert.equal(server.asked.length, sent + (isNew ? 1 : 0), order);
      }
    });

    it('is UNCERTAIN where nobody knows what became of the call', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }));
      server.script = () => {};
      const lost = await refused({ payload: person(), order: 'lost' });
      answers(COMPARE);
      const { code, cause } = await refused({ payload: person({ name: '李四' }), order: 'lost' });
      assert.deepEqual([code, cause.ledger, server.asked.length], ['UNCERTAIN', lost.cause.ledger, 1]);
    });

    it('of truth-create: all photos of the message count, in whatever order and however they are signed', async () => {
      await deploy(flowOf(CREATE, newAccount(), { key: 'order', keyType: 'msg', batchSize: 2 }));
      answers(CREATE);
      const [a, b, c] = urls('a', 'b', 'c') as [string, string, string];
      const signed = (url: string, expires: number) =>
        `${url}?Expires=${expires}&OSSAccessKeyId=LTAIexample&Signature=aaaa%3D`;
      const first = await one({ payload: [a, b, signed(c, 4_102_444_800)], order: 'A' });
      assert.equal(server.asked.length, 2);
      const again = await one({ payload: [signed(c, 4_102_445_000), b, a], order: 'A' });
      assert.deepEqual([again.charged, again.data], [false, first.data]);
      assert.ok(again.reused);
      for (const other of [urls('a', 'b'), urls('a', 'b', 'c', 'd'), urls('a', 'b', 'd')]) {
        const { code, cause } = await refused({ payload: other, order: 'A' });
        assert.deepEqual([code, cause.problem, cause.charged], ['INPUT', 'key-used', false]);
        assert.deepEqual([cause.notSubmitted, cause.submitted, cause.uncertain], [other, [], []]);
      }
      assert.equal(server.asked.length, 2);
    });

    it('of truth-create: what was not submitted is, once, when the message comes again in another order', async () => {
      await deploy(flowOf(CREATE, newAccount(), { key: 'order', keyType: 'msg', batchSize: 2 }));
      server.script = (_asked, response, count) =>
        count === 2 ? response.writeHead(429).end() : json(response, CREATE.success());
      const photos = urls('1', '2', '3', '4', '5');
      const failed = await refused({ payload: photos, order: 'A' });
      assert.deepEqual(failed.cause.notSubmitted, photos.slice(2));
      const before = submitted().slice(0, 2);
      server.asked.splice(0);
      answers(CREATE);
      await one({ payload: photos.toReversed(), order: 'A' });
      assert.deepEqual([...before, ...submitted()].sort(), photos);
    });

    it('never lets a verdict reach a person it was not given for', async function () {
      this.timeout(240_000);
      await deploy(
        flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }, { timeout: 30, maxWaiting: 10_000 }),
      );
      const names = [...'赵钱孙李周吴郑王冯陈'].map((name) => `${name}小明`);
      // The order number says whose the verdict is; some verdicts keep their key, others do not.
      server.script = ({ body }, response) => {
        const form = new URLSearchParams(body);
        const orderNo = String(names.indexOf(form.get('name')!) + 10);
        const kinds = [100, 100, 101, 104, 109];
        const incorrect = kinds[Math.floor(Math.random() * kinds.length)];
        if (Math.random() < 0.02) return void response.writeHead(429).end();
        json(response, {
          ...(COMPARE.success() as object),
          data: { order_no: orderNo, score: 0.8, msg: '', incorrect },
        });
      };
      let [verdicts, others] = [0, 0];
      for (let round = 0; round < 6; round++) {
        const before = counts();
        for (let index = 0; index < 500; index++) {
          const name = names[Math.floor(Math.random() * names.length)]!;
          send('action', { payload: person({ name }), order: Math.floor(Math.random() * 500), asked: name });
        }
        await until(() => got('out1').length + got('caught').length >= before[0]! + before[1]! + 500);
        for (const message of got('out1').slice(before[0])) {
          const { data } = message.payload as Result<{ orderNo: string }>;
          assert.equal(names[Number(data.orderNo) - 10], message.asked);
          verdicts++;
        }
        for (const message of got('caught').slice(before[1])) {
          const { code, cause } = checkError(message);
          assert.ok(code === 'RATE_LIMITED' || cause.problem === 'key-used', `${code} ${cause.problem}`);
          others++;
        }
      }
      assert.equal(verdicts + others, 3_000);
      assert.ok(verdicts > 100 && others > 100, `${verdicts} ${others}`);
      assert.ok(server.asked.length >= 500 && server.asked.length < verdicts);
    });
  });

  describe('reuse', () => {
    for (const action of PAID.filter(({ type }) => type !== 'truth-create')) {
      it(`${action.type}: pays once for the same person`, async () => {
        await deploy(flowOf(action, newAccount(), { reuse: 1 }));
        answers(action);
        const first = await one({ payload: person() });
        const again = await one({ payload: person() });
        assert.deepEqual(
          [server.asked.length, again.charged, again.reused?.ledger],
          [1, false, first.ledger],
        );
        await one({ payload: person({ photo: jpg(600) }) });
        assert.equal(server.asked.length, 2);
      });
    }

    it('0 pays for every message', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { reuse: '0' }));
      answers(COMPARE);
      for (let index = 0; index < 2; index++) await one({ payload: person() });
      assert.equal(server.asked.length, 2);
    });

    it('for less time than an answer is old pays again', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { reuse: 0.0001 }));
      answers(COMPARE);
      await one({ payload: person() });
      // 0.36 s, and times are kept in whole seconds.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await one({ payload: person() });
      assert.equal(server.asked.length, 2);
    });

    it('truth-create: photo by photo, only those not seen are submitted', async () => {
      const [action] = PAID;
      await deploy(flowOf(action!, newAccount(), { reuse: 24 }));
      let task = 0;
      server.script = (_asked, response) => {
        const taskID = `19168120487976222${10 + task++}`;
        json(response, { code: 200, msg: 'success', data: { data: [{ taskID }], status: 0 } });
      };
      const [a, b, c] = ['a', 'b', 'c'].map((name) => `https://example.com/${name}.jpg`);
      const submitted = () => server.asked.map(({ body }) => JSON.parse(body).photoUrls ?? JSON.parse(body));
      const first = await one({ payload: [a, b] });
      const second = await one({ payload: [b, c] });
      assert.equal(server.asked.length, 2);
      assert.ok(JSON.stringify(submitted()[1]).includes(c!) && !JSON.stringify(submitted()[1]).includes(b!));
      const [early, late] = second.data.tasks as { taskId: string; photoUrls: string[]; partial?: true }[];
      const [firstTask] = first.data.taskIds as string[];
      assert.deepEqual(early, { taskId: firstTask, photoUrls: [b], partial: true });
      assert.deepEqual([late!.photoUrls, late!.partial, second.reused], [[c], undefined, null]);
      assert.match(second.ledger!, ENTRY_ID);

      const all = await one({ payload: [a, b, c] });
      assert.deepEqual([server.asked.length, all.charged, all.ledger], [2, false, null]);
      assert.equal(all.reused?.ledger, first.ledger);
      assert.deepEqual(
        (all.data.tasks as { photoUrls: string[]; partial?: true }[]).map((each) => [
          each.photoUrls,
          each.partial,
        ]),
        [
          [[a, b], undefined],
          [[c], undefined],
        ],
      );
    });
  });

  describe('reuse of what nobody looked at', () => {
    const CREATE = PAID.find(({ type }) => type === 'truth-create')!;
    const A = 'https://example.com/a.jpg';
    const B = 'https://example.com/b.jpg';
    /** A truth-poll of the same account, whose result is at `polled`. */
    const withPoll = (account: string) => {
      const nodes = flowOf(CREATE, account, { reuse: 24 });
      const debug = nodes.find(({ id }) => id === 'out1')!;
      return [
        ...nodes,
        { ...debug, id: 'polled' },
        {
          id: 'poll',
          type: 'truth-poll',
          z: 'tab',
          x: 1,
          y: 1,
          account,
          interval: 0.05,
          timeout: 10,
          wires: [['polled'], ['polled']],
        },
      ];
    };
    const poll = async (payload: unknown) => {
      const before = got('polled').length;
      send('poll', { payload });
      await until(() => got('polled').length > before);
      return (got('polled')[before]!.payload as Result<{ photos: { reason: string }[] }>).data;
    };

    for (const [what, list] of [
      ['could not be fetched', [{ photoUrl: A, status: -2306 }]],
      ['could not be read', [{ photoUrl: A, status: -1001 }]],
      ['was not reported', []],
    ] as const)
      it(`submits a photo again that ${what}, and no other`, async () => {
        await deploy(withPoll(newAccount()));
        let task = 0;
        server.script = ({ url }, response) => {
          const found = [...list, { photoUrl: B, status: 0 }];
          if (url.includes('query')) {
            taskFinished(response, found);
          } else {
            const taskID = `19168120487976222${10 + task++}`;
            json(response, { code: 200, msg: 'success', data: { data: [{ taskID }], status: 0 } });
          }
        };
        const creates = () => server.asked.filter(({ url }) => !url.includes('query')).length;
        const first = await one({ payload: [A, B] });
        assert.ok((await one({ payload: [A, B] })).reused);
        await poll(first);
        for (let round = 0; creates() < 2; round++) {
          assert.ok(round < 100, 'It was not submitted again');
          await one({ payload: [A] });
        }
        const last = server.asked.findLast(({ url }) => !url.includes('query'))!;
        assert.ok(last.body.includes(A) && !last.body.includes(B));
        assert.ok((await one({ payload: [A, B] })).reused);
        assert.equal(creates(), 2);
      });

    it('pays once for an object that is signed anew each time', async () => {
      await deploy(flowOf(CREATE, newAccount(), { reuse: 24 }));
      answers(CREATE);
      const signed = (expires: number, signature: string) =>
        `${A}?Expires=${expires}&OSSAccessKeyId=LTAIexample&Signature=${signature}`;
      await one({ payload: [signed(4_102_444_800, 'aaaa%3D')] });
      assert.ok((await one({ payload: [signed(4_102_445_000, 'bbbb%3D')] })).reused);
      assert.equal(server.asked.length, 1);
    });
  });

  describe('what was paid for elsewhere', () => {
    const SANDBOX = { environment: 'sandbox', baseUrl: '' };
    for (const action of PAID)
      for (const [what, changes] of [
        ['key', { key: 'order', keyType: 'msg' }],
        ['reuse', { reuse: 24 }],
      ] as const)
        it(`${action.type}: ${what} gives no answer of another environment or base URL`, async () => {
          const account = newAccount();
          // The sandbox keeps the addresses it was given.
          const payload = action.type === 'truth-create' ? ['https://example.com/a.jpg'] : action.payload;
          const message = () => ({ payload, order: `${account} 1` });
          const at = async (properties: object) => {
            await deploy(flowOf(action, account, changes, properties));
            return one(message());
          };
          answers(action);
          const made: Result[] = [];
          for (const properties of [SANDBOX, {}, { baseUrl: `${server.baseUrl}/other` }]) {
            const first = await at(properties);
            assert.deepEqual([first.reused, typeof first.ledger], [null, 'string']);
            made.push(first);
          }
          assert.deepEqual(
            server.asked.map(({ url }) => url.startsWith('/other')),
            [false, true],
          );
          // Each place has its own answer still; a slash at the end of the path is no other place.
          for (const [index, properties] of [
            SANDBOX,
            {},
            { baseUrl: `${server.baseUrl}/other/` },
          ].entries()) {
            const again = await at(properties);
            const { ledger, data } = made[index]!;
            // Of truth-create: the provider's clock, when it answered.
            const kept = 'providerTime' in data ? { ...data, providerTime: null } : data;
            assert.deepEqual([again.reused?.ledger, again.data], [ledger, kept]);
          }
          assert.equal(server.asked.length, 2);
          if (what === 'key')
            assert.deepEqual(
              (await ask({ key: `${account} 1` })).map(({ id }) => id),
              made
                .map(({ ledger }) => ledger)
                .sort()
                .reverse(),
            );
        });

    it('submits a photo again that could not be fetched, where it could not', async () => {
      const CREATE = PAID.find(({ type }) => type === 'truth-create')!;
      const A = 'https://example.com/a.jpg';
      const account = newAccount();
      const at = async (properties: object) => {
        const nodes = flowOf(CREATE, account, { reuse: 24 }, properties);
        const poll = {
          id: 'poll',
          type: 'truth-poll',
          z: 'tab',
          x: 1,
          y: 1,
          account,
          interval: 0.05,
          timeout: 10,
          wires: [['polled'], ['polled']],
        };
        await deploy([...nodes, poll, { ...nodes.find(({ id }) => id === 'out1')!, id: 'polled' }]);
      };
      const other = { baseUrl: `${server.baseUrl}/other` };
      server.script = ({ url }, response) => {
        if (url.includes('query')) taskFinished(response, [{ photoUrl: A, status: -2306 }]);
        else json(response, CREATE.success());
      };
      const creates = () => server.asked.filter(({ url }) => !url.includes('query')).length;
      await at({});
      await one({ payload: [A] });
      await at(other);
      const second = await one({ payload: [A] });
      assert.equal(creates(), 2);
      const before = got('polled').length;
      send('poll', { payload: second });
      await until(() => got('polled').length > before);
      for (let round = 0; creates() < 3; round++) {
        assert.ok(round < 100, 'It was not submitted again');
        await one({ payload: [A] });
      }
      await at({});
      assert.ok((await one({ payload: [A] })).reused);
      assert.equal(creates(), 3);
    });
  });

  describe('what was paid for under other rules', () => {
    const THREE = PAID.find(({ type }) => type === 'westdex-three')!;
    for (const [what, changes] of [
      ['key', { key: 'order', keyType: 'msg' }],
      ['reuse', { reuse: 24 }],
    ] as const) {
      it(`face-compare: ${what}: the node that gets the score judges it`, async () => {
        const account = newAccount();
        server.script = (_asked, response) => {
          const { data, ...rest } = COMPARE.success() as { data: object };
          json(response, { ...rest, data: { ...data, score: 0.5 } });
        };
        const rounds: [object, string, string][] = [
          [{ sameFrom: 0.45, differentBelow: 0.4, scoreScale: 1 }, 'passed', 'same-person'],
          [{ sameFrom: 0.8, differentBelow: 0.6, scoreScale: 1 }, 'failed', 'different-person'],
          [{ sameFrom: 0.8, differentBelow: 0.4, scoreScale: 1 }, 'inconclusive', 'score-inconclusive'],
          [{ sameFrom: 80, differentBelow: 60, scoreScale: 100 }, 'failed', 'different-person'],
        ];
        for (const [index, [bands, outcome, reason]] of rounds.entries()) {
          await deploy(flowOf(COMPARE, account, { ...changes, ...bands }));
          const got = await one({ payload: person(), order: 'A' });
          const { sameFrom, differentBelow, scoreScale, score } = got.data;
          assert.deepEqual(
            [got.outcome, got.reason, { sameFrom, differentBelow, scoreScale }, score, got.reused !== null],
            [outcome, reason, bands, 0.5, index > 0],
          );
        }
        assert.equal(server.asked.length, 1);
      });

      it(`westdex-three: ${what}: the conditions of the node that gets the answer judge it`, async () => {
        const account = newAccount();
        answers(THREE);
        const rounds: [object, string][] = [
          [{ passWhen: 'code = "0"' }, 'passed'],
          [{ passWhen: 'code = "1"', failWhen: 'code = "0"' }, 'failed'],
          [{ passWhen: 'code = "1"' }, 'inconclusive'],
          [{}, 'answered'],
        ];
        let first: Result | undefined;
        for (const [conditions, outcome] of rounds) {
          await deploy(flowOf(THREE, account, { passWhen: '', failWhen: '', ...changes, ...conditions }));
          const result = await one({ payload: person(), order: 'A' });
          first ??= result;
          assert.deepEqual(
            [result.outcome, result.data, result.reused?.ledger ?? result.ledger],
            [outcome, first.data, first.ledger],
          );
        }
        assert.equal(server.asked.length, 1);
      });
    }
  });

  describe('BUDGET', () => {
    const secondsLeft = () => DAY_S - ((Date.now() / 1000 + 8 * 3600) % DAY_S);

    it('refuses one call more than maxPerDay, says for how long, and warns at 80 %', async () => {
      const account = newAccount();
      await deploy(flowOf(COMPARE, account, {}, { maxPerDay: 5 }));
      answers(COMPARE);
      const firstLog = logs.length;
      const { results, errors } = await pay(...Array.from({ length: 8 }, () => ({ payload: person() })));
      assert.deepEqual([results.length, errors.length, server.asked.length], [5, 3, 5]);
      for (const { code, cause, message } of errors) {
        assert.deepEqual([code, cause.problem, cause.retryable], ['BUDGET', 'budget-day', true]);
        assert.deepEqual([cause.charged, cause.attempts, cause.ledger], [false, 0, null]);
        assert.ok(Math.abs(cause.retryAfter! - secondsLeft()) < 30, String(cause.retryAfter));
        assert.ok(message.includes('5'));
      }
      const warnings = logs.slice(firstLog).filter(({ msg }) => String(msg).includes(`name of ${account}`));
      assert.equal(warnings.length, 1);
    });

    it('does not count what was answered before, or what the provider does not charge', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }, { maxPerDay: 2 }));
      server.script = (_asked, response, count) => {
        const { data, ...rest } = COMPARE.success() as { data: object };
        json(response, { ...rest, data: { ...data, incorrect: count === 1 ? 107 : 100 } });
      };
      for (const order of [1, 1, 2, 2, 3, 3]) await one({ payload: person(), order });
      assert.equal((await refused({ payload: person(), order: 4 })).code, 'BUDGET');
      assert.equal((await one({ payload: person(), order: 3 })).charged, false);
      assert.equal(server.asked.length, 3);
    });

    it('of truth-create tells what was submitted and what was not, the month before the day', async () => {
      const [action] = PAID;
      await deploy(flowOf(action!, newAccount(), { batchSize: 1 }, { maxPerDay: 2, maxPerMonth: 2 }));
      answers(action!);
      const urls = [1, 2, 3, 4].map((index) => `https://example.com/${index}.jpg`);
      const { code, cause } = await refused({ payload: urls });
      assert.deepEqual([code, cause.problem], ['BUDGET', 'budget-month']);
      assert.deepEqual(
        cause.submitted?.map(({ photoUrls }) => photoUrls),
        [[urls[0]], [urls[1]]],
      );
      assert.deepEqual([cause.notSubmitted, cause.uncertain], [urls.slice(2), []]);
      assert.ok(cause.retryAfter! >= Math.floor(secondsLeft()) - 30);
      assert.equal(server.asked.length, 2);
      const next = await refused({ payload: urls });
      assert.deepEqual(
        [next.cause.notSubmitted, next.cause.submitted, next.cause.charged, next.cause.retryable],
        [urls, [], false, true],
      );
    });
  });

  describe('accountFrom', () => {
    const twoAccounts = async () => {
      const [own, other, twin] = [newAccount(), newAccount(), newAccount()];
      const nodes = flowOf(COMPARE, own, { accountFrom: 'department', accountFromType: 'msg' });
      const account = nodes.find(({ id }) => id === own)!;
      // One with another path, so that the server sees which it was.
      const elsewhere = { ...account, baseUrl: `${server.baseUrl}/other` };
      await deploy([
        ...nodes,
        { ...elsewhere, id: other, name: '财务部' },
        { ...elsewhere, id: twin, name: `twin ${own}` },
        { ...elsewhere, id: `${twin}-2`, name: `twin ${own}` },
        { id: `xhey-${own}`, type: 'xhey-account', name: `xhey ${own}`, environment: 'sandbox' },
      ]);
      return { own, other, twin };
    };

    it('chooses by name or id; without one it is the own', async () => {
      const { own, other, twin } = await twoAccounts();
      answers(COMPARE);
      for (const [department, path] of [
        ['财务部', '/other'],
        [other, '/other'],
        [twin, '/other'],
        ['', '/'],
        [undefined, '/'],
      ] as const) {
        const { ledger } = await one({ payload: person(), department });
        assert.equal(server.asked.at(-1)!.url, path);
        const [entry] = await ask({ id: ledger });
        const wanted = path === '/' ? own : department === twin ? twin : other;
        assert.equal(entry!.account, wanted);
      }
    });

    it('that is not there, of another provider, there twice or no text is an error, and nothing is sent', async () => {
      const { own } = await twoAccounts();
      for (const [department, code, problem] of [
        ['nobody', 'CONFIG', 'account-not-found'],
        [`xhey-${own}`, 'CONFIG', 'account-not-found'],
        [`xhey ${own}`, 'CONFIG', 'account-not-found'],
        [`twin ${own}`, 'CONFIG', 'account-name-twice'],
        [7, 'INPUT', 'text-not-text'],
      ] as const) {
        const error = await refused({ payload: person(), department });
        assert.deepEqual(
          [error.code, error.cause.problem, error.cause.charged],
          [code, problem, false],
          String(department),
        );
      }
      assert.equal(server.asked.length, 0);
    });

    it('a key is another one for another account', async () => {
      await twoAccounts();
      answers(COMPARE);
      const nodes = ['', '财务部'];
      await deploy([
        ...flowOf(COMPARE, 'account-of-keys', {
          accountFrom: 'department',
          accountFromType: 'msg',
          key: 'order',
          keyType: 'msg',
        }),
        {
          ...flowOf(COMPARE, 'second-of-keys').find(({ id }) => id === 'second-of-keys')!,
          name: '财务部',
        },
      ]);
      for (const department of [...nodes, ...nodes]) await one({ payload: person(), department, order: 'k' });
      assert.equal(server.asked.length, 2);
    });
  });

  describe('verify-ledger', () => {
    const settled: unknown[] = [];
    const listener = (entry: unknown) => settled.push(entry);
    before(() => subscribe('cn-verify:call', listener));
    after(() => unsubscribe('cn-verify:call', listener));

    it('finds a call by its id and its key; output 2 and the channel told it before', async () => {
      const account = newAccount();
      await deploy(flowOf(COMPARE, account, { key: 'order', keyType: 'msg' }, { price: 0.8, name: 'north' }));
      answers(COMPARE);
      settled.splice(0);
      const before = Date.now();
      const { ledger, code } = await one({ payload: person(), order: `order of ${NAME}` });
      const [entry, ...others] = await ask({ id: ledger });
      assert.deepEqual(others, []);
      const { at, durationMs } = entry!;
      assert.ok(Date.parse(at) >= before && Date.parse(at) <= Date.now() && durationMs! >= 0);
      assert.deepEqual(entry, {
        ...Object.fromEntries(FIELDS.map((field) => [field, null])),
        id: ledger,
        account,
        node: 'action',
        operation: 'face-compare',
        state: 'settled',
        outcome: 'passed',
        reason: 'same-person',
        code,
        orderNo: '568753443590770688',
        charged: true,
        price: 0.8,
        at,
        durationMs,
      });
      assert.deepEqual(settled, [entry]);
      assert.deepEqual(
        got('settled').map(({ payload }) => payload),
        [entry],
      );
      assert.deepEqual(leaksIn(JSON.stringify([settled, entry, got('settled')])), []);

      const asked = `order of ${NAME}`;
      for (const question of [
        { key: asked },
        { key: asked, account },
        { key: asked, account: `name of ${account}` },
        { key: asked, operation: 'face-compare' },
        JSON.stringify({ key: asked }),
      ])
        assert.deepEqual(await ask(question), [entry]);
      for (const question of [
        { key: 'another' },
        { key: asked, account: 'another' },
        { key: asked, operation: 'truth-create' },
        { key: asked, to: '2020-01-01' },
        { id: 'no-such-entry' },
      ])
        assert.deepEqual(await ask(question), [], JSON.stringify(question));
    });

    it('finds by a key all calls that a truth-create took, newest first', async () => {
      const [action] = PAID;
      await deploy(flowOf(action!, newAccount(), { batchSize: 1, key: 'order', keyType: 'msg' }));
      answers(action!);
      const urls = [1, 2, 3].map((index) => `https://example.com/${index}.jpg`);
      const { ledger } = await one({ payload: urls, order: 'many' });
      const found = await ask({ key: 'many' });
      assert.equal(found.length, 3);
      assert.ok(found.some(({ id }) => id === ledger));
      assert.deepEqual(
        found.map(({ at }) => at),
        found
          .map(({ at }) => at)
          .sort()
          .reverse(),
      );
    });

    it('finds by time and account, newest first, and sums', async () => {
      const account = newAccount();
      await deploy(flowOf(COMPARE, account, {}, { price: 1.5 }));
      server.script = (_asked, response, count) => {
        const { data, ...rest } = COMPARE.success() as { data: object };
        json(response, { ...rest, data: { ...data, incorrect: [100, 107, 102][count - 1] } });
      };
      const began = Date.now();
      const ids: (string | null)[] = [];
      for (let index = 0; index < 3; index++) {
        ids.unshift((await one({ payload: person() })).ledger);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const today = new Date(began + 8 * 3_600_000).toISOString().slice(0, 10);
      for (const span of [
        { from: began },
        { from: String(began), to: Date.now() + 1_000 },
        { from: today, to: today },
        { from: new Date(began).toISOString() },
        { from: `${today} 00:00` },
        { to: '2999-12-31' },
      ]) {
        const found = await ask({ ...span, account });
        assert.deepEqual(
          found.map(({ id }) => id),
          ids,
          JSON.stringify(span),
        );
      }
      assert.deepEqual(await ask({ to: began, account }), []);
      assert.deepEqual(await ask({ from: '2999-01-01' }), []);

      const sum = {
        account,
        operation: 'face-compare',
        calls: 3,
        charged: 1,
        uncharged: 1,
        unknown: 1,
        uncertain: 0,
        price: 3,
      };
      const byDay = await ask<Sum[]>({ sum: 'day', account: `name of ${account}` });
      assert.deepEqual(byDay, [{ period: today, ...sum }]);
      const byMonth = await ask<Sum[]>({ sum: 'month', account, from: today, to: today });
      assert.deepEqual(byMonth, [{ period: today.slice(0, 7), ...sum }]);
      assert.ok((await ask<Sum[]>({ sum: 'month' })).length > 1);
    });

    it('says what a question has to be, and repeats nothing of it', async () => {
      await deploy(flowOf(COMPARE, newAccount()));
      const problems: [unknown, string][] = [
        [undefined, 'ledger-question'],
        [null, 'ledger-question'],
        [NAME, 'ledger-question'],
        ['['.repeat(200_000), 'ledger-question'],
        [[{ key: 'a' }], 'ledger-question'],
        [{}, 'ledger-question'],
        [{ account: 'a' }, 'ledger-question'],
        [{ key: '' }, 'ledger-question'],
        [{ key: 'a', id: 'b' }, 'ledger-question'],
        [{ id: 'b', sum: 'day' }, 'ledger-question'],
        [{ key: 'a', [NAME]: 1 }, 'ledger-question'],
        [{ key: { a: 1 } }, 'text-not-text'],
        [{ id: 1 }, 'text-not-text'],
        [{ key: 'k'.repeat(1024 * 1024) }, 'text-too-long'],
        [{ sum: 'year' }, 'not-one-of'],
        [{ sum: ['day'] }, 'not-one-of'],
        [{ key: 'a', operation: NAME }, 'not-one-of'],
        [{ from: NAME }, 'time-unreadable'],
        [{ from: 1_764_000_000 }, 'time-unreadable'],
        [{ from: '2026-02-30' }, 'time-unreadable'],
        [{ from: '2026-11-25T25:00' }, 'time-unreadable'],
        [{ from: {} }, 'time-unreadable'],
        [{ from: ' '.repeat(1024 * 1024) }, 'time-unreadable'],
        [{ from: '2026-11-26', to: '2026-11-25' }, 'times-crossed'],
      ];
      for (const [payload, problem] of problems) {
        const { code, cause } = await askInVain(payload);
        assert.deepEqual(
          [code, cause.problem, cause.provider, cause.operation, cause.retryable],
          ['INPUT', problem, null, 'verify-ledger', false],
          JSON.stringify(payload)?.slice(0, 100),
        );
      }
    });

    it('leaves a message alone that cannot take an answer', async () => {
      await deploy(flowOf(COMPARE, newAccount()));
      for (const message of [
        Object.freeze({ _msgid: '1', payload: { sum: 'day' } }),
        Object.defineProperty({ _msgid: '2' }, 'payload', { value: { sum: 'day' }, enumerable: true }),
      ]) {
        const before = got('caught').length;
        send('ledger', message);
        await until(() => got('caught').length > before);
        const { code, cause } = checkError(got('caught')[before]!);
        assert.deepEqual([code, cause.problem], ['INPUT', 'message-read-only']);
      }
    });

    it('without its store is CONFIG, at deploy and for each message', async () => {
      const nodes = flowOf(COMPARE, newAccount());
      const firstLog = logs.length;
      await deploy(nodes.map((node) => (node.id === 'ledger' ? { ...node, ledger: 'gone' } : node)));
      assert.equal(
        logs.slice(firstLog).filter(({ msg }) => String(msg).includes('ledger store of this node')).length,
        1,
      );
      const { code, cause } = await askInVain({ sum: 'day' });
      assert.deepEqual([code, cause.problem], ['CONFIG', 'ledger-store-missing']);
    });

    for (const [what, credentials, problem] of [
      ['no url', { secret: 'a secret of the test' }, 'ledger-url-unreadable'],
      ['another url', { url: 'http://127.0.0.1', secret: 'a secret of the test' }, 'ledger-url-unreadable'],
      ['a short secret', { url: 'postgres://127.0.0.1:1/x', secret: 'short' }, 'secret-too-short'],
      ['no secret', { url: 'postgres://127.0.0.1:1/x' }, 'ledger-secret-missing'],
      ['an unset variable', { url: '$' + '{NO_SUCH_VARIABLE}', secret: 's' }, 'variable-not-set'],
    ] as const) {
      it(`a store with ${what} is CONFIG for whoever uses it, before anything is sent`, async () => {
        // Node-RED keeps what a deploy leaves out of a node's credentials.
        const store = `store of ${newAccount()}`;
        const nodes = flowOf(COMPARE, newAccount(), {}, { ledger: store });
        await deploy([
          ...nodes.map((node) => (node.id === 'ledger' ? { ...node, ledger: store } : node)),
          { id: store, type: 'verify-ledger-store', name: '', credentials },
        ]);
        for (const { code, cause } of [await askInVain({ sum: 'day' }), await refused({ payload: person() })])
          assert.deepEqual([code, cause.problem, cause.charged], ['CONFIG', problem, false]);
        assert.equal(server.asked.length, 0);
      });
    }
  });
});
