/** Keys, reuse, budgets, accounts by message, and verify-ledger: docs/contract.md, "Ledger", in a real Node-RED. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Result } from '../../src/contract/result';
import { FIELDS } from '../../src/ledger/columns';
import type { Sum } from '../../src/ledger/entry';
import { destinationOf } from '../../src/node-red/runner/payments';
import type { Message } from '../../src/node-red/runner/red';
import { readTasks } from '../../src/providers/xhey/tasks';
import type { Task } from '../../src/providers/xhey/truth-create';
import { jpg } from '../input/pictures';
import { leaksIn } from '../private';
import {
  actionOf,
  checkError,
  checkResult,
  errorOf,
  type FiveAction,
  flowOf as flowTo,
  ID_NUMBER,
  NAME,
  type Raised,
  resultOf,
} from './five-actions';
import { askLedger, LEDGER_NODES } from './ledger-node';
import { deploy, type FlowNode, got, logs, nodeRedWithProvider, send, until } from './runtime';
import { json, type ScriptedServer, scriptedServer, taskCreated, taskFinished } from './scripted-server';

const CREATE = actionOf('truth-create');
const COMPARE = actionOf('face-compare');
const THREE = actionOf('westdex-three');
const ENTRY_ID = /^\d{8}-\d{6}-[0-9a-f]{12}$/;
const DAY_S = 86_400;
const OTHER_ID = '110101199001011237';

let server: ScriptedServer;
let created = 0;

/** An account of its own for each test: budgets and keys are an account's, and the ledger is one for all tests. */
const newAccount = () => `account-${++created}`;

function flowOf(action: FiveAction, id: string, changes: object = {}, properties: object = {}): FlowNode[] {
  const account = { id, name: `name of ${id}`, ...properties };
  return [...flowTo(action, server.baseUrl, account, changes), ...LEDGER_NODES];
}

/** Sends messages at once and waits for what becomes of them. */
async function pay(...messages: Message[]): Promise<{ results: Result[]; errors: Raised[] }> {
  const [results, errors] = [got('out1').length, got('caught').length];
  for (const message of messages) send('action', message);
  await until(() => got('out1').length + got('caught').length >= results + errors + messages.length);
  return {
    results: got('out1').slice(results).map(checkResult),
    errors: got('caught').slice(errors).map(checkError),
  };
}

/** @returns the error that the ledger raises of a question */
async function refusedBy(payload: unknown): Promise<Raised> {
  const before = got('caught').length;
  send('ledger', { payload });
  await until(() => got('caught').length > before);
  return checkError(got('caught')[before]!);
}

const tasksOf = ({ data }: Result) => (data.tasks as Task[]).map((task) => [task.photoUrls, task.partial]);
/** Without the times at which tasks were given to a later message. */
const withoutTimes = (data: object) =>
  JSON.parse(JSON.stringify(data, (name, value) => (name === 'reusedAt' ? undefined : value)));
const urls = (...names: (string | number)[]) => names.map((name) => `https://example.com/${name}.jpg`);
/** An address of an object store, signed until then. */
const signed = (url: string, expires: number) =>
  `${url}?Expires=${expires}&OSSAccessKeyId=LTAIexample&Signature=${expires}%3D`;
const person = (changes: object = {}) => ({ name: NAME, idNumber: ID_NUMBER, photo: jpg(), ...changes });

describe('the ledger', function () {
  this.timeout(30_000);
  server = nodeRedWithProvider();
  const answers = ({ success }: FiveAction, milliseconds = 0) => {
    server.script = (_request, response) => setTimeout(() => json(response, success()), milliseconds);
  };

  describe('key', () => {
    for (const action of [CREATE, COMPARE, THREE]) {
      it(`${action.type}: of many at once one is paid, later ones get its answer`, async () => {
        await deploy(flowOf(action, newAccount(), { key: 'order', keyType: 'msg' }));
        answers(action, 50);
        const before = Date.now();
        const { results, errors } = await pay(
          ...Array.from({ length: 50 }, () => ({ payload: action.payload, order: 'A 1' })),
        );
        assert.deepEqual([results.length, errors, server.requests.length], [50, [], 1]);
        const paid = results.filter(({ ledger }) => ledger !== null);
        const [first] = paid;
        assert.deepEqual([paid.length, first!.reused], [1, null]);
        assert.match(first!.ledger!, ENTRY_ID);
        results.push(await resultOf({ payload: action.payload, order: 'A 1' }));
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
        assert.equal(server.requests.length, 1);
        await resultOf({ payload: action.payload, order: 'A 2' });
        assert.equal(server.requests.length, 2);
      });
    }

    it('may be a number; an empty one is none', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }));
      answers(COMPARE);
      for (const order of [7, '7', 7]) await resultOf({ payload: person(), order });
      assert.equal(server.requests.length, 1);
      for (const order of ['', undefined, null]) await resultOf({ payload: person(), order });
      assert.equal(server.requests.length, 4);
    });

    it('that is no text or too long is INPUT, and nothing is sent', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }));
      for (const [order, problem] of [
        [{ id: 1 }, 'text-not-text'],
        ['k'.repeat(1024 * 1024), 'text-too-long'],
      ] as const) {
        const { code, cause } = await errorOf({ payload: person(), order });
        assert.deepEqual([code, cause.problem, cause.charged], ['INPUT', problem, false]);
        assert.equal(cause.values.field, 'key');
      }
      assert.equal(server.requests.length, 0);
    });

    it('of a call that nobody answered is UNCERTAIN', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }, { timeout: 3 }));
      const first = await errorOf({ payload: person(), order: 'lost' });
      assert.deepEqual([first.code, first.cause.charged, first.cause.retryable], ['TIMEOUT', null, false]);
      const second = await errorOf({ payload: person(), order: 'lost' });
      assert.deepEqual([second.code, second.cause.ledger], ['UNCERTAIN', first.cause.ledger]);
      assert.deepEqual([second.cause.charged, second.cause.retryable], [false, false]);
      assert.equal(server.requests.length, 1);
      const [entry] = await askLedger({ id: first.cause.ledger });
      assert.deepEqual([entry!.state, entry!.error], ['uncertain', 'TIMEOUT']);
    });
  });

  describe('key with other content', () => {
    const submitted = () => server.requests.flatMap(({ body }) => JSON.parse(body).photoUrlList as string[]);
    const refusedFor = async (payload: unknown, order: string, first: Result) => {
      const { code, cause } = await errorOf({ payload, order });
      assert.deepEqual(
        [code, cause.problem, cause.charged, cause.retryable, cause.ledger, cause.attempts],
        ['INPUT', 'key-used', false, false, first.ledger, 0],
      );
    };

    for (const action of [COMPARE, THREE])
      it(`${action.type}: is INPUT, whichever of name, number and photo is another one`, async () => {
        await deploy(flowOf(action, newAccount(), { key: 'order', keyType: 'msg' }));
        answers(action);
        const first = await resultOf({ payload: person(), order: 'A' });
        for (const other of [{ name: '李四' }, { idNumber: OTHER_ID }, { photo: jpg(600) }])
          await refusedFor(person(other), 'A', first);
        assert.equal(server.requests.length, 1);
        // What means the same is the same.
        const inOtherForm = person({ name: ` ${NAME}`, photo: jpg().toString('base64') });
        const again = await resultOf({ payload: inOtherForm, order: 'A' });
        assert.equal(again.reused?.ledger, first.ledger);
        assert.equal((await resultOf({ payload: person({ name: '李四' }), order: 'B' })).reused, null);
      });

    it('is a new call where the photo was to blame, or nothing was charged', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { key: 'order', keyType: 'msg' }));
      const incorrects = [101, 102, 103, 104, 107, 108, 109, 110, 111, 112];
      for (const incorrect of incorrects) {
        server.script = (_request, response) => {
          const { data, ...rest } = COMPARE.success() as { data: object };
          json(response, { ...rest, data: { ...data, incorrect } });
        };
        const order = `incorrect ${incorrect}`;
        const first = await resultOf({ payload: person(), order });
        answers(COMPARE);
        const sent = server.requests.length;
        // The same content has the same answer, whatever it is.
        assert.equal((await resultOf({ payload: person(), order })).reused?.ledger, first.ledger);
        const isNew = incorrect >= 104;
        if (isNew)
          assert.equal((await resultOf({ payload: person({ photo: jpg(600) }), order })).reused, null);
        else await refusedFor(person({ photo: jpg(600) }), order, first);
        assert.equal(server.requests.length, sent + (isNew ? 1 : 0), order);
      }
    });

    it('of truth-create: all photos of the message count, in whatever order and however they are signed', async () => {
      await deploy(flowOf(CREATE, newAccount(), { key: 'order', keyType: 'msg', batchSize: 2 }));
      answers(CREATE);
      const [a, b, c] = urls('a', 'b', 'c') as [string, string, string];
      const first = await resultOf({ payload: [a, b, signed(c, 4_102_444_800)], order: 'A' });
      assert.equal(server.requests.length, 2);
      const again = await resultOf({ payload: [signed(c, 4_102_445_000), b, a], order: 'A' });
      assert.deepEqual([again.charged, again.data], [false, first.data]);
      assert.ok(again.reused);
      for (const other of [urls('a', 'b'), urls('a', 'b', 'c', 'd'), urls('a', 'b', 'd')]) {
        const { code, cause } = await errorOf({ payload: other, order: 'A' });
        assert.deepEqual([code, cause.problem, cause.charged], ['INPUT', 'key-used', false]);
        assert.deepEqual([cause.notSubmitted, cause.submitted, cause.uncertain], [other, [], []]);
      }
      assert.equal(server.requests.length, 2);
    });

    it('of truth-create: what was not submitted is, once, when the message comes again in another order', async () => {
      await deploy(flowOf(CREATE, newAccount(), { key: 'order', keyType: 'msg', batchSize: 2 }));
      server.script = (_request, response, count) =>
        count === 2 ? response.writeHead(429).end() : json(response, CREATE.success());
      const photos = urls('1', '2', '3', '4', '5');
      const failed = await errorOf({ payload: photos, order: 'A' });
      assert.deepEqual(failed.cause.notSubmitted, photos.slice(2));
      assert.match(
        failed.message,
        /submitted before that: 2; .*The whole message can be sent again with the same key/,
      );
      const before = submitted().slice(0, 2);
      server.requests.splice(0);
      answers(CREATE);
      await resultOf({ payload: photos.toReversed(), order: 'A' });
      assert.deepEqual([...before, ...submitted()].sort(), photos);
    });

    it('of truth-create: what was not submitted can be sent with another key, where it is not known of others', async () => {
      await deploy(flowOf(CREATE, newAccount(), { key: 'order', keyType: 'msg', batchSize: 1 }));
      server.script = (_request, response, count) =>
        count === 2 ? response.destroy() : json(response, CREATE.success());
      const { cause } = await errorOf({ payload: urls('1', '2', '3'), order: 'A' });
      assert.deepEqual([cause.submitted!.length, cause.uncertain!.length], [1, 1]);
      assert.match(
        cause.hint,
        /Send only the photos in msg\.error\.cause\.notSubmitted \(1\) again, with another key/,
      );
      const same = await errorOf({ payload: cause.notSubmitted, order: 'A' });
      assert.equal(same.cause.problem, 'key-used');
      await resultOf({ payload: cause.notSubmitted, order: 'B' });
      assert.deepEqual(submitted().at(-1), urls('3')[0]);
    });
  });

  describe('reuse', () => {
    for (const action of [COMPARE, THREE]) {
      it(`${action.type}: pays once for the same person`, async () => {
        await deploy(flowOf(action, newAccount(), { reuse: 1 }));
        answers(action);
        const first = await resultOf({ payload: person() });
        const again = await resultOf({ payload: person() });
        assert.deepEqual(
          [server.requests.length, again.charged, again.reused?.ledger],
          [1, false, first.ledger],
        );
        await resultOf({ payload: person({ photo: jpg(600) }) });
        assert.equal(server.requests.length, 2);
      });
    }

    it('sends the photo that came, and has its digest, though its memory is written to while it waits', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { reuse: 1 }, { maxConcurrent: 1 }));
      answers(COMPARE, 50);
      const photo = jpg(600);
      const frame = Buffer.from(photo);
      send('action', { payload: person() });
      send('action', { payload: person({ photo: frame }) });
      frame.fill(0);
      await until(() => got('out1').length === 2);
      assert.equal(new URLSearchParams(server.requests[1]!.body).get('image'), photo.toString('base64'));
      assert.ok((await resultOf({ payload: person({ photo }) })).reused);
    });

    it('0 pays for every message', async () => {
      await deploy(flowOf(COMPARE, newAccount(), { reuse: '0' }));
      answers(COMPARE);
      for (let index = 0; index < 2; index++) await resultOf({ payload: person() });
      assert.equal(server.requests.length, 2);
    });

    it('truth-create: photo by photo, only those not seen are submitted', async () => {
      await deploy(flowOf(CREATE, newAccount(), { reuse: 24 }));
      server.script = (_request, response) => taskCreated(response);
      const [a, b, c] = urls('a', 'b', 'c');
      const submitted = () =>
        server.requests.map(({ body }) => JSON.parse(body).photoUrls ?? JSON.parse(body));
      const first = await resultOf({ payload: [a, b] });
      const second = await resultOf({ payload: [b, c] });
      assert.equal(server.requests.length, 2);
      assert.ok(JSON.stringify(submitted()[1]).includes(c!) && !JSON.stringify(submitted()[1]).includes(b!));
      const [early, late] = second.data.tasks as Task[];
      const [firstTask] = first.data.taskIds as string[];
      const { reusedAt, ...task } = early!;
      assert.deepEqual(task, { taskId: firstTask, photoUrls: [b], partial: true });
      assert.ok(reusedAt! > first.timing.startedAt);
      assert.deepEqual([late!.photoUrls, late!.partial, second.reused], [[c], undefined, null]);
      assert.match(second.ledger!, ENTRY_ID);

      const all = await resultOf({ payload: [a, b, c] });
      assert.deepEqual([server.requests.length, all.charged, all.ledger], [2, false, null]);
      assert.equal(all.reused?.ledger, first.ledger);
      assert.deepEqual(tasksOf(all), [
        [[a, b], undefined],
        [[c], undefined],
      ]);
      // xhey may report them by position.
      assert.deepEqual(tasksOf(await resultOf({ payload: [b, a] })), [[[b, a], true]]);
    });

    it('truth-create: photos of one task that are found batch by batch are one task for truth-poll', async () => {
      await deploy(flowOf(CREATE, newAccount(), { reuse: 24, batchSize: 2 }));
      server.script = (_request, response) => setTimeout(() => taskCreated(response), 200);
      const [a, b, x] = urls('a', 'b', 'x');
      const { results } = await pay({ payload: [a, b] }, { payload: [a, x, b] });
      const second = results.find(({ data }) => data.photoCount === 3)!;
      const { tasks } = readTasks(second, 'custom', new Set());
      assert.deepEqual(
        tasks.map((task) => [task.photoUrls, task.partial]),
        [
          [[a, b], true],
          [[x], undefined],
        ],
      );
    });
  });

  describe('reuse of what nobody looked at', () => {
    const [A, B] = urls('a', 'b') as [string, string];
    /** Deploys truth-create with a truth-poll of the same account, whose result is at `polled`. */
    const deployWithPoll = (account: string, properties: object = {}) => {
      const nodes = flowOf(CREATE, account, { reuse: 24 }, properties);
      const poll = { id: 'poll', type: 'truth-poll', z: 'tab', x: 1, y: 1, account, interval: 0.05 };
      return deploy([
        ...nodes,
        { ...poll, wires: [['polled'], ['polled']] },
        { ...nodes.find(({ id }) => id === 'out1')!, id: 'polled' },
      ]);
    };
    const poll = async (payload: unknown) => {
      const before = got('polled').length;
      send('poll', { payload });
      await until(() => got('polled').length > before);
    };
    /** What the provider says of the photos of each task. */
    const reports = (list: readonly object[]) => {
      server.script = ({ url }, response) =>
        url.includes('query') ? taskFinished(response, [...list]) : taskCreated(response);
    };
    const creates = () => server.requests.filter(({ url }) => !url.includes('query'));
    const untilSubmitted = async (count: number) => {
      for (let round = 0; creates().length < count; round++) {
        assert.ok(round < 100, 'It was not submitted again');
        await resultOf({ payload: [A] });
      }
    };

    for (const [what, list] of [
      ['could not be fetched', [{ photoUrl: A, status: -2306 }]],
      ['could not be read', [{ photoUrl: A, status: -1001 }]],
      ['was not reported', []],
    ] as const)
      it(`submits a photo again that ${what}, and no other`, async () => {
        await deployWithPoll(newAccount());
        reports([...list, { photoUrl: B, status: 0 }]);
        const first = await resultOf({ payload: [A, B] });
        assert.ok((await resultOf({ payload: [A, B] })).reused);
        await poll(first);
        await untilSubmitted(2);
        const { body } = creates().at(-1)!;
        assert.ok(body.includes(A) && !body.includes(B));
        assert.ok((await resultOf({ payload: [A, B] })).reused);
        assert.equal(creates().length, 2);
        // Its first task still says so, and is not what the photo stands for any more.
        await poll(first);
        assert.ok((await resultOf({ payload: [A] })).reused);
      });

    it('submits a photo again that could not be fetched, where it could not', async () => {
      const account = newAccount();
      reports([{ photoUrl: A, status: -2306 }]);
      await deployWithPoll(account);
      await resultOf({ payload: [A] });
      await deployWithPoll(account, { baseUrl: `${server.baseUrl}/other` });
      await poll(await resultOf({ payload: [A] }));
      await untilSubmitted(3);
      await deployWithPoll(account);
      assert.ok((await resultOf({ payload: [A] })).reused);
      assert.equal(creates().length, 3);
    });
  });

  describe('what was paid for elsewhere', () => {
    const SANDBOX = { environment: 'sandbox', baseUrl: '' };
    for (const action of [CREATE, COMPARE])
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
            return resultOf(message());
          };
          answers(action);
          const other = `${server.baseUrl}/other`;
          const elsewhere = await scriptedServer(server.script);
          const places = [SANDBOX, {}, { baseUrl: other }, { baseUrl: elsewhere.baseUrl }];
          const made: Result[] = [];
          for (const properties of places) made.push(await at(properties));
          assert.ok(made.every(({ reused, ledger }) => reused === null && ledger !== null));
          assert.deepEqual(
            server.requests.map(({ url }) => url.startsWith('/other')),
            [false, true],
          );
          // Each place has its own answer still; a slash at the end of the path is no other place.
          places[2] = { baseUrl: `${other}/` };
          for (const [index, properties] of places.entries()) {
            const again = await at(properties);
            const { ledger, data } = made[index]!;
            // Of truth-create: the provider's clock, when it answered, and when the task was given again.
            const kept = 'providerTime' in data ? { ...data, providerTime: null } : data;
            assert.deepEqual([again.reused?.ledger, withoutTimes(again.data)], [ledger, kept]);
          }
          assert.deepEqual([server.requests.length, elsewhere.requests.length], [2, 1]);
          if (what !== 'key') return;
          const newestFirst = made
            .map(({ ledger }) => ledger)
            .sort()
            .reverse();
          const found = await askLedger({ key: `${account} 1` });
          assert.deepEqual(
            found.map(({ id }) => id),
            newestFirst,
          );
        });

    it('the sandbox gives no answer of production', () => {
      assert.notEqual(destinationOf('sandbox', ''), destinationOf('production', ''));
    });
  });

  describe('what was paid for under other rules', () => {
    it('face-compare: the node that gets the score judges it', async () => {
      const account = newAccount();
      server.script = (_request, response) => {
        const { data, ...rest } = COMPARE.success() as { data: object };
        json(response, { ...rest, data: { ...data, score: 0.5 } });
      };
      for (const [bands, outcome, reason] of [
        [{ sameFrom: 0.45, differentBelow: 0.4, scoreScale: 1 }, 'passed', 'same-person'],
        [{ sameFrom: 0.8, differentBelow: 0.6, scoreScale: 1 }, 'failed', 'different-person'],
        [{ sameFrom: 0.8, differentBelow: 0.4, scoreScale: 1 }, 'inconclusive', 'score-inconclusive'],
        [{ sameFrom: 80, differentBelow: 60, scoreScale: 100 }, 'failed', 'different-person'],
      ] as const) {
        await deploy(flowOf(COMPARE, account, { reuse: 24, ...bands }));
        const result = await resultOf({ payload: person() });
        assert.deepEqual([result.outcome, result.reason], [outcome, reason]);
        assert.partialDeepStrictEqual(result.data, { ...bands, score: 0.5 });
      }
      assert.equal(server.requests.length, 1);
    });

    it('westdex-three: the conditions of the node that gets the answer judge it', async () => {
      const account = newAccount();
      answers(THREE);
      for (const [conditions, outcome] of [
        [{ passWhen: 'code = "0"' }, 'passed'],
        [{ passWhen: 'code = "1"', failWhen: 'code = "0"' }, 'failed'],
        [{ passWhen: 'code = "1"' }, 'inconclusive'],
        [{}, 'answered'],
      ] as const) {
        const rules = { key: 'order', keyType: 'msg', passWhen: '', failWhen: '', ...conditions };
        await deploy(flowOf(THREE, account, rules));
        const result = await resultOf({ payload: person(), order: 'A' });
        assert.deepEqual([result.outcome, result.data.result], [outcome, { code: '0', msg: '一致' }]);
      }
      assert.equal(server.requests.length, 1);
    });
  });

  describe('BUDGET', () => {
    const secondsLeft = () => DAY_S - ((Date.now() / 1000 + 8 * 3600) % DAY_S);

    it('refuses one call more than maxPerDay, says for how long, and warns at 80 %', async () => {
      const account = newAccount();
      await deploy(flowOf(COMPARE, account, {}, { maxPerDay: 5 }));
      answers(COMPARE);
      const firstLog = logs.length;
      const { results, errors } = await pay(...Array.from({ length: 8 }, () => ({ payload: person() })));
      assert.deepEqual([results.length, errors.length, server.requests.length], [5, 3, 5]);
      for (const { code, cause, message } of errors) {
        assert.deepEqual([code, cause.problem, cause.retryable], ['BUDGET', 'budget-day', true]);
        assert.deepEqual([cause.charged, cause.attempts, cause.ledger], [false, 0, null]);
        assert.ok(Math.abs(cause.retryAfter! - secondsLeft()) < 30, String(cause.retryAfter));
        assert.ok(message.includes('5'));
      }
      const warnings = logs.slice(firstLog).filter(({ msg }) => String(msg).includes(`name of ${account}`));
      assert.equal(warnings.length, 1);
    });

    it('of truth-create says what was submitted and what was not, the month before the day', async () => {
      await deploy(flowOf(CREATE, newAccount(), { batchSize: 1 }, { maxPerDay: 2, maxPerMonth: 2 }));
      answers(CREATE);
      const photos = urls(1, 2, 3, 4);
      const { code, cause, message } = await errorOf({ payload: photos });
      assert.deepEqual([code, cause.problem], ['BUDGET', 'budget-month']);
      assert.doesNotMatch(message, /Nothing was sent|Send the message again/);
      assert.ok(message.endsWith(cause.hint));
      assert.match(
        cause.hint,
        /submitted before that: 2; .* in msg\.error\.cause\.notSubmitted \(2\) again: /,
      );
      assert.match(cause.hint, new RegExp(`Wait ${cause.retryAfter} s`));
      assert.deepEqual((await askLedger({ id: cause.ledger })).length, 1);
      assert.deepEqual(
        cause.submitted?.map(({ photoUrls }) => photoUrls),
        [[photos[0]], [photos[1]]],
      );
      assert.deepEqual([cause.notSubmitted, cause.uncertain], [photos.slice(2), []]);
      assert.ok(cause.retryAfter! >= Math.floor(secondsLeft()) - 30);
      assert.equal(server.requests.length, 2);
      const next = await errorOf({ payload: photos });
      assert.deepEqual(
        [next.cause.notSubmitted, next.cause.submitted, next.cause.charged, next.cause.retryable],
        [photos, [], false, true],
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
        const { ledger } = await resultOf({ payload: person(), department });
        assert.equal(server.requests.at(-1)!.url, path);
        const [entry] = await askLedger({ id: ledger });
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
        const error = await errorOf({ payload: person(), department });
        assert.deepEqual(
          [error.code, error.cause.problem, error.cause.charged],
          [code, problem, false],
          String(department),
        );
      }
      assert.equal(server.requests.length, 0);
    });
  });

  describe('verify-ledger', () => {
    const settled: unknown[] = [];
    const listener = (entry: unknown) => settled.push(entry);
    before(() => subscribe('cn-verify:call', listener));
    after(() => unsubscribe('cn-verify:call', listener));

    it('finds a call by its id and its key; output 2 and the channel had it before', async () => {
      const account = newAccount();
      await deploy(flowOf(COMPARE, account, { key: 'order', keyType: 'msg' }, { price: 0.8 }));
      answers(COMPARE);
      settled.splice(0);
      const before = Date.now();
      const { ledger, code } = await resultOf({ payload: person(), order: `order of ${NAME}` });
      const [entry, ...others] = await askLedger({ id: ledger });
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

      const key = `order of ${NAME}`;
      for (const question of [
        { key },
        { key, account },
        { key, account: `name of ${account}` },
        { key, operation: 'face-compare' },
        JSON.stringify({ key }),
      ])
        assert.deepEqual(await askLedger(question), [entry]);
      for (const question of [
        { key: 'another' },
        { key, account: 'another' },
        { key, operation: 'truth-create' },
        { key, to: '2020-01-01' },
        { id: 'no-such-entry' },
      ])
        assert.deepEqual(await askLedger(question), [], JSON.stringify(question));
    });

    it('finds by time and account, newest first, and sums', async () => {
      const account = newAccount();
      await deploy(flowOf(COMPARE, account, {}, { price: 1.5 }));
      server.script = (_request, response, count) => {
        const { data, ...rest } = COMPARE.success() as { data: object };
        json(response, { ...rest, data: { ...data, incorrect: [100, 107, 102][count - 1] } });
      };
      const began = Date.now();
      const ids: (string | null)[] = [];
      for (let index = 0; index < 3; index++) {
        ids.unshift((await resultOf({ payload: person() })).ledger);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const today = new Date(began + 8 * 3_600_000).toISOString().slice(0, 10);
      // What else a time may look like: test/input/moment.test.ts.
      for (const span of [
        { from: began },
        { from: String(began), to: '2999-12-31' },
        { from: today, to: today },
      ])
        assert.deepEqual(
          (await askLedger({ ...span, account })).map(({ id }) => id),
          ids,
          JSON.stringify(span),
        );
      assert.deepEqual(await askLedger({ to: began, account }), []);

      const counts = { calls: 3, charged: 1, uncharged: 1, unknown: 1, uncertain: 0, price: 3 };
      const sum = { account, operation: 'face-compare', ...counts };
      const byDay = await askLedger<Sum[]>({ sum: 'day', account: `name of ${account}` });
      assert.deepEqual(byDay, [{ period: today, ...sum }]);
      const byMonth = await askLedger<Sum[]>({ sum: 'month', account, from: today, to: today });
      assert.deepEqual(byMonth, [{ period: today.slice(0, 7), ...sum }]);
      // As MQTT brings it.
      const asked = JSON.stringify({ sum: 'day', account });
      for (const question of [asked, Buffer.from(asked)])
        assert.deepEqual(await askLedger<Sum[]>(question), byDay);
      assert.ok((await askLedger<Sum[]>({ sum: 'month' })).length > 1);
    });

    it('says what a question has to be, and repeats nothing of it', async () => {
      await deploy(flowOf(COMPARE, newAccount()));
      const problems: [unknown, string][] = [
        [undefined, 'ledger-question'],
        [NAME, 'ledger-question'],
        ['['.repeat(200_000), 'ledger-question'],
        [[{ key: 'a' }], 'ledger-question'],
        [{}, 'ledger-question'],
        [{ key: '' }, 'ledger-question'],
        [{ key: 'a', id: 'b' }, 'ledger-question'],
        [{ id: 'b', sum: 'day' }, 'ledger-question'],
        [{ key: 'a', [NAME]: 1 }, 'ledger-question'],
        [Buffer.alloc(10_000_000, 'A'), 'ledger-question'],
        [{ key: { a: 1 } }, 'text-not-text'],
        [{ id: 1 }, 'text-not-text'],
        [{ sum: 'year' }, 'not-one-of'],
        [{ key: 'a', operation: NAME }, 'not-one-of'],
        [{ from: NAME }, 'time-unreadable'],
        [{ from: '2026-11-26', to: '2026-11-25' }, 'times-crossed'],
      ];
      for (const [payload, problem] of problems) {
        const { code, cause } = await refusedBy(payload);
        assert.deepEqual(
          [code, cause.problem, cause.provider, cause.operation, cause.retryable],
          ['INPUT', problem, null, 'verify-ledger', false],
          JSON.stringify(payload)?.slice(0, 100),
        );
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
      const { code, cause } = await refusedBy({ sum: 'day' });
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
        for (const { code, cause } of [await refusedBy({ sum: 'day' }), await errorOf({ payload: person() })])
          assert.deepEqual([code, cause.problem, cause.charged], ['CONFIG', problem, false]);
        assert.equal(server.requests.length, 0);
      });
    }
  });
});
