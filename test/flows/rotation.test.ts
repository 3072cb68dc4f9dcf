/** Keys that a provider replaces while flows run: docs/contract.md, "Account nodes". */
import assert from 'node:assert/strict';
import type { Result } from '../../src/contract/result';
import { leaksIn } from '../private';
import {
  checkResult,
  EVERY_ACTION,
  errorOf,
  FIVE,
  type FiveAction,
  flowOf,
  NEXT_KEY_ID,
  NEXT_SECRET,
  resultOf,
  SECRET,
  withNextPair,
} from './five-actions';
import { ask, deploy, got, logs, send, startRuntime, until } from './runtime';
import {
  closeServers,
  json,
  type ReceivedRequest,
  type ScriptedServer,
  scriptedServer,
} from './scripted-server';

/** Node-RED's level of warnings. */
const WARN = 30;

const isNext = ({ url, headers }: ReceivedRequest) =>
  `${url} ${JSON.stringify(headers)}`.includes(NEXT_KEY_ID);

const POLL = FIVE.find(({ type }) => type === 'truth-poll')!;

describe('keys that are replaced, in a real Node-RED', () => {
  let server: ScriptedServer;
  /** Whether the pair a request is signed with is let in. */
  let letsIn: (request: ReceivedRequest) => boolean;
  let warned: number;

  before(() => startRuntime());
  beforeEach(async () => {
    letsIn = isNext;
    warned = logs.length;
  });
  afterEach(async () => {
    closeServers();
    // Node-RED keeps the credentials that a node had before, until there is no such node.
    await deploy([]);
  });

  const warnings = () =>
    logs
      .slice(warned)
      .filter(({ level, type }) => level === WARN && type?.endsWith('-account'))
      .map(({ msg }) => String(msg));

  async function deployWith(action: FiveAction, changes: object = {}, properties: object = {}) {
    server = await scriptedServer((request, response) => {
      if (letsIn(request)) json(response, action.success(undefined, isNext(request) ? NEXT_SECRET : SECRET));
      else json(response, ...action.refusal());
    });
    await deploy(
      flowOf(action, server.baseUrl, { timeout: 2, ...withNextPair(action), ...properties }, changes),
    );
  }

  for (const action of EVERY_ACTION) {
    const title = action.title ?? action.type;
    it(`${title}: a message passes with the next pair, all others do at once, and one warning says so`, async () => {
      await deployWith(action);
      const attempts: number[] = [];
      for (let message = 0; message < 3; message++) {
        const { out1 } = await ask({ payload: action.payload });
        attempts.push(checkResult(out1[0]!).timing.attempts);
      }
      assert.deepEqual(attempts, [2, 1, 1]);
      assert.deepEqual(server.requests.map(isNext), [false, true, true, true]);
      assert.equal(warnings().length, 1);
      assert.match(warnings()[0]!, /refused the first pair of keys; the account now uses the next pair/);
      assert.deepEqual(leaksIn(warnings()[0]!), []);
    });
  }

  it('an account that is deployed again tries both pairs again', async () => {
    const [action = assert.fail()] = FIVE;
    for (let deployed = 0; deployed < 2; deployed++) {
      await deployWith(action);
      await ask({ payload: action.payload });
      assert.deepEqual(server.requests.map(isNext), [false, true]);
    }
    assert.equal(warnings().length, 2);
  });

  it('a task that waits goes on while the keys are replaced, and then one that only the old pair may see', async () => {
    letsIn = (request) => !isNext(request);
    await deployWith(POLL, { mode: 'wait', interval: 0.05, maxInterval: 0.05, timeout: 10 });
    const answer = server.script;
    let isFinished = false;
    server.script = (request, response, count) => {
      if (isFinished || !letsIn(request)) answer(request, response, count);
      else json(response, { code: 200, msg: 'success', data: { taskStatus: 2, list: [] } });
    };
    send('action', { payload: POLL.payload });
    await until(() => server.requests.length > 2);
    letsIn = isNext;
    await until(() => server.requests.filter(isNext).length > 2);
    isFinished = true;
    await until(() => got('out1').length === 1);
    assert.equal((got('out1')[0]!.payload as Result).outcome, 'passed');
    assert.equal(warnings().length, 1);

    letsIn = (request) => !isNext(request);
    server.requests.length = 0;
    assert.equal((await resultOf({ payload: POLL.payload })).outcome, 'passed');
    assert.deepEqual(server.requests.map(isNext), [true, false]);
    letsIn = isNext;
    await ask({ payload: POLL.payload });
    assert.deepEqual(server.requests.map(isNext), [true, false, true]);
    assert.equal(warnings().length, 1);
    assert.equal(got('caught').length, 0);
  });

  it('half of a next pair is CONFIG that names the other half, and nothing is sent', async () => {
    const [action = assert.fail()] = FIVE;
    for (const [given, missing] of [
      ['nextGroupKey', 'nextGroupSecret'],
      ['nextGroupSecret', 'nextGroupKey'],
    ] as const) {
      const credentials = { ...action.account.credentials, [given]: NEXT_SECRET, [missing]: '' };
      await deployWith(action, {}, { credentials });
      const { code, message } = await errorOf({ payload: action.payload });
      assert.equal(code, 'CONFIG');
      assert.ok(message.startsWith(`The account's next pair of keys has no ${missing}.`), message);
      assert.equal(server.requests.length, 0);
    }
  });

  describe('a next pair in environment variables', () => {
    const NAMES = ['CN_VERIFY_TEST_NEXT_KEY', 'CN_VERIFY_TEST_NEXT_SECRET'] as const;
    afterEach(() => {
      for (const name of NAMES) delete process.env[name];
    });
    const [action = assert.fail()] = FIVE;
    const credentials = {
      ...action.account.credentials,
      nextGroupKey: `\${${NAMES[0]}}`,
      nextGroupSecret: `\${${NAMES[1]}}`,
    };

    it('is used', async () => {
      process.env[NAMES[0]] = NEXT_KEY_ID;
      process.env[NAMES[1]] = NEXT_SECRET;
      await deployWith(action, {}, { credentials });
      await resultOf({ payload: action.payload });
    });

    it('is none where they are empty, or name the first pair', async () => {
      const { groupKey = '', groupSecret = '' } = action.account.credentials;
      for (const values of [
        ['', ''],
        [groupKey, groupSecret],
      ]) {
        for (const [index, name] of NAMES.entries()) process.env[name] = values[index];
        await deployWith(action, {}, { credentials });
        await errorOf({ payload: action.payload });
        assert.equal(server.requests.length, 1);
      }
    });
  });

  it('westdex-three: a next key that cannot be used is found before anything is sent', async () => {
    const action = FIVE.find(({ type }) => type === 'westdex-three')!;
    letsIn = () => true;
    const credentials = { secretId: 'id', key: '0123456789abcdef', nextSecretId: 'id', nextKey: 'short' };
    await deployWith(action, {}, { keyDerivation: 'utf8', credentials });
    const { code, cause } = await errorOf({ payload: action.payload });
    assert.deepEqual([code, cause.charged, server.requests.length], ['CONFIG', false, 0]);
    assert.deepEqual(cause.values, { name: 'nextKey', keyDerivation: 'utf8' });
  });

  it('an account on the sandbox has one pair, its own', async () => {
    // The sandbox keeps nothing of it on disk, where no test's photo may be.
    const action = FIVE.find(({ type }) => type === 'get-token')!;
    await deployWith(action, {}, { environment: 'sandbox' });
    await resultOf({ payload: action.payload });
    assert.deepEqual([server.requests.length, warnings().length], [0, 0]);
  });
});
