import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Cause } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import { sandboxHalf } from '../../src/providers/linkface/sandbox';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { worldAt } from '../sandbox/world';
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
  type ReceivedRequest,
  type ScriptedServer,
  scriptedServer,
} from './scripted-server';

const CREDENTIALS = { apiId: 'sandbox-api-id', apiSecret: 'sandbox-api-secret' };
const PATH = '/linkface/v2/sdk/get_token';
const MINUTES = 60_000;
const ISSUED = { request_id: 'TID7', code: '0000', msg: '调用成功', data: { token: 'a-token' }, charge: 2 };

type Token = Result<{ token: string; expiresAt: string; sequenceId: string; detectionType: string }>;

interface Raised {
  message: string;
  code: string;
  cause: Cause;
}

let sandbox: Sandbox;
let server: ScriptedServer;

const at = (baseUrl: string, properties: object = {}) =>
  accountAt(baseUrl, { type: 'linkface-account', credentials: CREDENTIALS, ...properties });
const onSandbox = (properties: object = {}) => at(sandbox.accounts.linkface!.baseUrl, properties);
const scripted = (properties: object = {}) => at(server.baseUrl, properties);

const node = (properties: object = {}) => ({
  type: 'get-token',
  sequenceId: 'sequenceId',
  sequenceIdType: 'msg',
  ...properties,
});

/** One result, and neither an error nor a second message. */
async function issued(message: Record<string, unknown> = {}): Promise<Token> {
  const { out1, out2, caught, completed } = await ask(message);
  assert.deepEqual([out1.length, out2.length, caught.length, completed.length], [1, 0, 0, 1]);
  return out1[0]!.payload as Token;
}

/** One error, and no message. */
async function raised(message: Record<string, unknown> = {}): Promise<Raised> {
  const { out1, out2, caught, completed } = await ask(message);
  assert.deepEqual([out1.length, out2.length, caught.length, completed.length], [0, 0, 1, 0]);
  const error = caught[0]!.error as Raised;
  for (const secret of Object.values(CREDENTIALS)) assert.ok(!JSON.stringify(error).includes(secret));
  return error;
}

const sequenceIdOf = ({ url }: ReceivedRequest) => {
  const [, encoded = ''] = /[?&]sequence_id=([^&]*)/.exec(url) ?? [];
  return decodeURIComponent(encoded);
};
const fieldOf = ({ body }: ReceivedRequest, name: string) =>
  new RegExp(`name="${name}"\\r\\n\\r\\n([^\\r]*)\\r\\n`).exec(body)?.[1] ?? '';

describe('get-token, in a real Node-RED', () => {
  before(() => startRuntime());
  beforeEach(async () => {
    sandbox = await startSandbox({ port: 0, file: null });
    server = await scriptedServer((_asked, response) => json(response, ISSUED));
  });
  afterEach(async () => {
    closeServers();
    await sandbox.close();
  });

  describe('result', () => {
    it('is one clear message, and it is the one that came in', async () => {
      await deploy(actionFlow({ type: 'get-token' }, { type: 'linkface-account', environment: 'sandbox' }));
      const message = { payload: 1, topic: 'app 7', kept: { whatever: 1 } };
      const { out1 } = await ask(message);
      assert.equal(out1[0], message);
      assert.deepEqual([message.topic, message.kept], ['app 7', { whatever: 1 }]);
      const { data, timing, requestId, ...rest } = message.payload as unknown as Token;
      assert.deepEqual(rest, {
        provider: 'linkface',
        operation: 'get-token',
        environment: 'sandbox',
        outcome: 'issued',
        reason: null,
        code: '0000',
        message: '调用成功',
        charged: false,
        ledger: null,
        reused: null,
      });
      assert.match(requestId!, /^TID/);
      assert.deepEqual(Object.keys(data), ['token', 'expiresAt', 'sequenceId', 'detectionType', 'repaired']);
      assert.match(data.token, /^sandbox-/);
      assert.equal(data.detectionType, 'liveness');
      assert.equal(timing.attempts, 1);
      assert.deepEqual(await settledStatus(), { fill: 'green', shape: 'dot', text: 'sandbox issued' });
    });

    for (const timestampUnit of ['ms', 's']) {
      it(`comes for every detection type, with the time in ${timestampUnit}`, async () => {
        for (const detectionType of ['liveness', 'silent_liveness', 'idcard_ocr', 'bankcard_ocr']) {
          await deploy(actionFlow(node({ detectionType }), onSandbox({ timestampUnit })));
          assert.equal((await issued()).data.detectionType, detectionType);
        }
        await deploy(actionFlow(node({ detectionType: 'idcard_ocr' }), scripted({ timestampUnit })));
        await issued();
        const [asked = assert.fail()] = server.asked;
        assert.equal(fieldOf(asked, 'detection_type'), 'idcard_ocr');
        assert.equal(fieldOf(asked, 'timestamp').length, timestampUnit === 's' ? 10 : 13);
      });
    }

    it('takes the detection type from a message', async () => {
      await deploy(actionFlow(node({ detectionType: 'what', detectionTypeType: 'msg' }), onSandbox()));
      assert.equal((await issued({ what: 'idcard_ocr' })).data.detectionType, 'idcard_ocr');
    });

    it('has the answer itself only where that is asked for', async () => {
      await deploy(actionFlow(node({ includeRaw: true }), scripted()));
      assert.deepEqual((await issued()).raw, ISSUED);
      await deploy(actionFlow(node(), scripted()));
      assert.ok(!('raw' in (await issued())));
    });

    for (const [charge, charged] of [
      [1, true],
      [2, false],
      [undefined, null],
    ] as const) {
      it(`says ${charged} of a charge of ${charge}, in an error too`, async () => {
        await deploy(actionFlow(node(), scripted()));
        server.script = (_asked, response) => json(response, { ...ISSUED, charge });
        const { requestId, ...result } = await issued();
        assert.deepEqual([result.charged, requestId], [charged, 'TID7']);
        server.script = (_asked, response) => json(response, { ...ISSUED, code: 1002, charge });
        const { code, cause } = await raised();
        assert.deepEqual([code, cause.charged, cause.requestId], ['INPUT', charged, 'TID7']);
      });
    }

    it('goes out with its length and as a form', async () => {
      await deploy(actionFlow(node(), scripted()));
      await issued({ sequenceId: 'a' });
      const [{ method, url, headers, body } = assert.fail()] = server.asked;
      assert.deepEqual([method, url], ['POST', '/v2/sdk/get_token?sequence_id=a&api_id=sandbox-api-id']);
      assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
      assert.equal(headers['transfer-encoding'], undefined);
      assert.match(headers['content-type'] ?? '', /^multipart\/form-data; boundary=cn-verify-[0-9a-f]{32}$/);
    });
  });

  describe('sequence id', () => {
    for (const sequenceId of ['订单 2025 & 7/8?=#%+', 20250728, 'a'.repeat(128)]) {
      it(`${sequenceId} arrives as it is`, async () => {
        await deploy(actionFlow(node(), scripted()));
        assert.equal((await issued({ sequenceId })).data.sequenceId, String(sequenceId));
        assert.equal(sequenceIdOf(server.asked[0]!), String(sequenceId));
        await deploy(actionFlow(node(), onSandbox()));
        assert.equal((await issued({ sequenceId })).data.sequenceId, String(sequenceId));
      });
    }

    it('is 64 random characters where there is none, other ones each time', async () => {
      await deploy(actionFlow(node(), scripted()));
      const given = [];
      for (const message of [{}, { sequenceId: '' }]) given.push((await issued(message)).data.sequenceId);
      assert.deepEqual(given, server.asked.map(sequenceIdOf));
      for (const sequenceId of given) assert.match(sequenceId, /^[0-9a-f]{64}$/);
      assert.notEqual(given[0], given[1]);
    });
  });

  describe('INPUT, before anything is sent', () => {
    for (const [name, message] of [
      ['a detection type of another name', { what: 'face' }],
      ['no detection type', {}],
      ['an object as sequence id', { what: 'liveness', sequenceId: { id: 1 } }],
      ['a number that is not exact', { what: 'liveness', sequenceId: 2 ** 60 }],
    ] as const) {
      it(name, async () => {
        await deploy(actionFlow(node({ detectionType: 'what', detectionTypeType: 'msg' }), scripted()));
        const { code, cause } = await raised({ ...message });
        assert.deepEqual([code, cause.retryable, cause.charged, cause.attempts], ['INPUT', false, false, 0]);
        assert.equal(server.asked.length, 0);
      });
    }
  });

  describe('CONFIG', () => {
    for (const [name, properties] of [
      ['no secret', { credentials: { apiId: 'a', apiSecret: '' } }],
      ['a unit of time that is none', { timestampUnit: 'minutes' }],
    ] as const) {
      it(name, async () => {
        await deploy(actionFlow(node(), scripted(properties)));
        assert.equal((await raised()).code, 'CONFIG');
        assert.equal(server.asked.length, 0);
      });
    }

    it("another provider's account", async () => {
      await deploy(actionFlow(node(), { environment: 'sandbox' }));
      assert.equal((await raised()).code, 'CONFIG');
    });
  });

  // docs/providers/linkface.md, the table of codes; 4711 is in no table.
  describe('codes of the provider', () => {
    const rows: [string, string, boolean, number][] = [
      ['1000', 'AUTH', false, 1],
      ['1001', 'INPUT', false, 1],
      ['1002', 'INPUT', false, 1],
      ['1007', 'ACCOUNT', false, 1],
      ['1008', 'ACCOUNT', false, 1],
      ['1009', 'RATE_LIMITED', true, 3],
      ['1011', 'ACCOUNT', false, 1],
      ['9999', 'PROVIDER', true, 3],
      ['4711', 'PROVIDER', true, 3],
    ];
    for (const [providerCode, code, retryable, attempts] of rows) {
      it(`${providerCode} is ${code}, after ${attempts} attempts`, async () => {
        await deploy(actionFlow(node(), onSandbox()));
        const error = await raised({ sequenceId: `sandbox-${providerCode}-${'a'.repeat(8)}` });
        assert.equal(error.code, code);
        const { requestId, providerMessage, hint, values, ...cause } = error.cause;
        assert.deepEqual(cause, {
          provider: 'linkface',
          operation: 'get-token',
          environment: 'custom',
          problem: `refused.${error.code}`,
          orderNo: null,
          score: null,
          ledger: null,
          providerCode,
          httpStatus: 200,
          retryable,
          retryAfter: null,
          charged: false,
          attempts,
        });
        assert.match(requestId!, /^TID/);
        assert.match(String(values.words), new RegExp(`^${providerCode}`));
        assert.equal(providerMessage === '', providerCode === '4711');
        assert.ok(error.message.includes(providerCode) && error.message.endsWith(hint));
        assert.equal(sandbox.requests.get(PATH), attempts);
      });
    }

    for (const data of [{}, { token: '' }, null]) {
      it(`0000 with ${JSON.stringify(data)} is PROTOCOL`, async () => {
        await deploy(actionFlow(node(), scripted()));
        server.script = (_asked, response) => json(response, { ...ISSUED, data });
        const { code, cause } = await raised();
        assert.deepEqual([code, cause.providerCode, cause.attempts], ['PROTOCOL', '0000', 1]);
        assert.deepEqual([cause.requestId, cause.charged], ['TID7', false]);
      });
    }
  });

  describe('repeats', () => {
    const faults: [string, string, number | null, number][] = [
      ['sandbox-http-500', 'PROVIDER', 500, 3],
      ['sandbox-http-503', 'PROVIDER', 503, 3],
      ['sandbox-http-429', 'RATE_LIMITED', 429, 3],
      ['sandbox-http-404', 'CONFIG', 404, 1],
      ['sandbox-http-302', 'PROTOCOL', 302, 1],
      ['sandbox-reset', 'NETWORK', null, 3],
      ['sandbox-timeout', 'TIMEOUT', null, 3],
      ['sandbox-garbage', 'PROTOCOL', 200, 1],
    ];
    for (const [sequenceId, code, httpStatus, attempts] of faults) {
      it(`${sequenceId} is ${code} after ${attempts} requests`, async () => {
        await deploy(actionFlow(node(), onSandbox(code === 'TIMEOUT' ? { timeout: 0.5 } : {})));
        const { cause, ...error } = await raised({ sequenceId });
        assert.deepEqual([error.code, cause.httpStatus, cause.attempts], [code, httpStatus, attempts]);
        assert.equal(sandbox.requests.get(PATH), attempts);
        assert.equal(cause.charged, null);
        assert.equal(cause.retryable, attempts === 3);
        assert.deepEqual(await settledStatus(), { fill: 'red', shape: 'ring', text: code });
      });
    }

    it('with a time, a signature and a boundary of its own each time, and the same sequence id', async () => {
      await deploy(actionFlow(node(), scripted()));
      server.script = (_asked, response, count) =>
        // Two attempts must not fall into the same millisecond.
        setTimeout(() => (count < 3 ? response.writeHead(500).end() : json(response, ISSUED)), 5);
      const { timing, data } = await issued();
      assert.equal(timing.attempts, 3);
      assert.deepEqual(server.asked.map(sequenceIdOf), Array(3).fill(data.sequenceId));
      for (const name of ['timestamp', 'sign']) {
        assert.equal(new Set(server.asked.map((asked) => fieldOf(asked, name))).size, 3, name);
      }
      assert.equal(new Set(server.asked.map(({ headers }) => headers['content-type'])).size, 3);
    });
  });

  describe('expiresAt', () => {
    it('is 5 minutes from the sending of the request that was answered, not of the first one', async () => {
      await deploy(actionFlow(node(), scripted()));
      const times: number[] = [];
      server.script = (_asked, response, count) => {
        times.push(Date.now());
        if (count === 1) response.writeHead(429, { 'Retry-After': '1' }).end();
        else setTimeout(() => json(response, ISSUED), 200);
      };
      const { expiresAt } = (await issued()).data;
      assert.equal(new Date(expiresAt).toISOString(), expiresAt);
      const sentAt = Date.parse(expiresAt) - 5 * MINUTES;
      assert.ok(times[0]! < sentAt && sentAt <= times[1]!, `${sentAt} of ${times}`);
    });
  });

  describe('signature and clock', () => {
    for (const timestampUnit of ['ms', 's']) {
      it(`in ${timestampUnit}, is signed again with the time of the provider's Date, and keeps to it`, async () => {
        await deploy(actionFlow(node(), scripted({ timestampUnit })));
        server.script = (asked, response) => sandboxIn(20 * MINUTES, asked, response);
        const { data, timing } = await issued();
        assert.equal(timing.attempts, 2);
        // This machine's own clock, not the provider's: whoever reads the result reads it here.
        const valid = Date.parse(data.expiresAt) - Date.now();
        assert.ok(valid > 0 && valid <= 5 * MINUTES, `${valid} ms`);
        assert.equal((await issued()).timing.attempts, 1);
      });
    }
  });

  it('gives its place in the queue back, after an error too', async () => {
    await deploy(actionFlow(node(), onSandbox({ maxConcurrent: 1, maxWaiting: 1 })));
    await issued();
    assert.equal((await raised({ sequenceId: 'sandbox-1002-a' })).code, 'INPUT');
    // One goes at once and the other waits, if nothing else counts as waiting.
    for (const topic of ['first', 'second']) send('action', { topic });
    await until(() => got('completed').length + got('caught').length >= 4);
    assert.deepEqual([got('out1').length, got('caught').length], [3, 1]);
  });

  it('shows a token in no status and no log', async () => {
    const token = 'a-token-nobody-else-may-see';
    const before = logs.length;
    await deploy(actionFlow(node(), scripted()));
    server.script = (_asked, response) => json(response, { ...ISSUED, data: { token } });
    assert.equal((await issued({ sequenceId: 'a' })).data.token, token);
    await settledStatus();
    // An answer that is no success must not leak what it has either.
    server.script = (_asked, response) => json(response, { ...ISSUED, code: '1011', data: { token } });
    const error = await raised({ sequenceId: 'a' });
    server.script = (_asked, response) => response.end(`${token} is not JSON`);
    const unreadable = await raised({ sequenceId: 'a' });
    await settledStatus();
    for (const where of [logs.slice(before), seen.statuses, error, unreadable]) {
      assert.ok(!JSON.stringify(where).includes(token));
    }
    assert.ok(seen.statuses.length > 2 && logs.length > before);
  });
});

/** The sandbox's half as it stands at another time, with a `Date` to match. */
function sandboxIn(
  milliseconds: number,
  asked: ReceivedRequest,
  response: ServerResponse<IncomingMessage>,
): void {
  const { pathname, search, searchParams } = new URL(asked.url, 'http://localhost');
  const now = () => Date.now() + milliseconds;
  const answer = sandboxHalf.answer(
    {
      method: asked.method,
      path: pathname,
      query: searchParams,
      search,
      headers: asked.headers,
      body: Buffer.from(asked.body),
    },
    worldAt(now),
  );
  if ('fault' in answer) assert.fail();
  response.writeHead(answer.status, { ...answer.headers, Date: new Date(now()).toUTCString() });
  response.end(answer.body);
}
