/** The routes behind the buttons of accounts, and over waiting tasks, in a real Node-RED with its admin interface. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { AccountTestResult } from '../../src/node-red/account/account-test';
import { twinOf } from '../../src/node-red/account/pairs';
import { freePort } from '../http/server';
import { DEPLOYER, type NodeRed, postingNode, READER, startNodeRed } from '../node-red-process';
import { leaksIn } from '../private';
import { until } from '../until';
import { untilOnDisk } from './on-disk';
import {
  closeServers,
  json,
  type ReceivedRequest,
  type ScriptedServer,
  scriptedServer,
  taskFinished,
} from './scripted-server';

const SECRET = 'a-secret-of-the-test';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Case {
  provider: string;
  /** Names of the credentials; the last one signs. */
  credentials: readonly [string, string];
  /** What a custom address needs besides. */
  settings: Record<string, unknown>;
  /** Where the test asks. */
  path: string;
  /** The provider's answers, to one who is let in and to one who is not. */
  works(response: ServerResponse): void;
  refuses(response: ServerResponse, words: string): void;
  /** None of the requests may cost money. */
  assertFree(request: ReceivedRequest): void;
}

const CASES: readonly Case[] = [
  {
    provider: 'xhey',
    credentials: ['groupKey', 'groupSecret'],
    settings: {},
    path: '/v2/truth_build/query',
    works: (response) => json(response, { code: 404, msg: 'not found', data: null }),
    refuses: (response, words) => json(response, { code: 4007, msg: words, data: null }),
    assertFree: ({ body }) => assert.match(body, /^\{"taskID":"\d{19}"\}$/),
  },
  {
    provider: 'linkface',
    credentials: ['apiId', 'apiSecret'],
    settings: {},
    path: '/v2/sdk/get_token',
    works: (response) =>
      json(response, { request_id: 'TID1', code: '0000', msg: '', data: { token: SECRET } }),
    refuses: (response, words) => json(response, { request_id: 'TID1', code: '1000', msg: words }),
    assertFree: ({ body }) => assert.match(body, /\r\nliveness\r\n/),
  },
  {
    provider: 'tencent-market',
    credentials: ['secretId', 'secretKey'],
    settings: { scheme: 'cloudmarket' },
    path: '/',
    works: (response) => json(response, { msg: '入参错误', success: false, code: 400, data: {} }),
    refuses: (response, words) => json(response, { message: `HMAC signature does not match ${words}` }, 403),
    assertFree: ({ body }) => assert.equal(body, 'name=&idcard=&image=&url='),
  },
];

const PATH = '/cn-verify/tasks';

interface Summary {
  node: string;
  running: boolean;
  count: number;
  oldest: number | null;
  nextQuery: number | null;
}

interface Task {
  id: string;
  taskIds: string[];
  since: number;
  deadline: number;
  nextQuery: number | null;
}

describe('routes, in a real Node-RED', function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;
  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(async () => {
    await nodeRed?.stop();
    assert.deepEqual(leaksIn(nodeRed.output()), []);
  });

  describe('the route of the test buttons', () => {
    afterEach(closeServers);

    const path = (id: string) => `/cn-verify/accounts/${id}/test`;
    const keysPath = (id: string) => `/cn-verify/accounts/${id}/keys`;

    /** Deploys an account and tests it. */
    async function test(provider: string, account: Record<string, unknown>): Promise<AccountTestResult> {
      await nodeRed.deploy([
        { id: 'account', type: `${provider}-account`, name: '', timeout: 2, ...account },
      ]);
      const response = await nodeRed.ask(path('account'), {});
      const text = await response.text();
      assert.deepEqual(leaksIn(text), []);
      assert.equal(response.status, 200, text);
      const result = JSON.parse(text);
      assert.deepEqual(Object.keys(result), ['state', 'text', 'clockOffsetSeconds']);
      return result;
    }

    for (const { provider, credentials: names, settings, works, refuses, assertFree, ...expected } of CASES) {
      describe(provider, () => {
        const credentials = { [names[0]]: 'an-id-of-the-test', [names[1]]: SECRET };
        const custom = (baseUrl: string) => ({ environment: 'custom', baseUrl, ...settings, credentials });

        it('works on the sandbox inside Node-RED, which says nothing of the provider', async () => {
          const result = await test(provider, { environment: 'sandbox' });
          assert.deepEqual(result, {
            state: 'works',
            text: 'The built-in sandbox answers. No provider was asked, so this says nothing of the real account.',
            clockOffsetSeconds: null,
          });
        });

        it('asks once, for nothing that costs money, and shows nobody what it was answered', async () => {
          const server = await scriptedServer((_request, response) => works(response));
          const result = await test(provider, custom(server.baseUrl));
          assert.deepEqual(result, {
            state: 'works',
            text: 'The provider accepts this account.',
            clockOffsetSeconds: null,
          });
          assert.equal(server.requests.length, 1);
          assert.equal(server.requests[0]!.url.split('?')[0], expected.path);
          assertFree(server.requests[0]!);
        });

        it('keeps secrets out of the answer, also where the provider repeats them', async () => {
          const words = `${SECRET} an-id-of-the-test`;
          const server = await scriptedServer((_request, response) => refuses(response, words));
          const { state, text } = await test(provider, custom(server.baseUrl));
          assert.equal(state, 'refused');
          assert.match(text, /… …/);
          assert.doesNotMatch(text, /an-id-of-the-test/);
          assert.equal(/the other unit for the timestamp/.test(text), provider === 'linkface');
        });
      });
    }

    describe('whatever the provider', () => {
      const { provider, credentials: names, works, refuses } = CASES[0]!;
      const credentials = { [names[0]]: 'an-id-of-the-test', [names[1]]: SECRET };
      const custom = (baseUrl: string) => ({ environment: 'custom', baseUrl, credentials });

      it('says how far the clock is off, and corrects it as a call would', async () => {
        for (const seconds of [600, -600]) {
          const server = await scriptedServer((_request, response, count) => {
            response.setHeader('Date', new Date(Date.now() + seconds * 1000).toUTCString());
            if (count === 1) refuses(response, '');
            else works(response);
          });
          const { state, clockOffsetSeconds } = await test(provider, custom(server.baseUrl));
          assert.equal(state, 'works');
          assert.ok(Math.abs(clockOffsetSeconds! - seconds) <= 2, String(clockOffsetSeconds));
          assert.equal(server.requests.length, 2);
        }
      });

      it('goes on with the next pair where the first is refused, and says which is in use', async () => {
        const server = await scriptedServer(({ url, headers }, response) => {
          if (`${url} ${JSON.stringify(headers)}`.includes('the-next-id')) works(response);
          else refuses(response, '');
        });
        const both = {
          ...credentials,
          [twinOf(names[0])]: 'the-next-id-of-the-test',
          [twinOf(names[1])]: 'the-next-secret-of-the-test',
        };
        await nodeRed.deploy([
          {
            id: 'account',
            type: `${provider}-account`,
            name: '',
            ...custom(server.baseUrl),
            credentials: both,
          },
        ]);
        const inUse = async () => (await nodeRed.ask(keysPath('account'), undefined, READER)).text();
        assert.equal(await inUse(), '{"inUse":"first"}');
        const { state, text } = (await (await nodeRed.ask(path('account'), {})).json()) as AccountTestResult;
        assert.deepEqual([state, server.requests.length], ['works', 2]);
        assert.match(text, /^The provider accepts this account with its next pair of keys/);
        assert.equal(await inUse(), '{"inUse":"next"}');
      });

      it('is unreachable where nobody answers, and where somebody else does', async () => {
        const nobody = await test(provider, custom(`http://127.0.0.1:${await freePort()}`));
        assert.equal(nobody.state, 'unreachable');
        assert.match(nobody.text, /^No connection to the provider .*Nothing was sent\.$/);

        const page = await scriptedServer((_request, response) => response.end('<html>Log in</html>'));
        const somebody = await test(provider, custom(page.baseUrl));
        assert.equal(somebody.state, 'unreachable');
        assert.match(somebody.text, /^The answer is not in the form the provider documents\./);
      });

      it('is unreachable after one failure, and says nothing about messages', async () => {
        const server = await scriptedServer((_request, response) => response.writeHead(503).end());
        const failed = await test(provider, custom(server.baseUrl));
        assert.deepEqual([failed.state, server.requests.length], ['unreachable', 1]);
        const silent = await scriptedServer(() => {});
        const late = await test(provider, { ...custom(silent.baseUrl), timeout: 1 });
        assert.deepEqual([late.state, silent.requests.length], ['unreachable', 1]);
        assert.equal(late.text, 'The provider did not answer within 1 s.');
        assert.doesNotMatch(failed.text + late.text, /message|msg\./);
      });

      it('is not set up where a credential is missing, or a variable not set', async () => {
        // Node-RED keeps the credentials of before where it is given no others.
        const none = { [names[0]]: '', [names[1]]: '' };
        const server = await scriptedServer((_request, response) => works(response));
        const result = await test(provider, { ...custom(server.baseUrl), credentials: none });
        assert.equal(server.requests.length, 0);
        assert.equal(result.state, 'not-set-up');
        assert.ok(result.text.startsWith(`The account has no ${names[0]}.`), result.text);
        const unset = { [names[0]]: '${CN_VERIFY_NOT_SET}', [names[1]]: SECRET };
        const named = await test(provider, { ...custom(server.baseUrl), credentials: unset });
        assert.equal(named.state, 'not-set-up');
        assert.match(named.text, /^The environment variable CN_VERIFY_NOT_SET is not set\./);
        assert.equal(server.requests.length, 0);
      });
    });

    it('tests an account once at a time', async () => {
      const held: ServerResponse[] = [];
      const server = await scriptedServer((_request, response) => held.push(response));
      const credentials = { groupKey: 'groupKey', groupSecret: SECRET };
      await nodeRed.deploy([
        { id: 'account', type: 'xhey-account', environment: 'custom', baseUrl: server.baseUrl, credentials },
      ]);
      const both = [nodeRed.ask(path('account'), {}), nodeRed.ask(path('account'), {})];
      await until(() => held.length > 0, 'no request came');
      await pause(200);
      assert.equal(held.length, 1);
      json(held[0]!, { code: 404, msg: 'not found', data: null });
      const states = await Promise.all(
        both.map(async (each) => ((await (await each).json()) as AccountTestResult).state),
      );
      assert.deepEqual(states, ['works', 'works']);

      server.script = (_request, response) => json(response, { code: 403, msg: 'forbidden', data: null });
      const next = (await (await nodeRed.ask(path('account'), {})).json()) as AccountTestResult;
      assert.equal(next.state, 'refused');
    });

    it('ends a test whose account is deployed again', async () => {
      const server = await scriptedServer(() => {});
      const account = { id: 'account', type: 'xhey-account', environment: 'custom', baseUrl: server.baseUrl };
      const credentials = { groupKey: 'groupKey', groupSecret: SECRET };
      await nodeRed.deploy([{ ...account, credentials }]);
      const tested = nodeRed.ask(path('account'), {});
      await new Promise((resolve) => setTimeout(resolve, 300));
      await nodeRed.deploy([]);
      const { state } = (await (await tested).json()) as AccountTestResult;
      assert.equal(state, 'unreachable');
    });

    it('asks to deploy first where there is no such account, or none that can be tested', async () => {
      await nodeRed.deploy([{ id: 'westdex', type: 'westdex-account', environment: 'sandbox' }]);
      assert.equal(await (await nodeRed.ask(keysPath('westdex'))).text(), '{"inUse":"first"}');
      for (const id of ['account', 'tab', 'a%2Fb'])
        assert.equal((await nodeRed.ask(keysPath(id))).status, 404);
      for (const id of ['account', 'westdex', 'a%2Fb']) {
        const response = await nodeRed.ask(path(id), {});
        assert.equal(response.status, 404);
        assert.match(((await response.json()) as { text: string }).text, /Deploy first/);
      }
    });

    it('needs the permission to write', async () => {
      await nodeRed.deploy([{ id: 'account', type: 'xhey-account', environment: 'sandbox' }]);
      for (const token of [null, READER, 'token-of-nobody']) {
        const response = await nodeRed.ask(path('account'), {}, token);
        assert.equal(response.status, 401);
        assert.doesNotMatch(await response.text(), /state/);
      }
      assert.equal((await nodeRed.ask(keysPath('account'), undefined, null)).status, 401);
      assert.equal((await nodeRed.ask(path('account'), {})).status, 200);
    });
  });

  describe('the routes over waiting tasks', () => {
    let provider: ScriptedServer;
    /** What came out of the flow. */
    let receiver: ScriptedServer;

    const at = { z: 'tab', x: 1, y: 1 };
    const flow = (polls: readonly string[]) => [
      {
        id: 'account',
        type: 'xhey-account',
        environment: 'custom',
        baseUrl: provider.baseUrl,
        credentials: { groupKey: 'k', groupSecret: 's' },
      },
      { id: 'in', ...at, type: 'http in', url: '/start', method: 'post', wires: [['answer', ...polls]] },
      { id: 'answer', ...at, type: 'http response', wires: [] },
      ...polls.map((id) => ({
        id,
        ...at,
        type: 'truth-poll',
        account: 'account',
        interval: 60,
        wires: [['report'], []],
      })),
      { id: 'catch', ...at, type: 'catch', scope: null, wires: [['report']] },
      postingNode(
        'report',
        receiver.baseUrl,
        '{ outcome: msg.payload.outcome, code: msg.error?.code, cause: msg.error?.cause }',
      ),
    ];
    const start = (taskId: string) =>
      fetch(`${nodeRed.address}/start`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ taskIds: [taskId] }),
      });
    const list = async (): Promise<Summary[]> => (await nodeRed.ask(PATH)).json() as Promise<Summary[]>;
    const tasksOf = async (id: string): Promise<Task[]> => {
      const { tasks } = (await (await nodeRed.ask(`${PATH}/${id}`)).json()) as { tasks: Task[] };
      return tasks;
    };
    const waiting = async (count: number) => {
      let all: Summary[] = [];
      await until(
        async () => {
          all = await list();
          const sum = all.reduce((sum, each) => sum + each.count, 0);
          return sum === count && all.every((each) => each.nextQuery !== 0);
        },
        () => `not ${count} waiting: ${JSON.stringify(all)}`,
      );
      return all;
    };
    const queried = async (count: number) => {
      await until(() => provider.requests.length >= count);
      assert.equal(provider.requests.length, count);
    };
    const heard = async (count: number): Promise<Record<string, unknown>[]> => {
      await until(() => receiver.requests.length >= count);
      return receiver.requests.map(({ body }) => JSON.parse(body));
    };

    before(async () => {
      provider = await scriptedServer((_request, response) =>
        json(response, { code: 200, msg: 'success', taskStatus: 2, list: [] }),
      );
      receiver = await scriptedServer((_request, response) => response.end());
    });
    beforeEach(async () => {
      await nodeRed.deploy(flow(['poll-a', 'poll-b']));
      receiver.requests.length = 0;
    });
    afterEach(async () => {
      for (const { node } of await list())
        await nodeRed.ask(`${PATH}/${node}`, undefined, DEPLOYER, 'DELETE');
      await waiting(0);
    });
    after(closeServers);

    it('list what waits: how many, since when, until when, and when the next query is', async () => {
      const before = Date.now();
      await start('1');
      await start('2');
      const all = await waiting(4);
      assert.deepEqual(all.map(({ node, running, count }) => [node, running, count]).sort(), [
        ['poll-a', true, 2],
        ['poll-b', true, 2],
      ]);
      for (const { oldest } of all) assert.ok(oldest! >= before && oldest! <= Date.now());
      const tasks = await tasksOf('poll-a');
      assert.deepEqual(
        tasks.map(({ taskIds }) => taskIds),
        [['1'], ['2']],
      );
      for (const { since, deadline } of tasks) assert.ok(Math.abs(deadline - since - 300_000) < 1_000);
      assert.deepEqual(Object.keys(tasks[0]!).sort(), ['deadline', 'id', 'nextQuery', 'since', 'taskIds']);
    });

    it('have all, or one, queried at once', async () => {
      await start('1');
      await start('2');
      await waiting(4);
      // Each was queried once, and is again in a minute.
      await until(async () => (await list()).every(({ nextQuery }) => nextQuery! > Date.now()));
      const before = provider.requests.length;
      assert.deepEqual(await (await nodeRed.ask(`${PATH}/poll-a/ask`, {})).json(), { queried: 2 });
      const [first] = await tasksOf('poll-b');
      assert.deepEqual(await (await nodeRed.ask(`${PATH}/poll-b/${first!.id}/ask`, {})).json(), {
        queried: 1,
      });
      assert.deepEqual(await (await nodeRed.ask(`${PATH}/poll-b/nobody/ask`, {})).json(), { queried: 0 });
      await queried(before + 3);
      provider.script = (_request, response) =>
        taskFinished(response, [{ photoUrl: 'https://example.com/a', status: 0 }]);
      await nodeRed.ask(`${PATH}/poll-a/ask`, {});
      assert.deepEqual(
        (await heard(2)).map(({ outcome }) => outcome),
        ['passed', 'passed'],
      );
      provider.script = (_request, response) =>
        json(response, { code: 200, msg: 'success', taskStatus: 2, list: [] });
    });

    it('drop one or all, which goes to Catch nodes', async () => {
      await start('1');
      await start('2');
      await waiting(4);
      const [first] = await tasksOf('poll-a');
      const drop = async (path: string) =>
        (await nodeRed.ask(`${PATH}/${path}`, undefined, DEPLOYER, 'DELETE')).json() as Promise<{
          dropped: number;
        }>;
      assert.deepEqual(await drop(`poll-a/${first!.id}`), { dropped: 1 });
      assert.deepEqual(await drop('poll-b'), { dropped: 2 });
      await waiting(1);
      const errors = (await heard(3)) as { code: string; cause: { taskIds: string[]; hint: string } }[];
      assert.deepEqual(errors.map(({ code, cause }) => `${code} ${cause.taskIds}`).sort(), [
        'CANCELLED 1',
        'CANCELLED 1',
        'CANCELLED 2',
      ]);
      await nodeRed.deploy(flow(['poll-a', 'poll-b']));
      await waiting(1);
    });

    it('list and drop what was not handed out yet after a deploy', async () => {
      provider.requests.length = 0;
      for (let index = 0; index < 30; index++) await start(`${index}`);
      await waiting(60);
      await queried(60);
      await nodeRed.deploy(flow(['poll-a', 'poll-b']));
      assert.deepEqual((await list()).map(({ node, count }) => [node, count]).sort(), [
        ['poll-a', 30],
        ['poll-b', 30],
      ]);
      const response = await nodeRed.ask(`${PATH}/poll-a`, undefined, DEPLOYER, 'DELETE');
      assert.deepEqual(await response.json(), { dropped: 30 });
      const errors = (await heard(30)) as { code: string; cause: { taskIds: string[] } }[];
      assert.deepEqual(new Set(errors.map(({ code }) => code)), new Set(['CANCELLED']));
      assert.equal(new Set(errors.map(({ cause }) => `${cause.taskIds}`)).size, 30);
      await nodeRed.deploy(flow(['poll-a', 'poll-b']));
      await waiting(30);
    });

    it('list and drop what nodes left that are gone', async () => {
      await start('1');
      await waiting(2);
      await nodeRed.deploy(flow(['poll-a']));
      const [, lost] = (await waiting(2)).sort((a, b) => a.node.localeCompare(b.node));
      assert.deepEqual([lost!.node, lost!.running, lost!.count, lost!.nextQuery], ['poll-b', false, 1, null]);
      assert.deepEqual((await tasksOf('poll-b'))[0]!.taskIds, ['1']);
      const response = await nodeRed.ask(`${PATH}/poll-b`, undefined, DEPLOYER, 'DELETE');
      assert.deepEqual(await response.json(), { dropped: 1 });
      await untilOnDisk(nodeRed.userDir, 1);
    });

    it('need permission: to read, and to write', async () => {
      await start('1');
      await waiting(2);
      assert.equal((await nodeRed.ask(PATH, undefined, READER)).status, 200);
      assert.equal((await nodeRed.ask(`${PATH}/poll-a`, undefined, READER)).status, 200);
      assert.equal((await nodeRed.ask(`${PATH}/poll-a/ask`, {}, READER)).status, 401);
      assert.equal((await nodeRed.ask(`${PATH}/poll-a`, undefined, READER, 'DELETE')).status, 401);
      for (const [path, method] of [
        [PATH, 'GET'],
        [`${PATH}/poll-a`, 'GET'],
        [`${PATH}/poll-a/ask`, 'POST'],
        [`${PATH}/poll-a`, 'DELETE'],
      ] as const)
        assert.equal((await nodeRed.ask(path, undefined, null, method)).status, 401, `${method} ${path}`);
      await waiting(2);
    });
  });
});
