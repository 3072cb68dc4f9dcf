import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Cause, ErrorCode } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import {
  accountAt,
  actionFlow,
  ask,
  deploy,
  got,
  logs,
  seen,
  send,
  settledStatus,
  startRuntime,
  until,
} from './runtime';
import {
  closeServers,
  json,
  type ScriptedServer,
  scriptedServer,
  taskCreated,
  taskFinished,
} from './scripted-server';

const PHOTO = 'https://example.com/photo-of-somebody.jpg';
const TASK = '1916812048797622272';
const CREDENTIALS = { groupKey: 'groupKey', groupSecret: 'a-secret-of-the-test' };

/** Node-RED's level of warnings. */
const WARN = 30;

interface Raised {
  message: string;
  code: string;
  cause: Cause;
  stack?: string;
  source: { id: string };
}

let server: ScriptedServer;

/** An account at the scripted server. */
const custom = (properties: object = {}) =>
  accountAt(server.baseUrl, { credentials: CREDENTIALS, ...properties });

/** Exactly one error at Catch, none at Complete, nothing on the outputs, a red status. */
async function raised(payload: unknown, { quick = false } = {}): Promise<Raised> {
  const { out1, out2, caught, completed } = await ask({ payload });
  assert.deepEqual([out1.length, out2.length, caught.length, completed.length], [0, 0, 1, 0]);
  const error = caught[0]!.error as Raised;
  assert.equal(error.source.id, 'action');
  if (!quick) assert.deepEqual(await settledStatus(), { fill: 'red', shape: 'ring', text: error.code });
  assert.deepEqual(JSON.parse(JSON.stringify(error.cause)), error.cause);
  for (const secret of [CREDENTIALS.groupSecret, 'photo-of-somebody']) {
    assert.ok(!error.message.includes(secret) && !String(error.stack).includes(secret), error.message);
  }
  return error;
}

/** The node works for the next message. */
async function worksAgain(payload: unknown): Promise<void> {
  server.script = (asked, response) =>
    asked.url.endsWith('create') ? taskCreated(response) : taskFinished(response);
  const { out1, caught } = await ask({ payload });
  assert.deepEqual([out1.length, caught.length], [1, 0]);
}

describe('errors, in a real Node-RED', () => {
  before(() => startRuntime());
  beforeEach(async () => {
    server = await scriptedServer((_asked, response) => taskCreated(response));
  });
  afterEach(closeServers);

  describe('CONFIG', () => {
    const account = (properties: object) => () => ({
      environment: 'custom',
      baseUrl: server.baseUrl,
      credentials: CREDENTIALS,
      ...properties,
    });
    const rows: [string, () => object | null, object][] = [
      ['no account', () => null, {}],
      [
        'an unset variable as credential',
        account({ credentials: { groupKey: '${CN_VERIFY_UNSET}', groupSecret: 'x' } }),
        {},
      ],
      ['an unset variable as property', account({ timeout: '${CN_VERIFY_UNSET}' }), {}],
      ['a base URL that is none', account({ baseUrl: 'openapi.xhey.top' }), {}],
      ['no base URL', account({ baseUrl: '' }), {}],
      ['a base URL with a password', account({ baseUrl: 'https://user:password@example.com' }), {}],
      ['a time-out of nothing', account({ timeout: -1 }), {}],
      ['an environment that is none', account({ environment: 'staging' }), {}],
      ['a tls-config that is gone', account({ tls: 'gone' }), {}],
      ['a proxy that is gone', account({ proxy: 'gone' }), {}],
      ['a batch size of 0', account({}), { batchSize: '0' }],
      ['half a batch', account({}), { batchSize: 2.5 }],
      ['JSONata that cannot be read', account({}), { photos: 'payload[', photosType: 'jsonata' }],
      ['an output that cannot be read', account({}), { output: 'a[b' }],
      ['an unset variable as typed input', account({}), { photos: 'CN_VERIFY_UNSET', photosType: 'env' }],
      [
        'a key that cannot stand in a header',
        account({ credentials: { groupKey: 'a\nb', groupSecret: 'x' } }),
        {},
      ],
    ];
    for (const [name, properties, action] of rows) {
      it(name, async () => {
        await deploy(
          actionFlow({ type: 'truth-create', ...action }, properties() as Record<string, unknown> | null),
        );
        const { code, cause, message } = await raised(PHOTO, { quick: true });
        assert.equal(code, 'CONFIG');
        assert.deepEqual(
          [cause.retryable, cause.charged, cause.provider, cause.operation],
          [false, false, 'xhey', 'truth-create'],
        );
        if (name.includes('unset variable')) assert.match(message, /CN_VERIFY_UNSET/);
        assert.equal(server.asked.length, 0);
      });
    }

    it('an account of which verification is switched off', async () => {
      const tls = {
        id: 'tls',
        type: 'tls-config',
        name: '',
        cert: '',
        key: '',
        ca: '',
        verifyservercert: false,
      };
      await deploy([...actionFlow({ type: 'truth-create' }, custom({ tls: 'tls' })), tls]);
      assert.equal((await raised(PHOTO)).code, 'CONFIG');
      assert.equal(server.asked.length, 0);
    });

    it('an address where nothing is', async () => {
      await deploy(actionFlow({ type: 'truth-create' }, custom()));
      server.script = (_asked, response) => response.writeHead(404).end('not here');
      const { code, cause } = await raised(PHOTO);
      assert.deepEqual([code, cause.httpStatus, cause.retryable], ['CONFIG', 404, false]);
      await worksAgain(PHOTO);
    });
  });

  describe('INPUT, before anything is sent', () => {
    // What may be wrong with an address or an id: test/input.
    const rows: [string, string, unknown][] = [
      ['truth-create', 'nothing', undefined],
      ['truth-create', 'an empty list in an object', { photoUrls: [] }],
      ['truth-create', 'one bad address among good ones', [PHOTO, '']],
      ['truth-create', 'an object without photoUrls', { urls: [PHOTO] }],
      ['truth-create', 'a Buffer of bytes', Buffer.alloc(9)],
      ['truth-create', 'a list in a list', [[PHOTO]]],
      ['truth-poll', 'nothing', undefined],
      ['truth-poll', 'an object without task ids', { data: {} }],
      ['truth-poll', 'a list in a list', [[TASK]]],
    ];
    for (const [type, name, payload] of rows) {
      it(`${type}: ${name}`, async () => {
        await deploy(actionFlow({ type }, custom()));
        const { code, cause } = await raised(payload, { quick: true });
        assert.deepEqual([code, cause.retryable, cause.charged, cause.attempts], ['INPUT', false, false, 0]);
        assert.equal(server.asked.length, 0);
        await worksAgain(type === 'truth-create' ? PHOTO : TASK);
      });
    }

    it('a property of the message that cannot be reached', async () => {
      await deploy(
        actionFlow({ type: 'truth-create', photos: 'payload.a.b.c', photosType: 'msg' }, custom()),
      );
      assert.equal((await raised('a string', { quick: true })).code, 'INPUT');
    });
  });

  describe("every code of the provider's table", () => {
    const rows: [providerCode: number, code: string, httpStatus?: number][] = [
      [400, 'INPUT'],
      [400, 'INPUT', 500],
      [401, 'AUTH'],
      [403, 'ACCOUNT'],
      [404, 'INPUT'],
      [500, 'PROVIDER'],
      [2001, 'INPUT'],
      [4002, 'AUTH'],
      [4007, 'AUTH'],
      [4008, 'INPUT'],
      [4009, 'INPUT'],
      [4010, 'INPUT'],
      [4011, 'INPUT'],
      [4012, 'INPUT'],
      [4013, 'INPUT'],
      [7777, 'PROVIDER'],
    ];
    for (const [providerCode, code, httpStatus = 200] of rows) {
      it(`${providerCode} under HTTP ${httpStatus} is ${code}`, async () => {
        await deploy(actionFlow({ type: 'truth-create' }, custom()));
        server.script = (_asked, response) =>
          json(response, { code: providerCode, msg: `words, see ${PHOTO}`, data: null }, httpStatus);
        const error = await raised(PHOTO, { quick: true });
        const { cause } = error;
        assert.deepEqual(
          [error.code, cause.providerCode, cause.httpStatus],
          [code, String(providerCode), httpStatus],
        );
        assert.equal(cause.providerMessage, 'words, see …');
        // Nobody says whether a create that failed at the provider was charged; what it refused was not processed.
        const charged = code === 'PROVIDER' ? null : false;
        assert.deepEqual([cause.retryable, cause.charged, cause.attempts], [false, charged, 1]);
        assert.equal(server.asked.length, 1);
      });
    }
  });

  describe('answers that are none', () => {
    const html = (response: ServerResponse, status: number, headers = {}) =>
      response.writeHead(status, { 'Content-Type': 'text/html', ...headers }).end('<html>sorry</html>');
    const rows: [string, (response: ServerResponse) => unknown, ErrorCode?][] = [
      ['empty', (response) => response.end()],
      ['HTML', (response) => html(response, 200)],
      ['an array', (response) => json(response, [1])],
      ['null', (response) => json(response, null)],
      ['a number', (response) => json(response, 200)],
      ['JSON without a code', (response) => json(response, { data: [] })],
      ['truncated JSON', (response) => response.end('{"code":200,"data":[{"taskID":"19')],
      ['success without data', (response) => json(response, { code: 200, msg: 'success', data: null })],
      ['success without a task', (response) => json(response, { code: 200, msg: 'success', data: [] })],
      [
        'success with tasks of a wrong type',
        (response) => json(response, { code: 200, data: [{ taskID: {} }, 5, null] }),
      ],
      ['5 MiB large', (response) => response.end(`"${'x'.repeat(5 * 1024 * 1024)}"`)],
      [
        'not what its encoding says',
        (response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('{}'),
      ],
      ['redirected', (response) => html(response, 302, { Location: '/elsewhere' })],
      ['418', (response) => html(response, 418)],
      ['401', (response) => html(response, 401), 'AUTH'],
      ['403', (response) => html(response, 403), 'ACCOUNT'],
      ['429', (response) => html(response, 429), 'RATE_LIMITED'],
      ['502', (response) => html(response, 502), 'PROVIDER'],
      ['slow', () => {}, 'TIMEOUT'],
      [
        'begun and never ended',
        (response) => response.writeHead(200, { 'Content-Length': 99 }).write('{'),
        'TIMEOUT',
      ],
      ['reset', (response) => response.socket!.resetAndDestroy(), 'NETWORK'],
      [
        'cut off',
        (response) =>
          response.writeHead(200, { 'Content-Length': 99 }).write('{', () => response.socket!.destroy()),
        'NETWORK',
      ],
    ];
    for (const [name, answer, code = 'PROTOCOL'] of rows) {
      it(`${name}: ${code}, and sent once`, async () => {
        const account = custom(code === 'TIMEOUT' ? { timeout: 2 } : {});
        await deploy(actionFlow({ type: 'truth-create' }, account));
        server.script = (_asked, response) => answer(response);
        const { cause, code: raisedCode } = await raised(PHOTO, { quick: true });
        const isRefusal = ['AUTH', 'ACCOUNT', 'RATE_LIMITED'].includes(code);
        assert.deepEqual(
          [raisedCode, cause.retryable, cause.charged],
          [code, code === 'RATE_LIMITED', isRefusal ? false : null],
        );
        assert.deepEqual(
          [cause.submitted, cause.notSubmitted, cause.uncertain],
          isRefusal ? [[], [PHOTO], []] : [[], [], [PHOTO]],
        );
        // Whatever was wrong with an answer, there was one.
        if (code === 'PROTOCOL') assert.notEqual(cause.httpStatus, null);
        assert.equal(server.asked.length, 1);
        await worksAgain(PHOTO);
      });
    }

    it('a server that is not there: NETWORK, tried three times, certainly not charged', async () => {
      await deploy(actionFlow({ type: 'truth-create' }, custom()));
      await server.close();
      const { code, cause } = await raised(PHOTO);
      assert.deepEqual([code, cause.retryable, cause.charged, cause.attempts], ['NETWORK', true, false, 3]);
      assert.deepEqual([cause.notSubmitted, cause.uncertain], [[PHOTO], []]);
    });
  });

  describe('a failure in batch two', () => {
    const urls = ['a', 'b', 'c', 'd', 'e'].map((name) => `https://example.com/${name}.jpg`);
    const rows: [string, (response: ServerResponse) => unknown, string, boolean][] = [
      ['reset', (response) => response.socket!.resetAndDestroy(), 'NETWORK', true],
      [
        'refused',
        (response) => json(response, { code: 400, msg: 'param error', data: null }),
        'INPUT',
        false,
      ],
      ['rate limited', (response) => response.writeHead(429).end(), 'RATE_LIMITED', false],
    ];
    for (const [name, answer, code, uncertain] of rows) {
      it(`${name}: says what was submitted, what was not, and what may have been`, async () => {
        await deploy(actionFlow({ type: 'truth-create', batchSize: 2 }, custom()));
        server.script = (_asked, response, count) => (count === 2 ? answer(response) : taskCreated(response));
        const { cause, code: raisedCode } = await raised(urls, { quick: true });
        assert.equal(raisedCode, code);
        assert.deepEqual(
          cause.submitted!.map(({ photoUrls }) => photoUrls),
          [urls.slice(0, 2)],
        );
        assert.match(cause.submitted![0]!.taskId, /^\d{19}$/);
        assert.deepEqual(cause.uncertain, uncertain ? urls.slice(2, 4) : []);
        assert.deepEqual(cause.notSubmitted, uncertain ? urls.slice(4) : urls.slice(2));
        // Sending the whole message again would pay for the first batch twice.
        assert.deepEqual([cause.retryable, cause.charged, cause.attempts], [false, null, 2]);
        assert.equal(server.asked.length, 2);
      });
    }
  });

  describe('truth-poll', () => {
    it('ends early on INPUT and CONFIG, with the task ids', async () => {
      await deploy(actionFlow({ type: 'truth-poll', interval: 0.05 }, custom()));
      server.script = (_asked, response) => json(response, { code: 400, msg: 'param error', data: null });
      const { code, cause } = await raised([TASK, '2'], { quick: true });
      assert.deepEqual([code, cause.taskIds, cause.retryable], ['INPUT', [TASK, '2'], false]);
    });

    it('in mode once raises what happened', async () => {
      await deploy(actionFlow({ type: 'truth-poll', mode: 'once' }, custom()));
      server.script = (_asked, response) => response.socket!.resetAndDestroy();
      const { code, cause } = await raised(TASK);
      assert.deepEqual(
        [code, cause.taskIds, cause.retryable, cause.charged],
        ['NETWORK', [TASK], true, null],
      );
      await worksAgain(TASK);
    });

    it('survives whatever else comes until the task is finished', async () => {
      await deploy(
        actionFlow({ type: 'truth-poll', interval: 0.05, maxInterval: 0.05 }, custom({ timeout: 2 })),
      );
      const troubles: ((response: ServerResponse) => unknown)[] = [
        (response) => response.socket!.resetAndDestroy(),
        (response) => response.writeHead(500).end(),
        (response) => response.end('<html>'),
        () => {},
        (response) => json(response, { code: 4007, msg: 'group key or secret not right', data: null }),
        (response) => json(response, { code: 200, msg: 'success', data: null }),
        (response) => response.writeHead(429).end(),
        (response) => json(response, { code: 404, msg: 'not found', data: null }, 404),
      ];
      server.script = (_asked, response, count) =>
        (troubles[count - 1] ?? ((last) => taskFinished(last, [{ photoUrl: PHOTO, status: 0 }])))(response);
      const { out1, caught } = await ask({ payload: TASK });
      assert.deepEqual([out1.length, caught.length], [1, 0]);
      const { outcome, timing, data } = out1[0]!.payload as {
        outcome: string;
        timing: { attempts: number };
        data: object;
      };
      assert.deepEqual(
        [outcome, timing.attempts, 'lastError' in data],
        ['passed', troubles.length + 1, false],
      );
    });

    it('gives up on output 2 with the last error', async () => {
      await deploy(actionFlow({ type: 'truth-poll', interval: 0.05, timeout: 5 }, custom()));
      server.script = (_asked, response) => json(response, { code: 401, msg: 'verify error', data: null });
      send('action', { payload: TASK });
      await until(() => seen.statuses.some(({ status }) => status.fill === 'red' && status.text === 'AUTH'));
      await until(() => got('out2').length === 1);
      const { outcome, data } = got('out2')[0]!.payload as {
        outcome: string;
        data: { lastError: Cause; taskIds: string[] };
      };
      assert.deepEqual([outcome, data.taskIds, data.lastError.providerCode], ['unfinished', [TASK], '401']);
      assert.equal(got('caught').length, 0);
      assert.equal(got('completed').length, 1);
    });

    it('goes on while a task status is one nobody documents', async () => {
      await deploy(actionFlow({ type: 'truth-poll', interval: 0.05 }, custom()));
      server.script = (_asked, response, count) =>
        json(response, { code: 200, msg: 'success', data: { taskStatus: count < 3 ? 42 : 5, list: [] } });
      const { out1 } = await ask({ payload: TASK });
      assert.equal((out1[0]!.payload as { outcome: string }).outcome, 'inconclusive');
    });

    it('is not passed while a task has no photo to show', async () => {
      await deploy(actionFlow({ type: 'truth-poll' }, custom()));
      server.script = ({ body }, response) =>
        body.includes('"1"')
          ? taskFinished(response, [{ photoUrl: PHOTO, status: 0 }])
          : json(response, { code: 200, msg: 'success', taskStatus: 6, list: [] });
      const { out1 } = await ask({ payload: ['1', '2'] });
      const { outcome, reason } = out1[0]!.payload as Result;
      assert.deepEqual([outcome, reason], ['inconclusive', null]);
      const alone = (await ask({ payload: '2' })).out1[0]!.payload as Result;
      assert.deepEqual([alone.outcome, alone.reason, alone.data.photos], ['inconclusive', 'revoked', []]);
    });

    it('warns once of trouble that many tasks share, and once of a task status nobody documents', async () => {
      await deploy(actionFlow({ type: 'truth-poll', interval: 0.05, maxInterval: 0.05 }, custom()));
      const answers = new Map<string, number>();
      server.script = ({ body }, response) => {
        const count = (answers.get(body) ?? 0) + 1;
        answers.set(body, count);
        if (count < 4) response.writeHead(500).end();
        else if (count < 8) json(response, { code: 200, msg: 'success', taskStatus: 42, list: [] });
        else taskFinished(response);
      };
      const warnings = logs.filter(({ level }) => level === WARN).length;
      for (const id of ['1', '2', '3']) send('action', { payload: [id, `${id}0`] });
      await until(() => got('out1').length === 3);
      assert.equal(logs.filter(({ level }) => level === WARN).length - warnings, 2);
    });

    it('keeps ids exact that the provider sends unquoted', async () => {
      await deploy(actionFlow({ type: 'truth-create' }, custom()));
      server.script = (_asked, response) =>
        response.end(`{"code":200,"msg":"success","data":[{"taskID":${TASK}}]}`);
      const { out1 } = await ask({ payload: PHOTO });
      assert.deepEqual((out1[0]!.payload as { data: { taskIds: string[] } }).data.taskIds, [TASK]);
    });
  });
});
