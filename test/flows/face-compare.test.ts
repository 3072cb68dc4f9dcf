import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { runInNewContext } from 'node:vm';
import { type Cause, ERRORS, type ErrorCode } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import type { Message } from '../../src/node-red/runner/red';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { accountAt, actionFlow, ask, deploy, logs, seen, settledStatus, startRuntime } from './runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const TYPE = 'tencent-market-account';
const NAME = '欧阳测试';
const ID_NUMBER = '11010519491231002X';
/** A PNG of one pixel. */
const BASE64 = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==';
const PHOTO = Buffer.from(BASE64, 'base64');
const URL_PHOTO = 'https://example.com/photo-of-somebody.jpg?sign=a+b/c=';
const CREDENTIALS = { secretId: 'an-id-of-the-test', secretKey: 'a-secret-of-the-test' };
const ORDER = '568753443590770689';

interface CompareData {
  score: number | null;
  incorrect: number;
  identityConfirmed: boolean | null;
  orderNo: string | null;
  sameFrom: number;
  differentBelow: number;
  scoreScale: number;
}

interface Raised {
  message: string;
  code: string;
  cause: Cause;
  stack?: string;
}

let server: ScriptedServer;

const onSandbox = (properties: object = {}) => ({ type: TYPE, environment: 'sandbox', ...properties });
/** An account at the scripted server. */
const custom = (properties: object = {}) =>
  accountAt(server.baseUrl, {
    type: TYPE,
    scheme: 'gateway',
    credentials: CREDENTIALS,
    ...properties,
  });
const compareFlow = (account: Record<string, unknown> | null, action: object = {}) =>
  deploy(actionFlow({ type: 'face-compare', ...action }, account));

const person = (changes: object = {}) => ({ name: NAME, idNumber: ID_NUMBER, photo: PHOTO, ...changes });

/** The product's answer. */
const compared = (data: object = {}, changes: object = {}) => ({
  msg: '',
  success: true,
  code: 200,
  data: { order_no: ORDER, score: 0.82, msg: '系统判断为同一人', incorrect: 100, ...data },
  ...changes,
});

/** Exactly one message at output 1, none at Catch. */
async function result(payload: unknown): Promise<Result<CompareData & Record<string, unknown>>> {
  const { out1, caught, completed } = await ask({ payload });
  assert.deepEqual(
    [out1.length, caught.length, completed.length],
    [1, 0, 1],
    JSON.stringify((caught[0] as { error?: Raised } | undefined)?.error),
  );
  return (out1[0] as Message).payload as Result<CompareData & Record<string, unknown>>;
}

/** Exactly one error at Catch and nothing else; the person stands nowhere. */
async function raised(payload: unknown): Promise<Raised> {
  const firstLog = logs.length;
  const { out1, out2, caught, completed } = await ask({ payload });
  assert.deepEqual([out1.length, out2.length, caught.length, completed.length], [0, 0, 1, 0]);
  const error = caught[0]!.error as Raised;
  assert.deepEqual(JSON.parse(JSON.stringify(error.cause)), error.cause);
  assertNobody([error.message, error.stack, error.cause, seen.statuses, logs.slice(firstLog)]);
  assert.deepEqual([error.cause.provider, error.cause.operation], ['tencent-market', 'face-compare']);
  return error;
}

/** No name, id number, photo or key. */
function assertNobody(where: unknown): void {
  const text = JSON.stringify(where);
  for (const secret of [
    NAME,
    encodeURIComponent(NAME),
    ID_NUMBER,
    ID_NUMBER.toLowerCase(),
    BASE64.slice(0, 24),
    encodeURIComponent(BASE64).slice(0, 24),
    'photo-of-somebody',
    CREDENTIALS.secretKey,
  ])
    assert.ok(!text.includes(secret), `${secret} in ${text}`);
}

/** As a form parser reads it. */
const sentForm = (count = 0) => Object.fromEntries(new URLSearchParams(server.asked[count]!.body));

describe('face-compare, in a real Node-RED', () => {
  before(() => startRuntime());
  beforeEach(async () => {
    server = await scriptedServer((_asked, response) => json(response, compared()));
  });
  afterEach(closeServers);

  describe('on the sandbox', () => {
    for (const scheme of ['auto', 'gateway', 'cloudmarket']) {
      it(`signs as ${scheme}, and gives the message that came in back, with the result`, async () => {
        await compareFlow(onSandbox({ scheme }));
        const message = { payload: person(), topic: 'gate 7' };
        const firstLog = logs.length;
        const { out1, caught } = await ask(message);
        assert.deepEqual([out1.length, caught.length], [1, 0]);
        assert.equal(out1[0], message);
        assert.equal(message.topic, 'gate 7');
        const { timing, requestId, data, ledger, ...rest } =
          message.payload as unknown as Result<CompareData>;
        assert.deepEqual(rest, {
          provider: 'tencent-market',
          operation: 'face-compare',
          environment: 'sandbox',
          outcome: 'passed',
          reason: 'same-person',
          code: '200',
          message: '系统判断为同一人',
          charged: true,
          reused: null,
        });
        assert.match(ledger!, /^20\d{6}-\d{6}-/);
        assert.match(data.orderNo!, /^\d{18}$/);
        assert.deepEqual(data, {
          score: 0.82,
          incorrect: 100,
          identityConfirmed: null,
          orderNo: data.orderNo,
          repaired: [],
          sameFrom: 0.45,
          differentBelow: 0.4,
          scoreScale: 1,
        });
        assert.match(requestId!, /^[\da-f-]{36}$/);
        assert.equal(timing.attempts, 1);
        assert.deepEqual(await settledStatus(), { fill: 'green', shape: 'dot', text: 'sandbox passed' });
        assertNobody([message, seen.statuses, logs.slice(firstLog)]);
      });
    }

    // What else a value may look like: test/flows/inputs.test.ts.
    for (const scheme of ['gateway', 'cloudmarket']) {
      it(`takes a function node's Uint8Array and an address as photo (${scheme})`, async () => {
        await compareFlow(onSandbox({ scheme }));
        for (const photo of [runInNewContext(`new Uint8Array([${[...PHOTO]}])`), ` ${URL_PHOTO}\n`])
          assert.equal((await result(person({ photo }))).outcome, 'passed');
      });
    }

    it('takes its values from wherever the form says', async () => {
      await compareFlow(onSandbox(), {
        personName: 'who.name',
        personNameType: 'msg',
        idNumber: `"${ID_NUMBER}"`,
        idNumberType: 'jsonata',
        photo: BASE64,
        photoType: 'str',
        output: 'compared',
        includeRaw: true,
      });
      const { out1 } = await ask({ payload: 'kept', who: { name: '沙箱101' } });
      const [message] = out1 as (Message & { compared: Result })[];
      assert.equal(message!.payload, 'kept');
      assert.equal(message!.compared.reason, 'name-id-mismatch');
      assert.equal((message!.compared.raw as { code: number }).code, 200);
    });

    const results: [number, string, string, charged: boolean | null, identityConfirmed: boolean | null][] = [
      [101, 'failed', 'name-id-mismatch', true, false],
      [102, 'failed', 'id-not-found', null, false],
      [103, 'inconclusive', 'invalid-data-identity-confirmed', true, true],
      [104, 'inconclusive', 'invalid-data', false, null],
      [107, 'inconclusive', 'poor-photo', false, null],
      [108, 'inconclusive', 'photo-too-large', false, null],
      [109, 'inconclusive', 'no-reference-photo', true, true],
      [110, 'inconclusive', 'no-face-features', true, true],
      [111, 'inconclusive', 'multiple-faces', true, true],
      [112, 'inconclusive', 'invalid-photo', true, true],
      [105, 'inconclusive', 'unknown-code', null, null],
      [999, 'inconclusive', 'unknown-code', null, null],
    ];
    for (const [incorrect, outcome, reason, charged, identityConfirmed] of results) {
      it(`incorrect ${incorrect} is ${outcome}, ${reason}, charged ${charged}, without a score`, async () => {
        await compareFlow(onSandbox());
        const answered = await result(person({ name: `沙箱${incorrect}` }));
        assert.deepEqual(
          [answered.outcome, answered.reason, answered.data.incorrect, answered.data.score, answered.code],
          [outcome, reason, incorrect, null, '200'],
        );
        assert.equal(answered.charged, charged);
        assert.equal(answered.data.identityConfirmed, identityConfirmed);
      });
    }

    for (const incorrect of [106, 113]) {
      it(`incorrect ${incorrect} is an error of the provider, and was not charged`, async () => {
        await compareFlow(onSandbox());
        const { code, cause } = await raised(person({ name: `沙箱${incorrect}` }));
        assert.deepEqual(
          [code, cause.providerCode, cause.httpStatus, cause.retryable, cause.charged, cause.attempts],
          ['PROVIDER', String(incorrect), 200, true, false, 1],
        );
        assert.match(cause.requestId!, /^[\da-f-]{36}$/);
        assert.match(cause.orderNo!, /^\d{18}$/);
        assert.equal(cause.identityConfirmed, incorrect === 106 ? true : undefined);
      });
    }

    it('a name can ask for a score', async () => {
      await compareFlow(onSandbox());
      const { outcome, data } = await result(person({ name: '沙箱0.42' }));
      assert.deepEqual([outcome, data.score], ['inconclusive', 0.42]);
    });

    it('the special words of all providers work in a name and in a URL', async () => {
      for (const [word, code, httpStatus] of [
        ['sandbox-http-503', 'PROVIDER', 503],
        ['sandbox-garbage', 'PROTOCOL', 200],
        ['sandbox-reset', 'NETWORK', null],
        ['sandbox-timeout', 'TIMEOUT', null],
      ] as const) {
        await compareFlow(onSandbox({ circuit: false, ...(code === 'TIMEOUT' && { timeout: 0.5 }) }));
        for (const changes of [{ name: word }, { photo: `https://example.com/${word}/a.jpg` }]) {
          const error = await raised(person(changes));
          assert.deepEqual([error.code, error.cause.httpStatus], [code, httpStatus], word);
        }
      }
    });
  });

  describe('what is sent', () => {
    it('is one form to the base URL itself, signed for the older gateway', async () => {
      await compareFlow(custom({ baseUrl: `${server.baseUrl}/release/face_id_card/post` }));
      const before = Date.now();
      await result(person());
      const [asked] = server.asked;
      assert.deepEqual([asked!.method, asked!.url], ['POST', '/release/face_id_card/post']);
      const { headers, body } = asked!;
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
      assert.deepEqual(
        [headers['content-length'], headers['transfer-encoding']],
        [String(body.length), undefined],
      );
      assert.equal(headers['x-source'], 'market');
      const signedAt = Date.parse(String(headers['x-date']));
      // In whole seconds.
      assert.ok(signedAt > before - 1_000 && signedAt <= Date.now());
      assert.match(String(headers.authorization), /^hmac id="an-id-of-the-test", algorithm="hmac-sha1", /);
      assert.equal(
        body,
        `name=${encodeURIComponent(NAME)}&idcard=${ID_NUMBER}&image=${encodeURIComponent(BASE64)}`,
      );
    });

    it('is signed for the newer gateway, with a request id of its own each time', async () => {
      await compareFlow(custom({ scheme: 'cloudmarket' }));
      await result(person());
      await result(person());
      const [first, second] = server.asked.map(({ headers }) => headers);
      assert.equal(first!['x-source'], undefined);
      const { id, 'x-date': date } = JSON.parse(String(first!.authorization));
      assert.deepEqual([id, date], [CREDENTIALS.secretId, first!['x-date']]);
      assert.match(String(first!['request-id']), /^[\da-f-]{36}$/);
      assert.notEqual(first!['request-id'], second!['request-id']);
      assert.equal(server.asked[0]!.url, '/');
    });

    it("is the account's own source", async () => {
      await compareFlow(custom({ source: 'shop' }));
      await result(person());
      assert.equal(server.asked[0]!.headers['x-source'], 'shop');
    });

    it('is the URL in place of the image', async () => {
      await compareFlow(custom());
      await result(person({ photo: URL_PHOTO }));
      assert.deepEqual(sentForm(), { name: NAME, idcard: ID_NUMBER, url: URL_PHOTO });
    });

    it("is five megabytes, and the caller's photo stays as it was", async () => {
      await compareFlow(custom({ timeout: 10 }));
      const photo = Buffer.concat([PHOTO, Buffer.alloc(5 * 1024 * 1024, 0xfb)]);
      const given = Buffer.from(photo);
      await result(person({ photo: given }));
      assert.ok(given.equals(photo));
      assert.ok(Buffer.from(sentForm().image!, 'base64').equals(photo));
    });
  });

  describe('what is answered', () => {
    const rows: [string, unknown, object][] = [
      ['a score as text', compared({ score: '0.82' }), { score: 0.82 }],
      ['a score without a zero', compared({ score: '.82' }), { score: 0.82 }],
      ['a score with white space and a sign', compared({ score: ' +8.2e-1\n' }), { score: 0.82 }],
      ['an incorrect as text', compared({ incorrect: '100' }), { incorrect: 100, score: 0.82 }],
      ['an incorrect with white space', compared({ incorrect: ' 100 ' }), { incorrect: 100, score: 0.82 }],
      ['success as text', compared({}, { success: 'true' }), { score: 0.82 }],
      ['success as a number', compared({}, { success: 1 }), { score: 0.82 }],
      ['success as something', compared({}, { success: { toString: 0 } }), { score: 0.82 }],
      ['no order number', compared({ order_no: undefined }), { orderNo: null }],
      ['a code as text', compared({}, { code: '200' }), { score: 0.82 }],
      ['no word about success', compared({}, { success: undefined }), { score: 0.82 }],
    ];
    for (const [name, answer, data] of rows) {
      it(name, async () => {
        await compareFlow(custom());
        server.script = (_asked, response) => json(response, answer);
        const answered = await result(person());
        for (const [key, value] of Object.entries(data)) assert.equal(answered.data[key], value);
        assert.equal(answered.code, '200');
      });
    }

    it('an order number without quotes stays exact', async () => {
      await compareFlow(custom());
      server.script = (_asked, response) =>
        response.end(JSON.stringify(compared()).replace(`"${ORDER}"`, ORDER));
      assert.equal((await result(person())).data.orderNo, ORDER);
    });

    for (const header of ['x-api-requestid', 'request-id', 'x-request-id']) {
      it(`the request id from ${header}, in an error too`, async () => {
        await compareFlow(custom());
        server.script = (_asked, response, count) => {
          response.setHeader(header, 'c466-4e');
          json(response, count === 1 ? compared() : { msg: 'no', success: false, code: 400, data: {} });
        };
        const answered = await result(person());
        assert.equal(answered.requestId, 'c466-4e');
        assert.equal((await raised(person())).cause.requestId, 'c466-4e');
      });
    }

    it("the provider's words, without the person", async () => {
      await compareFlow(custom());
      const words = `${NAME}的号码${ID_NUMBER}或${ID_NUMBER.toLowerCase()},照片${URL_PHOTO} ${BASE64}`;
      server.script = (_asked, response, count) => {
        if (count === 1) json(response, compared({ msg: words }));
        else if (count === 2) json(response, { msg: words, success: false, code: 400, data: {} });
        else if (count === 3) json(response, { message: `HMAC signature of ${words}` }, 401);
        else json(response, { message: words }, 500);
      };
      const answered = await result(person());
      const masked = '欧***的号码110105********002X或110105********002X,照片… …';
      assert.equal(answered.message, masked);
      assertNobody(answered);
      assert.equal((await raised(person())).cause.providerMessage, masked);
      assert.equal((await raised(person())).cause.providerMessage, `HMAC signature of ${masked}`);
      assert.equal((await raised(person())).cause.providerMessage, masked);
    });

    const codes: [providerCode: number | string, code: ErrorCode, httpStatus?: number][] = [
      [400, 'INPUT'],
      [404, 'CONFIG'],
      [500, 'PROVIDER'],
      [501, 'PROVIDER'],
      [601, 'ACCOUNT'],
      [601, 'ACCOUNT', 400],
      [601, 'ACCOUNT', 500],
      [602, 'ACCOUNT'],
      [603, 'ACCOUNT'],
      [604, 'ACCOUNT'],
      [' 604 ', 'ACCOUNT'],
      [606, 'RATE_LIMITED'],
      [1001, 'PROVIDER'],
      [777, 'PROVIDER'],
    ];
    for (const [providerCode, code, httpStatus = 200] of codes) {
      it(`code ${JSON.stringify(providerCode)} under HTTP ${httpStatus} is ${code}`, async () => {
        await compareFlow(custom());
        server.script = (_asked, response) =>
          json(response, { msg: '出错', success: false, code: providerCode, data: {} }, httpStatus);
        const { code: raisedCode, cause } = await raised(person());
        assert.deepEqual(
          [raisedCode, cause.providerCode, cause.providerMessage, cause.httpStatus],
          [code, String(providerCode).trim(), '出错', httpStatus],
        );
        const retryable = code === 'RATE_LIMITED';
        const charged = ERRORS[code].mayHaveBeenProcessed ? null : false;
        assert.deepEqual([cause.retryable, cause.charged, cause.attempts], [retryable, charged, 1]);
        assert.equal(server.asked.length, 1);
      });
    }

    const own = (message: string) => JSON.stringify({ message });
    const refusals: [number, string, string][] = [
      [401, own('HMAC signature cannot be verified'), 'AUTH'],
      [401, own('HMAC signature does not match'), 'AUTH'],
      [401, own('HMAC signature cannot be verified, the date has expired'), 'AUTH'],
      [403, own('HMAC signature does not match'), 'AUTH'],
      [403, own('authorization headers is invalidate'), 'AUTH'],
      [401, own('HMAC id or signature missing'), 'AUTH'],
      [403, own('id or signature is missing'), 'AUTH'],
      [403, own('签名时间已超时'), 'AUTH'],
      [403, '签名时间超时', 'AUTH'],
      [403, '{"code":"Forbidden","error":"超时:签名时间"}', 'AUTH'],
      [403, own('Found no validate usage plan'), 'ACCOUNT'],
      [403, own('req content type need application/x-www-form-urlencoded'), 'PROTOCOL'],
      [404, own('no such API'), 'CONFIG'],
      [429, own('API quota exceeded'), 'ACCOUNT'],
      [500, own('Internal Server Error'), 'PROVIDER'],
      [503, own('The service is down'), 'PROVIDER'],
      [401, own('anything else'), 'AUTH'],
      [403, own('anything else'), 'ACCOUNT'],
      [404, own('anything else'), 'CONFIG'],
      [400, own('anything else'), 'PROTOCOL'],
    ];
    for (const [httpStatus, body, code] of refusals) {
      it(`HTTP ${httpStatus} ${body} is ${code}`, async () => {
        await compareFlow(custom());
        server.script = (_asked, response) => response.writeHead(httpStatus).end(body);
        const { code: raisedCode, cause, message } = await raised(person());
        assert.deepEqual([raisedCode, cause.httpStatus, cause.providerCode], [code, httpStatus, null]);
        const charged = [401, 403, 404, 429].includes(httpStatus) ? false : null;
        assert.deepEqual([cause.retryable, cause.charged, cause.attempts], [false, charged, 1]);
        assert.doesNotMatch(message, /errors\.|__/);
        assert.equal(server.asked.length, 1);
      });
    }

    it('a rate limit may be tried again, a quota not, whatever Retry-After says', async () => {
      await compareFlow(custom());
      server.script = (_asked, response) => json(response, { message: 'API rate limit exceeded' }, 429);
      const limited = await raised(person());
      assert.deepEqual(
        [limited.code, limited.cause.retryable, limited.cause.attempts],
        ['RATE_LIMITED', true, 1],
      );
      server.script = (_asked, response, count) => {
        response.setHeader('Retry-After', '0');
        if (count < 4) json(response, { message: 'API rate limit exceeded' }, 429);
        else json(response, compared());
      };
      assert.equal((await result(person())).timing.attempts, 3);
      server.asked.splice(0);
      server.script = (_asked, response) => {
        response.setHeader('Retry-After', '0');
        json(response, { message: 'API quota exceeded' }, 429);
      };
      const spent = await raised(person());
      assert.deepEqual([spent.code, spent.cause.retryable, server.asked.length], ['ACCOUNT', false, 1]);
    });

    const none: [string, (response: ServerResponse) => unknown, ErrorCode?][] = [
      ['a message without a status', (response) => json(response, { message: 'no such API' })],
      ['success without data', (response) => json(response, compared({}, { data: null }))],
      ...[undefined, '', 100.5].map((incorrect): [string, (response: ServerResponse) => unknown] => [
        `an incorrect of ${JSON.stringify(incorrect)}`,
        (response) => json(response, compared({ incorrect })),
      ]),
      ...[undefined, null, '', 'high', '0.8.2'].map(
        (score): [string, (response: ServerResponse) => unknown] => [
          `a score of ${JSON.stringify(score)}`,
          (response) => json(response, compared({ score })),
        ],
      ),
      ['a score of 1e999', (response) => response.end(JSON.stringify(compared()).replace('0.82', '1e999'))],
      ['HTTP 500', (response) => response.writeHead(500).end('<html>'), 'PROVIDER'],
      ['silence', () => {}, 'TIMEOUT'],
      ['a reset', (response) => response.socket!.resetAndDestroy(), 'NETWORK'],
    ];
    for (const [name, answer, code = 'PROTOCOL'] of none) {
      it(`${name}: ${code}, sent once, not to be sent again`, async () => {
        await compareFlow(custom(code === 'TIMEOUT' ? { timeout: 2 } : {}));
        server.script = (_asked, response) => answer(response);
        const { code: raisedCode, cause } = await raised(person());
        // It was compared, and that is paid for.
        const charged = name.startsWith('a score') ? true : null;
        assert.deepEqual(
          [raisedCode, cause.retryable, cause.charged, cause.attempts],
          [code, false, charged, 1],
        );
        assert.equal(cause.orderNo, charged || name.startsWith('an incorrect') ? ORDER : null);
        assert.equal(server.asked.length, 1);
      });
    }

    for (const success of [false, 'false', ' FALSE ', 0, '0']) {
      it(`200 and success ${JSON.stringify(success)} passes nobody, and keeps what was paid for`, async () => {
        await compareFlow(custom());
        server.script = (_asked, response) => {
          response.setHeader('x-api-requestid', 'r-1');
          json(response, compared({}, { success }));
        };
        const { code, cause } = await raised(person());
        assert.deepEqual([code, cause.problem, cause.charged], ['PROTOCOL', 'answer-incomplete', null]);
        assert.deepEqual([cause.requestId, cause.orderNo, cause.score], ['r-1', ORDER, 0.82]);
        assert.equal(cause.providerMessage, '系统判断为同一人');
      });
    }

    const BOUNDS = { sameFrom: '0.6', differentBelow: 0.5 };
    const ONE_BOUND = { sameFrom: 0.6, differentBelow: 0.6 };
    const scored: [score: unknown, action: Record<string, unknown>, outcome: string, reason: string][] = [
      [1, {}, 'passed', 'same-person'],
      [0.45, {}, 'passed', 'same-person'],
      [0.449, {}, 'inconclusive', 'score-inconclusive'],
      ['0.40', {}, 'inconclusive', 'score-inconclusive'],
      [0.399, {}, 'failed', 'different-person'],
      [0, {}, 'failed', 'different-person'],
      [0.6, BOUNDS, 'passed', 'same-person'],
      [0.59, BOUNDS, 'inconclusive', 'score-inconclusive'],
      [0.49, BOUNDS, 'failed', 'different-person'],
      [0.6, ONE_BOUND, 'passed', 'same-person'],
      [0.59, ONE_BOUND, 'failed', 'different-person'],
      [0, { sameFrom: 0, differentBelow: 0 }, 'passed', 'same-person'],
      [82, {}, 'inconclusive', 'score-out-of-range'],
      [-0.1, {}, 'inconclusive', 'score-out-of-range'],
      ['1.0001', {}, 'inconclusive', 'score-out-of-range'],
      [82, { scoreScale: '100' }, 'passed', 'same-person'],
      ['39.9', { scoreScale: 100 }, 'failed', 'different-person'],
      [0.82, { scoreScale: 100 }, 'failed', 'different-person'],
      [100.5, { scoreScale: 100 }, 'inconclusive', 'score-out-of-range'],
      [700, { scoreScale: 1000 }, 'passed', 'same-person'],
      [699, { scoreScale: 1000 }, 'inconclusive', 'score-inconclusive'],
      [599, { scoreScale: 1000 }, 'failed', 'different-person'],
      [1001, { scoreScale: 1000 }, 'inconclusive', 'score-out-of-range'],
      // As a form saves what was left alone.
      [500, { scoreScale: '1000', sameFrom: '0.45', differentBelow: '0.40' }, 'failed', 'different-person'],
      [500, { scoreScale: 1000, sameFrom: 500, differentBelow: 400 }, 'passed', 'same-person'],
      [65, { scoreScale: 100, sameFrom: '70', differentBelow: 60 }, 'inconclusive', 'score-inconclusive'],
    ];
    for (const [score, action, outcome, reason] of scored) {
      it(`a score of ${score} with ${JSON.stringify(action)} is ${outcome}, ${reason}`, async () => {
        await compareFlow(custom(), action);
        server.script = (_asked, response) => json(response, compared({ score }));
        const { data, charged, ...answered } = await result(person());
        assert.deepEqual([answered.outcome, answered.reason, data.score], [outcome, reason, Number(score)]);
        const { scoreScale = 1, sameFrom, differentBelow } = action;
        assert.deepEqual([data.scoreScale, charged, data.orderNo], [Number(scoreScale), true, ORDER]);
        if (scoreScale === 1 && sameFrom !== undefined)
          assert.deepEqual([data.sameFrom, data.differentBelow], [Number(sameFrom), Number(differentBelow)]);
      });
    }

    for (const [name, answer] of [
      ['HTML', (response) => response.writeHead(413, { 'Content-Type': 'text/html' }).end('<html>')],
      ["the gateway's words", (response) => json(response, { message: 'Request body too large' }, 413)],
      ['nothing', (response) => response.writeHead(413).end()],
    ] as [string, (response: ServerResponse) => unknown][]) {
      it(`413 with ${name} says that the photo is too large, and costs nothing`, async () => {
        await compareFlow(custom(), { maxPhotoMB: 3 });
        server.script = (_asked, response) => answer(response);
        const { code, cause, message } = await raised(person());
        assert.deepEqual([code, cause.problem, cause.httpStatus], ['INPUT', 'photo-too-large', 413]);
        assert.deepEqual([cause.charged, cause.retryable, cause.attempts], [false, false, 1]);
        assert.match(message, /too large.* 3 MB/);
      });
    }

    it('a signature the gateway does not recognise: the hint speaks of the other one', async () => {
      for (const words of ['authorization headers is invalidate', 'HMAC id or signature missing']) {
        await compareFlow(custom());
        server.script = (_asked, response) => json(response, { message: words }, 403);
        const { cause, message } = await raised(person());
        assert.deepEqual([cause.problem, cause.providerMessage], ['other-scheme', words]);
        assert.match(message, /choose the other signature/);
      }
    });

    it('keeps the request id of an answer that breaks, hangs or cannot be decoded', async () => {
      const rows: [string, (response: ServerResponse) => unknown][] = [
        ['PROTOCOL', (response) => response.setHeader('Content-Encoding', 'gzip').end('\x1f\x8b damaged')],
        ['PROTOCOL', (response) => response.setHeader('Content-Encoding', 'zstd').end('(zstd)')],
        ['PROTOCOL', (response) => response.end('x'.repeat(5 * 1024 * 1024))],
        ['TIMEOUT', (response) => response.write('{"half":')],
        ['NETWORK', (response) => response.write('{"half":', () => setTimeout(() => response.destroy(), 20))],
        ['PROTOCOL', (response) => response.end('<html>')],
      ];
      for (const [code, answer] of rows) {
        await compareFlow(custom(code === 'TIMEOUT' ? { timeout: 2 } : {}));
        server.script = (_asked, response) => {
          response.setHeader('X-Api-RequestId', 'r-2');
          answer(response);
        };
        const error = await raised(person());
        assert.deepEqual([error.code, error.cause.requestId, error.cause.httpStatus], [code, 'r-2', 200]);
        assert.ok(!('headers' in error.cause));
      }
    });

    for (const [name, body, opens] of [
      ['a gateway that says why closes the circuit', '{"message":"Internal Server Error"}', false],
      ['one that says nothing opens it', '<html>', true],
    ] as const) {
      it(name, async () => {
        await compareFlow(custom());
        server.script = (_asked, response) => response.writeHead(500).end(body);
        const codes: string[] = [];
        for (let count = 0; count < 12; count++) {
          codes.push((await raised(person())).code);
          if (count === 8) await new Promise((resolve) => setTimeout(resolve, 2000));
        }
        assert.equal(codes.includes('OVERLOADED'), opens);
      });
    }
  });

  describe('before anything is sent', () => {
    // What may be wrong with each value: test/flows/inputs.test.ts.
    for (const [name, payload] of [
      ['nothing', undefined],
      ['a photo alone', PHOTO],
      ['a list of two photos', person({ photo: [PHOTO, PHOTO] })],
      ['a path of this machine', person({ photo: 'file:///photo-of-somebody.jpg' })],
      ['an address with a password', person({ photo: 'https://me:word@example.com/photo-of-somebody.jpg' })],
    ] as const) {
      it(`${name}: INPUT`, async () => {
        await compareFlow(custom());
        const { code, cause, message } = await raised(payload);
        assert.deepEqual([code, cause.retryable, cause.charged, cause.attempts], ['INPUT', false, false, 0]);
        assert.doesNotMatch(message, /errors\.|__/);
        assert.equal(server.asked.length, 0);
      });
    }

    it('a photo over the limit of the node: INPUT that names the limit', async () => {
      const photo = Buffer.concat([PHOTO, Buffer.alloc(105_000)]);
      await compareFlow(custom(), { maxPhotoMB: '0.1' });
      for (const given of [photo, photo.toString('base64')]) {
        const { code, message } = await raised(person({ photo: given }));
        assert.equal(code, 'INPUT');
        assert.match(message, /too large.*0\.1 MB/);
      }
      assert.equal(server.asked.length, 0);
      await compareFlow(custom(), { maxPhotoMB: 0.11 });
      assert.equal((await result(person({ photo }))).outcome, 'passed');
    });

    const configs: [string, () => Record<string, unknown>, object][] = [
      ['a host that does not tell the signature', () => custom({ scheme: 'auto' }), {}],
      ['the same without a word about it', () => custom({ scheme: undefined }), {}],
      ['a signature that is none', () => custom({ scheme: 'sha256' }), {}],
      ['a source that cannot stand in a header', () => custom({ source: 'a\nb' }), {}],
      ['bounds that overlap', () => custom(), { sameFrom: 0.4, differentBelow: 0.45 }],
      ['an upper bound below the usual lower one', () => custom(), { sameFrom: '0.3' }],
      ['a bound over 1', () => custom(), { sameFrom: 45 }],
      ['a bound over the scale', () => custom(), { scoreScale: 100, sameFrom: 700 }],
      ['a bound of another scale', () => custom(), { scoreScale: 100, sameFrom: 0.6, differentBelow: 0.5 }],
      ['a scale that is none', () => custom(), { scoreScale: 10 }],
      ['a scale that is a word', () => custom(), { scoreScale: 'per cent' }],
      ['a bound below 0', () => custom(), { differentBelow: -1 }],
      ['a bound that is no number', () => custom(), { sameFrom: 'high' }],
      ['photos of no size', () => custom(), { maxPhotoMB: 0 }],
    ];
    for (const [name, account, action] of configs) {
      it(`${name}: CONFIG`, async () => {
        await compareFlow(account(), action);
        const { code, cause, message } = await raised(person());
        assert.deepEqual([code, cause.retryable, cause.charged], ['CONFIG', false, false]);
        assert.doesNotMatch(message, /errors\.|__/);
        assert.equal(server.asked.length, 0);
      });
    }

    it('a server that is not there: NETWORK, tried three times, certainly not charged', async () => {
      await compareFlow(custom());
      await server.close();
      const { code, cause } = await raised(person());
      assert.deepEqual([code, cause.retryable, cause.charged, cause.attempts], ['NETWORK', true, false, 3]);
    });
  });

  describe("with this machine's clock 20 minutes off", () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await startSandbox({ port: 0, file: null, now: () => Date.now() + 1_200_000 });
    });
    after(() => sandbox.close());

    for (const scheme of ['gateway', 'cloudmarket']) {
      it(`is refused once, signed again with the provider's time, and remembered (${scheme})`, async () => {
        const { baseUrl, credentials } = sandbox.accounts['tencent-market']!;
        await compareFlow(custom({ baseUrl, credentials, scheme }));
        assert.equal((await result(person())).timing.attempts, 2);
        assert.equal((await result(person())).timing.attempts, 1);
      });
    }
  });
});
