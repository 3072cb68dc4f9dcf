import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { SandboxRequest } from '../../../src/contract/sandbox-half';
import { sandboxHalf } from '../../../src/providers/tencent-market/sandbox';
import type { Scheme } from '../../../src/providers/tencent-market/sign';
import { signatureHeaders } from '../../../src/providers/tencent-market/sign';
import { assertReason } from '../../sandbox/reason';
import { worldAt } from '../../sandbox/world';

const NOW = Date.parse('2025-07-28T15:01:00+08:00');
const NAME = encodeURIComponent('张三');
const ID_NUMBER = '11010519491231002X';
/** Holds all that has to be escaped. */
const IMAGE = '/9j/+P8=';
const ESCAPED = encodeURIComponent(IMAGE);
const FORM = 'application/x-www-form-urlencoded';

interface Answered {
  status: number;
  headers: Record<string, string>;
  message?: string;
  msg?: string;
  success?: boolean;
  code?: number;
  data?: Record<string, unknown>;
  /** Not part of the answer's body. */
  reason?: string;
}

const world = worldAt(() => NOW);

function ask(
  scheme: Scheme,
  body: string,
  change: (request: SandboxRequest) => void = () => {},
  signedAt = NOW,
  on = world,
): Answered {
  const { secretId = '', secretKey = '' } = sandboxHalf.credentials;
  const signed = signatureHeaders(
    scheme,
    { secretId, secretKey, source: 'market' },
    signedAt,
    '0e9f1c52-6a3b-4a51-9f6e-3f6c2a7d9b10',
  );
  const lower = Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]);
  const request: SandboxRequest = {
    method: 'POST',
    path: '',
    search: '',
    query: new URLSearchParams(),
    headers: { ...Object.fromEntries(lower), 'content-type': FORM },
    body: Buffer.from(body),
  };
  change(request);
  const answer = sandboxHalf.answer(request, on);
  assert.ok('status' in answer);
  const told = JSON.parse(answer.body) as Answered;
  if (told.code === 200) assert.equal(answer.reason, undefined);
  else assertReason(answer.reason);
  const answered = { ...told, status: answer.status, headers: answer.headers ?? {} };
  return Object.defineProperty(answered, 'reason', { value: answer.reason?.en, enumerable: false });
}

const LATER = new Date(NOW + 1000).toUTCString();
const GOOD = `name=${NAME}&idcard=${ID_NUMBER}&image=${ESCAPED}`;

describe("tencent-market's half of the sandbox", () => {
  for (const scheme of ['gateway', 'cloudmarket'] as const) {
    describe(scheme, () => {
      const forms: [string, string][] = [
        ['the image, and an empty url as the samples send it', `${GOOD}&url=`],
        [
          'the url, and an empty image',
          `name=${NAME}&idcard=${ID_NUMBER}&image=&url=https%3A%2F%2Fa.test%2F1.jpg`,
        ],
        ['the image alone', GOOD],
        ['the url alone', `url=https%3A%2F%2Fa.test%2F1.jpg&idcard=${ID_NUMBER}&name=${NAME}`],
      ];
      for (const [name, body] of forms) {
        it(`takes ${name}`, () => {
          const { status, headers, code, success, data, msg } = ask(scheme, body);
          assert.deepEqual([status, code, success, msg], [200, 200, true, '']);
          assert.deepEqual([data!.incorrect, Number(data!.score)], [100, 0.82]);
          assert.match(String(data!.order_no), /^\d{18}$/);
          assert.match(headers['x-api-requestid']!, /^[\da-f-]{36}$/);
        });
      }

      it('takes a charset beside the content type', () => {
        const { code } = ask(scheme, GOOD, ({ headers }) => {
          headers['content-type'] = `${FORM}; charset=UTF-8`;
        });
        assert.equal(code, 200);
      });

      const refusedId = '入参错误,身份证号[idcard]格式错误';
      const wrong: [string, string, RegExp | string][] = [
        ['no name', `idcard=${ID_NUMBER}&image=${ESCAPED}`, /name/],
        ['an empty name', `name=&idcard=${ID_NUMBER}&image=${ESCAPED}`, /name/],
        ['no id number', `name=${NAME}&image=${ESCAPED}`, refusedId],
        ['an id number with one byte changed', GOOD.replace('1231002X', '1232002X'), refusedId],
        ['the id number under its other name', GOOD.replace('idcard', 'idNumber'), refusedId],
        ['an id number that only a reader could repair', GOOD.replace(ID_NUMBER, `+${ID_NUMBER}`), refusedId],
        ['neither image nor url', `name=${NAME}&idcard=${ID_NUMBER}&image=&url=`, /image/],
        ['both of them', `${GOOD}&url=https%3A%2F%2Fa.test%2F1.jpg`, /image/],
        ['the image twice', `${GOOD}&image=${ESCAPED}`, /重复/],
        ['a plus that was not escaped', `name=${NAME}&idcard=${ID_NUMBER}&image=${IMAGE}`, /image/],
        [
          'a data prefix',
          GOOD.replace('image=', `image=${encodeURIComponent('data:image/jpeg;base64,')}`),
          /image/,
        ],
        ['a line break in the image', GOOD.replace('image=', 'image=AAAA%0A'), /image/],
        ['an image cut short', GOOD.replace(/%3D$/, ''), /image/],
        ['a url that is none', `name=${NAME}&idcard=${ID_NUMBER}&url=a.jpg`, /url/],
        ['JSON', JSON.stringify({ name: '张三', idcard: ID_NUMBER, image: IMAGE }), /name/],
      ];
      for (const [name, body, words] of wrong) {
        it(`answers ${name} with code 400`, () => {
          const { status, headers: _headers, msg, ...rest } = ask(scheme, body);
          assert.equal(status, 200);
          assert.deepEqual(rest, { success: false, code: 400, data: {} });
          if (typeof words === 'string') assert.equal(msg, words);
          else assert.match(msg!, words);
        });
      }

      it('takes the parameters from the body alone', () => {
        const { code } = ask(scheme, '', (request) => {
          request.query = new URLSearchParams(GOOD);
        });
        assert.equal(code, 400);
      });

      const refusals: [string, (request: SandboxRequest) => void, number, RegExp][] = [
        ['GET', (request) => Object.assign(request, { method: 'GET' }), 404, /^no such API$/],
        [
          'JSON by its content type',
          ({ headers }) => Object.assign(headers, { 'content-type': 'application/json' }),
          403,
          /^req content type need application\/x-www-form-urlencoded$/,
        ],
        [
          'no content type',
          ({ headers }) => delete headers['content-type'],
          403,
          /^req content type need application\/x-www-form-urlencoded$/,
        ],
        ['no signature', ({ headers }) => delete headers.authorization, 401, /^HMAC signature/],
        [
          'another id',
          ({ headers }) => {
            headers.authorization = String(headers.authorization).replace('sandbox-secret-id', 'somebody');
          },
          403,
          /^HMAC signature/,
        ],
        [
          'one byte of the signature changed',
          ({ headers }) => {
            const { authorization } = headers;
            headers.authorization = String(authorization).replace(
              /(signature"?[:=]")(.)/,
              (_all, head, first) => head + (first === 'A' ? 'B' : 'A'),
            );
          },
          403,
          /^HMAC signature does not match$/,
        ],
      ];
      for (const [name, change, status, words] of refusals) {
        it(`refuses ${name}`, () => {
          const answered = ask(scheme, GOOD, change);
          assert.equal(answered.status, status);
          assert.match(answered.message!, words);
          assert.deepEqual(Object.keys(answered).sort(), ['headers', 'message', 'status']);
        });
      }

      for (const minutes of [-20, 20]) {
        it(`refuses a clock that is ${minutes} minutes off, and tells the time`, () => {
          const answered = ask(scheme, GOOD, undefined, NOW + minutes * 60_000);
          assert.equal(answered.status, 403);
          assert.match(answered.reason!, /^x-date is 1200 s (behind|ahead of) the sandbox's clock/);
          assert.match(
            answered.message!,
            scheme === 'gateway' ? /^HMAC signature.*expired/ : /签名时间.*超时/,
          );
          assert.equal(answered.headers.Date, new Date(NOW).toUTCString());
        });
      }

      it('takes a clock that is 15 minutes off', () => {
        for (const seconds of [-900, 900])
          assert.equal(ask(scheme, GOOD, undefined, NOW + seconds * 1000).code, 200);
      });
    });
  }

  const headers: [string, Scheme, Record<string, string | undefined>, number, RegExp, RegExp][] = [
    ['no date', 'gateway', { 'x-date': undefined }, 401, /x-date header is required$/, /x-date is missing/],
    ['a date in another form', 'gateway', { 'x-date': '2025-07-28' }, 403, /cannot be/, /x-date looks like/],
    ['another date than the signed one', 'gateway', { 'x-date': LATER }, 403, /does not match$/, /newline/],
    ['no source', 'gateway', { 'x-source': undefined }, 401, /x-source header is/, /x-source is missing/],
    ['another source', 'gateway', { 'x-source': 'shop' }, 403, /cannot be/, /X-Source is market/],
    [
      'no signature in it',
      'gateway',
      { authorization: 'hmac id="a"' },
      403,
      /signature missing$/,
      /signature=/,
    ],
    ['no request id', 'cloudmarket', { 'request-id': undefined }, 401, /request-id header/, /is missing/],
    ['a request id that is none', 'cloudmarket', { 'request-id': '1' }, 403, /cannot be/, /is a UUID/],
    ['an object that is none', 'cloudmarket', { authorization: '{"id":' }, 403, /invalidate$/, /JSON object/],
    ['a date that is no text', 'cloudmarket', { authorization: '{"x-date":1}' }, 403, /invalidate$/, /texts/],
    ['an empty object', 'cloudmarket', { authorization: '{}' }, 403, /signature missing$/, /a signature/],
  ];
  for (const [name, scheme, changed, status, words, reason] of headers) {
    it(`refuses ${name} (${scheme}), and says why`, () => {
      const answered = ask(scheme, GOOD, (request) => {
        Object.assign(request.headers, changed);
      });
      assert.equal(answered.status, status);
      assert.match(answered.message!, words);
      assert.match(answered.reason!, reason);
    });
  }

  for (const [from, to, words] of [
    ['algorithm="hmac-sha1"', 'algorithm="hmac-sha256"', 'HMAC signature cannot be verified'],
    ['headers="x-date x-source"', 'headers="x-date"', 'HMAC signature cannot be verified'],
    ['headers="x-date x-source"', 'headers="x-date x-source host"', 'HMAC signature cannot be verified'],
    ['headers="x-date x-source"', 'headers="x-source x-date"', 'HMAC signature does not match'],
    ['hmac id', 'id', 'authorization headers is invalidate'],
  ] as const) {
    it(`refuses ${to} in place of ${from}`, () => {
      const { status, message } = ask('gateway', GOOD, (request) => {
        request.headers.authorization = String(request.headers.authorization).replace(from, to);
      });
      assert.deepEqual([status, message], [403, words]);
    });
  }

  it('takes the headers in the order in which they were signed', () => {
    const { code } = ask('gateway', GOOD, ({ headers }) => {
      const text = `x-source: market\nx-date: ${headers['x-date']}`;
      const signature = createHmac('sha1', 'sandbox-secret-key').update(text).digest('base64');
      headers.authorization = `hmac id="sandbox-secret-id", algorithm="hmac-sha1", headers="x-source x-date", signature="${signature}"`;
    });
    assert.equal(code, 200);
  });

  it('has an order number of its own for each call, and the score as documented', () => {
    const data = [1, 2, 3, 4].map(() => ask('gateway', GOOD).data!);
    assert.equal(new Set(data.map(({ order_no }) => order_no)).size, 4);
    assert.deepEqual(new Set(data.map(({ score }) => typeof score)), new Set(['number']));
  });

  it('has the score as a text, too, where shapes are mixed', () => {
    const mixed = worldAt(() => NOW, 'mixed');
    const data = [1, 2, 3, 4].map(() => ask('gateway', GOOD, undefined, NOW, mixed).data!);
    for (const { order_no, score } of data)
      assert.equal(typeof score, Number(String(order_no).at(-1)) % 2 === 1 ? 'string' : 'number');
    assert.equal(new Set(data.map(({ score }) => typeof score)).size, 2);
  });

  const special: [string, number, Record<string, unknown>][] = [
    ['沙箱码603', 200, { code: 603, success: false, data: {}, msg: '余额不足' }],
    ['沙箱码4711', 200, { code: 4711, success: false, data: {}, msg: '未知错误' }],
    ['沙箱网关403', 403, { message: 'Found no validate usage plan' }],
    ['沙箱网关413', 413, { message: 'Request Entity Too Large' }],
    ['沙箱网关503', 503, { message: 'Service Unavailable' }],
    ['沙箱网关418', 418, { message: '' }],
  ];
  for (const [name, status, body] of special) {
    it(`answers ${name} as it asks`, () => {
      const answered = ask('gateway', GOOD.replace(NAME, encodeURIComponent(name)));
      const { headers: _headers, ...rest } = answered;
      assert.deepEqual(rest, { status, ...body });
    });
  }

  it('takes 沙箱码200 for a success', () => {
    assert.equal(ask('gateway', GOOD.replace(NAME, encodeURIComponent('沙箱码200'))).code, 200);
  });
});
