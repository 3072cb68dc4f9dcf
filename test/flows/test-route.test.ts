/** The route behind the test buttons, in a real Node-RED with its admin interface. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { AccountTestResult } from '../../src/node-red/account/account-test';
import { twinOf } from '../../src/node-red/account/pairs';
import { freePort } from '../http/server';
import { type NodeRed, READER, startNodeRed } from '../node-red-process';
import { leaksIn } from '../private';
import { until } from '../until';
import { closeServers, json, type ReceivedRequest, scriptedServer } from './scripted-server';

const SECRET = 'a-secret-of-the-test';
const TEN_MINUTES_S = 600;

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
  /** Nothing that is asked for may cost money. */
  assertFree(asked: ReceivedRequest): void;
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

describe('the route of the test buttons, in a real Node-RED', function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;

  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(async () => {
    await nodeRed?.stop();
    assert.deepEqual(leaksIn(nodeRed.output()), []);
  });
  afterEach(closeServers);

  const path = (id: string) => `/cn-verify/accounts/${id}/test`;
  const keysPath = (id: string) => `/cn-verify/accounts/${id}/keys`;

  /** Deploys an account and tests it. */
  async function test(provider: string, account: Record<string, unknown>): Promise<AccountTestResult> {
    await nodeRed.deploy([{ id: 'account', type: `${provider}-account`, name: '', timeout: 2, ...account }]);
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
        const server = await scriptedServer((_asked, response) => works(response));
        const result = await test(provider, custom(server.baseUrl));
        assert.deepEqual(result, {
          state: 'works',
          text: 'The provider accepts this account.',
          clockOffsetSeconds: null,
        });
        assert.equal(server.asked.length, 1);
        assert.equal(server.asked[0]!.url.split('?')[0], expected.path);
        assertFree(server.asked[0]!);
      });

      it('keeps secrets out of the answer, also where the provider repeats them', async () => {
        const words = `${SECRET} an-id-of-the-test`;
        const server = await scriptedServer((_asked, response) => refuses(response, words));
        const { state, text } = await test(provider, custom(server.baseUrl));
        assert.equal(state, 'refused');
        assert.match(text, /… …/);
        assert.doesNotMatch(text, /an-id-of-the-test/);
      });

      it('says where the unit of the timestamp may be to blame', async () => {
        const server = await scriptedServer((_asked, response) => refuses(response, ''));
        const { text } = await test(provider, custom(server.baseUrl));
        assert.equal(/the other unit for the timestamp/.test(text), provider === 'linkface');
      });

      it('says how far the clock is off, and corrects it as a call would', async () => {
        for (const seconds of [TEN_MINUTES_S, -TEN_MINUTES_S]) {
          const server = await scriptedServer((_asked, response, count) => {
            response.setHeader('Date', new Date(Date.now() + seconds * 1000).toUTCString());
            if (count === 1) refuses(response, '');
            else works(response);
          });
          const { state, clockOffsetSeconds } = await test(provider, custom(server.baseUrl));
          assert.equal(state, 'works');
          assert.ok(Math.abs(clockOffsetSeconds! - seconds) <= 2, String(clockOffsetSeconds));
          assert.equal(server.asked.length, 2);
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
        assert.deepEqual([state, server.asked.length], ['works', 2]);
        assert.match(text, /^The provider accepts this account with its next pair of keys/);
        assert.equal(await inUse(), '{"inUse":"next"}');
      });

      it('is unreachable where nobody answers, and where somebody else does', async () => {
        const nobody = await test(provider, custom(`http://127.0.0.1:${await freePort()}`));
        assert.equal(nobody.state, 'unreachable');
        assert.match(nobody.text, /^No connection to the provider .*Nothing was sent\.$/);

        const page = await scriptedServer((_asked, response) => response.end('<html>Log in</html>'));
        const somebody = await test(provider, custom(page.baseUrl));
        assert.equal(somebody.state, 'unreachable');
        assert.match(somebody.text, /^The answer is not in the form the provider documents\./);
      });

      it('is unreachable after one failure, and says nothing about messages', async () => {
        const server = await scriptedServer((_asked, response) => response.writeHead(503).end());
        const failed = await test(provider, custom(server.baseUrl));
        assert.deepEqual([failed.state, server.asked.length], ['unreachable', 1]);
        const silent = await scriptedServer(() => {});
        const late = await test(provider, { ...custom(silent.baseUrl), timeout: 1 });
        assert.deepEqual([late.state, silent.asked.length], ['unreachable', 1]);
        assert.equal(late.text, 'The provider did not answer within 1 s.');
        assert.doesNotMatch(failed.text + late.text, /message|msg\./);
      });

      it('is not set up where a credential is missing, or a variable not set', async () => {
        // Node-RED keeps the credentials of before where it is given no others.
        const none = { [names[0]]: '', [names[1]]: '' };
        const server = await scriptedServer((_asked, response) => works(response));
        const result = await test(provider, { ...custom(server.baseUrl), credentials: none });
        assert.equal(server.asked.length, 0);
        assert.equal(result.state, 'not-set-up');
        assert.ok(result.text.startsWith(`The account has no ${names[0]}.`), result.text);
        const unset = { [names[0]]: '${CN_VERIFY_NOT_SET}', [names[1]]: SECRET };
        const named = await test(provider, { ...custom(server.baseUrl), credentials: unset });
        assert.equal(named.state, 'not-set-up');
        assert.match(named.text, /^The environment variable CN_VERIFY_NOT_SET is not set\./);
        assert.equal(server.asked.length, 0);
      });
    });
  }

  it('tests an account once at a time', async () => {
    const held: ServerResponse[] = [];
    const server = await scriptedServer((_asked, response) => held.push(response));
    const credentials = { groupKey: 'groupKey', groupSecret: SECRET };
    await nodeRed.deploy([
      { id: 'account', type: 'xhey-account', environment: 'custom', baseUrl: server.baseUrl, credentials },
    ]);
    const both = [nodeRed.ask(path('account'), {}), nodeRed.ask(path('account'), {})];
    await until(() => held.length > 0, 'the account was not asked');
    await pause(200);
    assert.equal(held.length, 1);
    json(held[0]!, { code: 404, msg: 'not found', data: null });
    const states = await Promise.all(
      both.map(async (each) => ((await (await each).json()) as AccountTestResult).state),
    );
    assert.deepEqual(states, ['works', 'works']);

    server.script = (_asked, response) => json(response, { code: 403, msg: 'forbidden', data: null });
    const next = (await (await nodeRed.ask(path('account'), {})).json()) as AccountTestResult;
    assert.equal(next.state, 'refused');
  });

  it('ends a test whose account is deployed again', async () => {
    const server = await scriptedServer(() => {});
    const account = { id: 'account', type: 'xhey-account', environment: 'custom', baseUrl: server.baseUrl };
    const credentials = { groupKey: 'groupKey', groupSecret: SECRET };
    await nodeRed.deploy([{ ...account, credentials }]);
    const asked = nodeRed.ask(path('account'), {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    await nodeRed.deploy([]);
    const { state } = (await (await asked).json()) as AccountTestResult;
    assert.equal(state, 'unreachable');
  });

  it('asks to deploy first where there is no such account, or none that can be tested', async () => {
    await nodeRed.deploy([{ id: 'westdex', type: 'westdex-account', environment: 'sandbox' }]);
    assert.equal(await (await nodeRed.ask(keysPath('westdex'))).text(), '{"inUse":"first"}');
    for (const id of ['account', 'tab', 'a%2Fb']) assert.equal((await nodeRed.ask(keysPath(id))).status, 404);
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
