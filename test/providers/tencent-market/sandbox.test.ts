import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { textOfCode } from '../../../src/contract/codes';
import {
  BY_SCORE,
  CODES,
  COMPARED,
  GATEWAY_REFUSALS,
  INCORRECT,
} from '../../../src/providers/tencent-market/codes';
import { sandboxHalf } from '../../../src/providers/tencent-market/sandbox';
import { type Scheme, sign } from '../../../src/providers/tencent-market/sign';
import { jpg } from '../../input/pictures';
import { answerOf, worldAt } from '../../sandbox/world';

const NOW = Date.parse('2025-07-28T15:01:00+08:00');
const NAME = encodeURIComponent('张三');
const ID_NUMBER = '11010519491231002X';
/** Holds all that has to be escaped. */
const IMAGE = jpg().toString('base64');
const PERSON = `name=${NAME}&idcard=${ID_NUMBER}`;
const GOOD = `${PERSON}&image=${encodeURIComponent(IMAGE)}`;
const URL_FIELD = 'url=https%3A%2F%2Fa.test%2F1.jpg';
const FORM = 'application/x-www-form-urlencoded';
const WORLD = worldAt(() => NOW);
const SCHEMES = ['gateway', 'cloudmarket'] as const;

interface Change {
  method?: string;
  path?: string;
  search?: string;
  signedAt?: number;
  /** In place of those that were signed, or with them; undefined for one that is left out. */
  headers?: Record<string, string | undefined>;
  /** What becomes of the header that signs. */
  authorization?(header: string): string;
  world?: typeof WORLD;
}

function ask(scheme: Scheme, body: string, change: Change = {}) {
  const { secretId = '', secretKey = '' } = sandboxHalf.credentials;
  const { method = 'POST', path = '', search = '', signedAt = NOW, authorization, world = WORLD } = change;
  const signer = { secretId, secretKey, source: 'market' };
  const { headers: signed } = sign(scheme, signer, signedAt, '0e9f1c52-6a3b-4a51-9f6e-3f6c2a7d9b10');
  const headers: Record<string, string | undefined> = {
    ...Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value])),
    'content-type': FORM,
    ...change.headers,
  };
  if (authorization) headers.authorization = authorization(headers.authorization!);
  const answered = answerOf(sandboxHalf, world, { method, path, search, headers, body });
  if (path === '') assert.equal(answered.reason === null, answered.json.code === 200);
  return { ...answered, data: answered.json.data as Record<string, unknown> };
}

describe("tencent-market's half of the sandbox", () => {
  for (const scheme of SCHEMES) {
    it(`gives a comparison behind the ${scheme}`, () => {
      const { status, headers, json, data } = ask(scheme, GOOD);
      assert.deepEqual([status, json.code, json.success, json.msg], [200, 200, true, '']);
      assert.deepEqual([data.incorrect, data.score], [100, 0.82]);
      assert.match(String(data.order_no), /^\d{18}$/);
      assert.match(headers['x-api-requestid']!, /^[\da-f-]{36}$/);
    });

    it(`takes a clock that is 15 minutes off, and a charset beside the content type (${scheme})`, () => {
      for (const seconds of [-900, 900])
        assert.equal(ask(scheme, GOOD, { signedAt: NOW + seconds * 1000 }).json.code, 200);
      const charset = { headers: { 'content-type': `${FORM}; charset=UTF-8` } };
      assert.equal(ask(scheme, GOOD, charset).json.code, 200);
    });

    for (const minutes of [-20, 20]) {
      it(`refuses a clock that is ${minutes} minutes off, and gives the time (${scheme})`, () => {
        const { status, json, reason, headers } = ask(scheme, GOOD, { signedAt: NOW + minutes * 60_000 });
        assert.equal(status, 403);
        assert.match(reason!, /^x-date is 1200 s (behind|ahead of) the sandbox's clock/);
        const words = scheme === 'gateway' ? /^HMAC signature.*expired/ : /签名时间.*超时/;
        assert.match(String(json.message), words);
        assert.equal(headers.Date, new Date(NOW).toUTCString());
      });
    }
  }

  const without = (name: string): Change => ({ headers: { [name]: undefined } });
  const having = (name: string, value: string): Change => ({ headers: { [name]: value } });
  const signedBy = (authorization: NonNullable<Change['authorization']>): Change => ({ authorization });
  const swapped = (from: string, to: string) => signedBy((header) => header.replace(from, to));
  const flipped = signedBy((header) =>
    header.replace(/(signature"?[:="]+)(.)/, (_, head, first) => head + (first === 'A' ? 'B' : 'A')),
  );
  const later = new Date(NOW + 1000).toUTCString();
  const both: readonly [string, Change, number, RegExp, RegExp?][] = [
    ['GET', { method: 'GET' }, 404, /^no such API$/],
    ['JSON by its content type', having('content-type', 'application/json'), 403, /^req content type need/],
    ['no content type', without('content-type'), 403, /^req content type need application\/x-www-form/],
    ['no signature', without('authorization'), 401, /^HMAC signature/],
    ['another id', swapped('sandbox-secret-id', 'b'), 403, /^HMAC signature cannot be/],
    ['one byte of the signature changed', flipped, 403, /does not match$/],
  ];
  const older: typeof both = [
    ['no date', without('x-date'), 401, /x-date header is required$/, /x-date is missing/],
    ['a date in another form', having('x-date', '2025-07-28'), 403, /cannot be/, /x-date looks like/],
    ['another date than the signed one', having('x-date', later), 403, /does not match$/, /newline/],
    ['no source', without('x-source'), 401, /x-source header/, /x-source is missing/],
    ['another source', having('x-source', 'shop'), 403, /cannot be/, /X-Source is market/],
    ['no signature in it', signedBy(() => 'hmac id="a"'), 403, /signature missing$/, /signature=/],
    ['no hmac', swapped('hmac id', 'id'), 403, /^authorization headers is invalidate$/],
    ['another algorithm', swapped('hmac-sha1', 'hmac-sha256'), 403, /cannot be/, /hmac-sha1/],
    ['too few headers', swapped('x-date x-source', 'x-date'), 403, /cannot be/],
    ['headers that are not sent', swapped('x-source"', 'x-source host"'), 403, /cannot be/],
    ['another order', swapped('x-date x-source', 'x-source x-date'), 403, /does not match$/],
  ];
  const newer: typeof both = [
    ['no request id', without('request-id'), 401, /request-id header/, /is missing/],
    ['a request id that is no UUID', having('request-id', '1'), 403, /cannot be/, /is a UUID/],
    ['JSON that is cut off', signedBy(() => '{"id":'), 403, /invalidate$/, /JSON object/],
    ['a date that is no text', signedBy(() => '{"x-date":1}'), 403, /invalidate$/, /texts/],
    ['an empty object', signedBy(() => '{}'), 403, /signature missing$/, /a signature/],
  ];
  for (const [scheme, rows] of [
    ['gateway', [...both, ...older]],
    ['cloudmarket', [...both, ...newer]],
  ] as const) {
    for (const [name, change, status, words, why = /./] of rows) {
      it(`refuses ${name} (${scheme}), and says why`, () => {
        const { json, reason, ...answered } = ask(scheme, GOOD, change);
        assert.deepEqual([answered.status, Object.keys(json)], [status, ['message']]);
        assert.match(String(json.message), words);
        assert.match(reason!, why);
      });
    }
  }

  it('takes the headers in the order in which they were signed', () => {
    const text = `x-source: market\nx-date: ${new Date(NOW).toUTCString()}`;
    const signature = createHmac('sha1', 'sandbox-secret-key').update(text).digest('base64');
    const header = `hmac id="sandbox-secret-id", algorithm="hmac-sha1", headers="x-source x-date", signature="${signature}"`;
    assert.equal(
      ask(
        'gateway',
        GOOD,
        signedBy(() => header),
      ).json.code,
      200,
    );
  });

  for (const [name, body] of [
    ['the image, and an empty url as the samples send it', `${GOOD}&url=`],
    ['the url, and an empty image', `${PERSON}&image=&${URL_FIELD}`],
    ['the url alone', `${URL_FIELD}&${PERSON}`],
  ] as const)
    it(`takes ${name}`, () => assert.equal(ask('gateway', body).json.code, 200));

  const refusedId = /^入参错误,身份证号\[idcard\]格式错误$/;
  const wrong: [string, string, RegExp][] = [
    ['no name', GOOD.replace('name', 'nom'), /name/],
    ['an empty name', GOOD.replace(NAME, ''), /name/],
    ['no id number', GOOD.replace('idcard', 'idNumber'), refusedId],
    ['an id number with one byte changed', GOOD.replace('1231002X', '1232002X'), refusedId],
    ['an id number that only a reader could repair', GOOD.replace(ID_NUMBER, `+${ID_NUMBER}`), refusedId],
    ['neither image nor url', `${PERSON}&image=&url=`, /image/],
    ['both of them', `${GOOD}&${URL_FIELD}`, /image/],
    ['the image twice', `${GOOD}&image=AAAA`, /重复/],
    ['a plus that was not escaped', `${PERSON}&image=${IMAGE}`, /image/],
    ['a data prefix', GOOD.replace('image=', 'image=data%3Aimage%2Fjpeg%3Bbase64%2C'), /image/],
    ['a line break in the image', GOOD.replace('image=', 'image=AAAA%0A'), /image/],
    ['an image cut short', GOOD.replace(/%3D$/, ''), /image/],
    ['an image that is no picture', `${PERSON}&image=AAAA`, /image/],
    ['a page in place of an image', `${PERSON}&image=${btoa('<html></html>')}`, /image/],
    ['a name in GBK', GOOD.replace(NAME, '%D5%C5%C8%FD'), /编码/],
    ['a url without http', `${PERSON}&url=a.jpg`, /url/],
    ['JSON', JSON.stringify({ name: '张三', idcard: ID_NUMBER, image: IMAGE }), /name/],
  ];
  for (const [name, body, words] of wrong) {
    it(`answers ${name} with code 400`, () => {
      const { status, json } = ask('gateway', body);
      const { msg, ...rest } = json;
      assert.deepEqual([status, rest], [200, { success: false, code: 400, data: {} }]);
      assert.match(String(msg), words);
    });
  }

  it('takes the parameters from the body alone', () => {
    assert.equal(ask('gateway', '', { search: `?${GOOD}` }).json.code, 400);
  });

  it('has an order number of its own for each call, and the score as documented', () => {
    const data = [1, 2, 3, 4].map(() => ask('gateway', GOOD).data);
    assert.equal(new Set(data.map(({ order_no }) => order_no)).size, 4);
    assert.deepEqual(new Set(data.map(({ score }) => typeof score)), new Set(['number']));
  });

  it('has the score as a text, too, where shapes are mixed', () => {
    const world = worldAt(() => NOW, 'mixed');
    const data = [1, 2].map(() => ask('gateway', GOOD, { world }).data);
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
  const named = (name: string) => ask('gateway', GOOD.replace(NAME, encodeURIComponent(name)));
  for (const [name, status, body] of special) {
    it(`answers ${name} as it asks`, () => {
      const answered = named(name);
      assert.deepEqual([answered.status, answered.json], [status, body]);
    });
  }

  it('takes 沙箱码200 for a success', () => assert.equal(named('沙箱码200').json.code, 200));

  it('answers each code, each incorrect and each band of scores in the words of the document', () => {
    for (const [code] of CODES) {
      const { json } = named(`沙箱码${code}`);
      assert.deepEqual([json.code, json.msg], [Number(code), textOfCode(CODES, code)]);
    }
    for (const [incorrect] of INCORRECT) {
      const { data } = named(`沙箱${incorrect}`);
      assert.equal(data.incorrect, Number(incorrect));
      if (data.incorrect !== COMPARED) assert.equal(data.msg, textOfCode(INCORRECT, incorrect));
    }
    const scores = { '0.45': BY_SCORE.same, '0.44': BY_SCORE.unsure, '0.39': BY_SCORE.different };
    for (const [score, { text }] of Object.entries(scores))
      assert.equal(named(`沙箱${score}`).data.msg, text);
  });

  it('gives a score on whatever scale, and one that none has', () => {
    for (const score of ['0', '1', '1.5', '42', '820.0', '1001'])
      assert.deepEqual(
        [named(`沙箱${score}`).data.incorrect, named(`沙箱${score}`).data.score],
        [COMPARED, Number(score)],
      );
  });

  it('refuses at the gateway in words that the reader knows', () => {
    for (const status of [401, 403, 404, 429]) {
      const message = String(named(`沙箱网关${status}`).json.message);
      assert.ok(
        GATEWAY_REFUSALS.some((row) => row.statuses.includes(status) && row.text.test(message)),
        message,
      );
    }
  });

  it('says of any other path what it received, to who may come in', () => {
    const path = '/release/mobile';
    const body = `mobile=${encodeURIComponent('测试')}`;
    const data = { received: { path, form: { mobile: '测试' } } };
    assert.deepEqual(ask('gateway', body, { path }).json, { msg: '', success: true, code: 200, data });
    assert.equal(ask('gateway', body, { ...flipped, path }).status, 403);
    assert.equal(ask('gateway', 'mobile=sandbox-http-503', { path }).status, 503);
  });
});
