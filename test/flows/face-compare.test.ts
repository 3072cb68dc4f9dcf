/** What docs/providers/tencent-market.md says, through a real Node-RED; what holds for all actions is tested with all of them. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { ERRORS, type ErrorCode } from '../../src/contract/errors';
import type { CompareData } from '../../src/providers/tencent-market/face-compare';
import { PNG } from '../input/pictures';
import { errorOf, resultOf } from './five-actions';
import { accountAt, actionFlow, deploy, nodeRedWithProvider, settledStatus } from './runtime';
import { json } from './scripted-server';

const PERSON = { name: '欧阳测试', idNumber: '11010519491231002X', photo: PNG };
const CREDENTIALS = { secretId: 'an-id-of-the-test', secretKey: 'a-secret-of-the-test' };
const ORDER = '568753443590770689';

/** The product's answer. */
const compared = (data: object = {}, changes: object = {}) => ({
  msg: '',
  success: true,
  code: 200,
  data: { order_no: ORDER, score: 0.82, msg: '系统判断为同一人', incorrect: 100, ...data },
  ...changes,
});

describe('face-compare, in a real Node-RED', () => {
  const server = nodeRedWithProvider((_request, response) => json(response, compared()));
  const compareFlow = (account: object, action: object = {}) =>
    deploy(actionFlow({ type: 'face-compare', ...action }, { type: 'tencent-market-account', ...account }));
  const onSandbox = (properties: object = {}) => compareFlow({ environment: 'sandbox', ...properties });
  const custom = (properties: object = {}, action: object = {}) => {
    const account = { type: 'tencent-market-account', scheme: 'gateway', credentials: CREDENTIALS };
    return compareFlow(accountAt(server.baseUrl, { ...account, ...properties }), action);
  };
  /** The provider answers so from now on. */
  const answering = (answer: unknown, status = 200, headers: Record<string, string> = {}) => {
    server.script = (_request, response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      if (typeof answer === 'string') response.writeHead(status).end(answer);
      else json(response, answer, status);
    };
  };
  const result = (changes: object = {}) => resultOf<CompareData>({ payload: { ...PERSON, ...changes } });
  const raised = (changes: object = {}) => errorOf({ payload: { ...PERSON, ...changes } });

  for (const scheme of ['auto', 'gateway', 'cloudmarket']) {
    it(`signs as ${scheme} on the sandbox, and gives the message that came in back, with the result`, async () => {
      await onSandbox({ scheme });
      const message = { payload: PERSON, topic: 'gate 7' };
      const { timing, requestId, data, ledger, ...rest } = await resultOf<CompareData>(message);
      assert.deepEqual([message.topic, timing.attempts], ['gate 7', 1]);
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
      assert.match(requestId!, /^[\da-f-]{36}$/);
      const { orderNo } = data;
      const compared = { score: 0.82, incorrect: 100, identityConfirmed: null, orderNo, repaired: [] };
      assert.deepEqual(data, { ...compared, sameFrom: 0.45, differentBelow: 0.4, scoreScale: 1 });
      assert.deepEqual(await settledStatus(), { fill: 'green', shape: 'dot', text: 'sandbox passed' });
    });
  }

  it('finds the special words of all providers in a name and in a URL', async () => {
    await onSandbox();
    for (const changes of [
      { name: 'sandbox-garbage' },
      { photo: 'https://example.com/sandbox-garbage' },
      { photo: ['https://example.com/sandbox-garbage'] },
    ])
      assert.equal((await raised(changes)).code, 'PROTOCOL');
  });

  describe('what is sent', () => {
    it('is one form to the base URL itself, signed for the older gateway', async () => {
      await custom({ baseUrl: `${server.baseUrl}/release/face_id_card/post`, source: 'shop' });
      const before = Date.now();
      await result();
      const { method, url, headers, body } = server.requests[0]!;
      assert.deepEqual([method, url], ['POST', '/release/face_id_card/post']);
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
      assert.equal(headers['x-source'], 'shop');
      const signedAt = Date.parse(String(headers['x-date']));
      // In whole seconds.
      assert.ok(signedAt > before - 1_000 && signedAt <= Date.now());
      assert.match(String(headers.authorization), /^hmac id="an-id-of-the-test", algorithm="hmac-sha1", /);
      const [name, image] = [PERSON.name, PNG.toString('base64')].map(encodeURIComponent);
      assert.equal(body, `name=${name}&idcard=${PERSON.idNumber}&image=${image}`);
    });

    it('is signed for the newer gateway, with a request id of its own each time', async () => {
      await custom({ scheme: 'cloudmarket' });
      await result();
      await result();
      const [first, second] = server.requests.map(({ headers }) => headers);
      assert.equal(first!['x-source'], undefined);
      const { id, 'x-date': date } = JSON.parse(String(first!.authorization));
      assert.deepEqual([id, date], [CREDENTIALS.secretId, first!['x-date']]);
      assert.match(String(first!['request-id']), /^[\da-f-]{36}$/);
      assert.notEqual(first!['request-id'], second!['request-id']);
    });
  });

  describe('an answer', () => {
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
      [999, 'inconclusive', 'unknown-code', null, null],
    ];
    for (const [incorrect, outcome, reason, charged, identityConfirmed] of results) {
      it(`with the incorrect ${incorrect} is ${outcome}, ${reason}, charged ${charged}, without a score`, async () => {
        await onSandbox();
        const { data, ...answered } = await result({ name: `沙箱${incorrect}` });
        assert.deepEqual([answered.outcome, answered.reason, answered.charged], [outcome, reason, charged]);
        assert.deepEqual([data.incorrect, data.score, answered.code], [incorrect, null, '200']);
        assert.equal(data.identityConfirmed, identityConfirmed);
      });
    }

    for (const incorrect of [106, 113]) {
      it(`with the incorrect ${incorrect} is an error of the provider, and was not charged`, async () => {
        await onSandbox();
        const { code, cause } = await raised({ name: `沙箱${incorrect}` });
        assert.deepEqual([code, cause.providerCode, cause.httpStatus], ['PROVIDER', String(incorrect), 200]);
        assert.deepEqual([cause.retryable, cause.charged, cause.attempts], [true, false, 1]);
        assert.match(cause.orderNo!, /^\d{18}$/);
        assert.equal(cause.identityConfirmed, incorrect === 106 ? true : undefined);
      });
    }

    const BOUNDS = { sameFrom: '0.6', differentBelow: 0.5 };
    const ONE_BOUND = { sameFrom: 0.6, differentBelow: 0.6 };
    const scored: [score: unknown, action: Record<string, unknown>, outcome: string, reason: string][] = [
      [0.45, {}, 'passed', 'same-person'],
      [0.449, {}, 'inconclusive', 'score-inconclusive'],
      ['0.40', {}, 'inconclusive', 'score-inconclusive'],
      [0.399, {}, 'failed', 'different-person'],
      [0.59, BOUNDS, 'inconclusive', 'score-inconclusive'],
      [0.49, BOUNDS, 'failed', 'different-person'],
      [0.6, ONE_BOUND, 'passed', 'same-person'],
      [0.59, ONE_BOUND, 'failed', 'different-person'],
      [0, { sameFrom: 0, differentBelow: 0 }, 'passed', 'same-person'],
      [82, {}, 'inconclusive', 'score-out-of-range'],
      [-0.1, {}, 'inconclusive', 'score-out-of-range'],
      [82, { scoreScale: '100' }, 'passed', 'same-person'],
      ['39.9', { scoreScale: 100 }, 'failed', 'different-person'],
      [0.82, { scoreScale: 100 }, 'failed', 'different-person'],
      [100.5, { scoreScale: 100 }, 'inconclusive', 'score-out-of-range'],
      [700, { scoreScale: 1000 }, 'passed', 'same-person'],
      [599, { scoreScale: 1000 }, 'failed', 'different-person'],
      [1001, { scoreScale: 1000 }, 'inconclusive', 'score-out-of-range'],
      // As a form saves what was emptied.
      [599, { scoreScale: '1000', sameFrom: '', differentBelow: '' }, 'failed', 'different-person'],
      [500, { scoreScale: 1000, differentBelow: 500 }, 'inconclusive', 'score-inconclusive'],
      // What the form saved where only the scale was chosen.
      [699, { scoreScale: 1000, sameFrom: 0.45, differentBelow: 0.4 }, 'inconclusive', 'score-inconclusive'],
      [39, { scoreScale: '100', sameFrom: 60, differentBelow: '0.4' }, 'failed', 'different-person'],
      [500, { scoreScale: 1000, sameFrom: 500, differentBelow: 400 }, 'passed', 'same-person'],
      [65, { scoreScale: 100, sameFrom: '70', differentBelow: 60 }, 'inconclusive', 'score-inconclusive'],
    ];
    for (const [score, action, outcome, reason] of scored) {
      it(`with a score of ${score} and ${JSON.stringify(action)} is ${outcome}, ${reason}`, async () => {
        await custom({}, action);
        answering(compared({ score }));
        const { data, charged, ...answered } = await result();
        assert.deepEqual([answered.outcome, answered.reason, data.score], [outcome, reason, Number(score)]);
        const { scoreScale = 1, sameFrom, differentBelow } = action;
        assert.deepEqual([data.scoreScale, charged, data.orderNo], [Number(scoreScale), true, ORDER]);
        if (scoreScale === 1 && sameFrom !== undefined)
          assert.deepEqual([data.sameFrom, data.differentBelow], [Number(sameFrom), Number(differentBelow)]);
      });
    }

    const dressed: [string, unknown, object?][] = [
      ['a score as text', compared({ score: '0.82' })],
      ['a score without a zero', compared({ score: '.82' })],
      ['a score with white space and a sign', compared({ score: ' +8.2e-1\n' })],
      ['an incorrect with white space', compared({ incorrect: ' 100 ' }), { incorrect: 100 }],
      ['success as text', compared({}, { success: 'true' })],
      ['no word about success', compared({}, { success: undefined })],
      ['no order number', compared({ order_no: undefined }), { orderNo: null }],
      [
        'an order number without quotes',
        JSON.stringify(compared()).replace(`"${ORDER}"`, ORDER),
        { orderNo: ORDER },
      ],
      ['a code as text', compared({}, { code: '200' })],
    ];
    for (const [name, answer, data] of dressed) {
      it(`with ${name} is read`, async () => {
        await custom();
        answering(answer);
        const answered = await result();
        assert.partialDeepStrictEqual(answered.data, { score: 0.82, ...data });
        assert.equal(answered.code, '200');
      });
    }

    for (const header of ['x-api-requestid', 'request-id', 'x-request-id']) {
      it(`has its request id in ${header}, also where it is an error`, async () => {
        await custom();
        answering(compared(), 200, { [header]: 'c466-4e' });
        assert.equal((await result()).requestId, 'c466-4e');
        answering({ msg: 'no', success: false, code: 400, data: {} }, 200, { [header]: 'c466-4e' });
        assert.equal((await raised()).cause.requestId, 'c466-4e');
      });
    }

    const codes: [providerCode: number | string, code: ErrorCode, httpStatus?: number][] = [
      [400, 'INPUT'],
      [404, 'CONFIG'],
      [500, 'PROVIDER'],
      [501, 'PROVIDER'],
      [601, 'ACCOUNT'],
      [601, 'ACCOUNT', 500],
      [602, 'ACCOUNT'],
      [603, 'ACCOUNT'],
      [' 604 ', 'ACCOUNT'],
      [606, 'RATE_LIMITED'],
      [1001, 'PROVIDER'],
      [777, 'PROVIDER'],
    ];
    for (const [providerCode, code, httpStatus = 200] of codes) {
      it(`with code ${JSON.stringify(providerCode)} under HTTP ${httpStatus} is ${code}`, async () => {
        await custom();
        answering({ msg: '出错', success: false, code: providerCode, data: {} }, httpStatus);
        const { code: raisedCode, cause } = await raised();
        assert.deepEqual([raisedCode, cause.providerCode], [code, String(providerCode).trim()]);
        assert.deepEqual([cause.providerMessage, cause.httpStatus], ['出错', httpStatus]);
        const charged = ERRORS[code].mayHaveBeenProcessed ? null : false;
        assert.deepEqual([cause.retryable, cause.charged], [code === 'RATE_LIMITED', charged]);
        assert.equal(server.requests.length, 1);
      });
    }

    const own = (message: string) => JSON.stringify({ message });
    const refusals: [number, string, string][] = [
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
      [500, own('Internal Server Error'), 'PROVIDER'],
      [401, own('anything else'), 'AUTH'],
      [401, JSON.stringify({ code: 401, msg: 'HMAC signature does not match' }), 'AUTH'],
      [403, JSON.stringify({ code: '403', msg: 'Found no validate usage plan' }), 'ACCOUNT'],
      [403, own('anything else'), 'ACCOUNT'],
      [400, own('anything else'), 'PROTOCOL'],
    ];
    for (const [httpStatus, body, code] of refusals) {
      it(`of the gateway, HTTP ${httpStatus} ${body}, is ${code}`, async () => {
        await custom();
        answering(body, httpStatus);
        const { code: raisedCode, cause } = await raised();
        assert.deepEqual([raisedCode, cause.httpStatus, cause.providerCode], [code, httpStatus, null]);
        const charged = [401, 403, 404].includes(httpStatus) ? false : null;
        assert.deepEqual([cause.retryable, cause.charged, cause.attempts], [false, charged, 1]);
      });
    }

    it('of the gateway that does not recognise a signature speaks of the other one', async () => {
      await custom();
      answering(own('HMAC id or signature missing'), 403);
      const { cause, message } = await raised();
      assert.deepEqual(
        [cause.problem, cause.providerMessage],
        ['other-scheme', 'HMAC id or signature missing'],
      );
      assert.match(message, /choose the other signature/);
    });

    it('of the gateway about a rate limit may be tried again; one about a quota not, whatever Retry-After says', async () => {
      await custom();
      answering(own('API rate limit exceeded'), 429);
      const limited = await raised();
      assert.deepEqual([limited.code, limited.cause.retryable], ['RATE_LIMITED', true]);
      answering(own('API quota exceeded'), 429, { 'Retry-After': '0' });
      const spent = await raised();
      assert.deepEqual([spent.code, spent.cause.retryable, server.requests.length], ['ACCOUNT', false, 2]);
    });

    it('413 says that the photo is too large, and costs nothing', async () => {
      await custom({}, { maxPhotoMB: 3 });
      for (const page of ['<html>', own('Request body too large'), '']) {
        answering(page, 413);
        const { code, cause, message } = await raised();
        assert.deepEqual([code, cause.problem, cause.charged], ['INPUT', 'photo-too-large', false]);
        assert.match(message, /too large.* 3 MB/);
      }
    });

    const incomplete: [string, object | string, charged: boolean | null, orderNo: string | null][] = [
      ['without a status', own('no such API'), null, null],
      ['without data', compared({}, { data: null }), null, null],
      ['without incorrect', compared({ incorrect: undefined }), null, ORDER],
      ['with an empty incorrect', compared({ incorrect: '' }), null, ORDER],
      ['with half an incorrect', compared({ incorrect: 100.5 }), null, ORDER],
      // It was compared, and that is paid for.
      ['without a score', compared({ score: undefined }), true, ORDER],
      ['with an empty score', compared({ score: '' }), true, ORDER],
      ['with a score of no number', compared({ score: '0.8.2' }), true, ORDER],
      ['with a score that no number holds', JSON.stringify(compared()).replace('0.82', '1e999'), true, ORDER],
    ];
    for (const [name, answer, charged, orderNo] of incomplete) {
      it(`${name} is PROTOCOL, and not to be sent again`, async () => {
        await custom();
        answering(answer);
        const { code, cause } = await raised();
        assert.deepEqual([code, cause.retryable, cause.charged], ['PROTOCOL', false, charged]);
        assert.deepEqual([cause.orderNo, server.requests.length], [orderNo, 1]);
      });
    }

    for (const success of [false, ' FALSE ', 0, '0']) {
      it(`with 200 and success ${JSON.stringify(success)} passes nobody, and keeps what was paid for`, async () => {
        await custom();
        answering(compared({}, { success }), 200, { 'x-api-requestid': 'r-1' });
        const { code, cause } = await raised();
        assert.deepEqual([code, cause.problem, cause.charged], ['PROTOCOL', 'answer-incomplete', null]);
        assert.deepEqual([cause.requestId, cause.orderNo, cause.score], ['r-1', ORDER, 0.82]);
        assert.equal(cause.providerMessage, '系统判断为同一人');
      });
    }

    it('keeps its request id where it breaks, hangs or cannot be decoded', async () => {
      const rows: [string, (response: ServerResponse) => unknown][] = [
        ['PROTOCOL', (response) => response.setHeader('Content-Encoding', 'gzip').end('\x1f\x8b damaged')],
        ['PROTOCOL', (response) => response.setHeader('Content-Encoding', 'zstd').end('(zstd)')],
        ['PROTOCOL', (response) => response.end('x'.repeat(5 * 1024 * 1024))],
        ['TIMEOUT', (response) => response.write('{"half":')],
        ['NETWORK', (response) => response.write('{"half":', () => setTimeout(() => response.destroy(), 20))],
        ['PROTOCOL', (response) => response.end('<html>')],
      ];
      for (const [code, answer] of rows) {
        await custom(code === 'TIMEOUT' ? { timeout: 2 } : {});
        server.script = (_request, response) => answer(response.setHeader('X-Api-RequestId', 'r-2'));
        const error = await raised();
        assert.deepEqual([error.code, error.cause.requestId, error.cause.httpStatus], [code, 'r-2', 200]);
      }
    });
  });

  it('a photo over the limit of the node is INPUT that names the limit', async () => {
    const photo = Buffer.concat([PNG, Buffer.alloc(105_000)]);
    await custom({}, { maxPhotoMB: '0.1' });
    const { code, message } = await raised({ photo });
    assert.deepEqual([code, server.requests.length], ['INPUT', 0]);
    assert.match(message, /too large.*0\.1 MB/);
    await custom({}, { maxPhotoMB: 0.11 });
    assert.equal((await result({ photo })).outcome, 'passed');
  });

  const configs: [string, account: object, action?: object][] = [
    ['a host that does not tell the signature', { scheme: 'auto' }],
    ['the same without a word about it', { scheme: undefined }],
    ['a signature that is none', { scheme: 'sha256' }],
    ['a source that cannot stand in a header', { source: 'a\nb' }],
    ['bounds that overlap', {}, { sameFrom: 0.4, differentBelow: 0.45 }],
    ['an upper bound below the usual lower one', {}, { sameFrom: '0.3' }],
    ['a bound over 1', {}, { sameFrom: 45 }],
    ['a bound over the scale', {}, { scoreScale: 100, sameFrom: 700 }],
    ['a bound of another scale', {}, { scoreScale: 100, sameFrom: 0.6, differentBelow: 0.5 }],
    ['a scale that is none', {}, { scoreScale: 10 }],
    ['a scale that is a word', {}, { scoreScale: 'per cent' }],
    ['a bound below 0', {}, { differentBelow: -1 }],
    ['a bound that is no number', {}, { sameFrom: 'high' }],
    ['photos of no size', {}, { maxPhotoMB: 0 }],
  ];
  for (const [name, account, action] of configs) {
    it(`${name} is CONFIG`, async () => {
      await custom(account, action);
      const { code, cause } = await raised();
      assert.deepEqual([code, cause.retryable, cause.charged], ['CONFIG', false, false]);
      assert.equal(server.requests.length, 0);
    });
  }
});
