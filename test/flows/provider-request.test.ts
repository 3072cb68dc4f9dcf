/** Any endpoint of the four providers: docs/contract.md, "Action nodes", `provider-request`. */
import assert from 'node:assert/strict';
import { encrypted, errorOf, resultOf, SECRET } from './five-actions';
import { askLedger, LEDGER_NODES } from './ledger-node';
import { accountAt, actionFlow, deploy, type FlowNode, nodeRedWithProvider } from './runtime';
import { json, type ScriptedServer } from './scripted-server';

const CREDENTIALS = {
  xhey: { groupKey: 'an-id', groupSecret: SECRET },
  linkface: { apiId: 'an-id', apiSecret: SECRET },
  'tencent-market': { secretId: 'an-id', secretKey: SECRET },
  westdex: { secretId: 'an-id', key: SECRET },
};
type Provider = keyof typeof CREDENTIALS;

interface Case {
  provider: Provider;
  action: object;
  success(data: string, words?: string): string;
  /** What `data.result` is of such a success. */
  result(data: unknown): unknown;
  path: string;
}

/** Long ids are numbers in them, as a provider may send them. */
const CASES: readonly Case[] = [
  {
    provider: 'xhey',
    action: { path: '/v2/any' },
    path: '/v2/any',
    success: (data, msg = 'success') => `{"code":200,"msg":"${msg}","data":${data}}`,
    result: (data) => data,
  },
  {
    provider: 'linkface',
    action: { path: '/v2/any' },
    path: '/v2/any?sequence_id=',
    success: (data, msg = '调用成功') => `{"code":"0000","msg":"${msg}","data":${data},"charge":1}`,
    result: (data) => data,
  },
  {
    provider: 'tencent-market',
    action: { path: '/release/any' },
    path: '/release/any',
    success: (data, msg = '') => `{"code":"10000","msg":"${msg}","data":${data}}`,
    result: (data) => ({ code: '10000', msg: '', data }),
  },
  {
    provider: 'westdex',
    action: { apiCode: 'anyCode' },
    path: '/an-id/anyCode?timestamp=',
    success: (data, message = '成功') =>
      `{"code":"00000","message":"${message}","data":"${encrypted(data)}","id":"W1","error_code":null}`,
    result: (data) => data,
  },
];

/** What is in the result's `data`. */
interface Answered {
  result: unknown;
  repaired: string[];
}

let server: ScriptedServer;

const flow = (provider: Provider, properties: object, account: object = {}): FlowNode[] =>
  actionFlow(
    { type: 'provider-request', ...properties },
    accountAt(server.baseUrl, {
      type: `${provider}-account`,
      credentials: CREDENTIALS[provider],
      scheme: 'gateway',
      circuit: false,
      timeout: 2,
      ...account,
    }),
  );
const answer = (text: string, status = 200) => {
  server.script = (_request, response) => response.writeHead(status).end(text);
};

describe('provider-request, in a real Node-RED', () => {
  server = nodeRedWithProvider();

  describe('on the sandbox', () => {
    const sandbox = { environment: 'sandbox', scheme: 'auto' };

    it('asks xhey for the departments of a team', async () => {
      await deploy(flow('xhey', { path: '/v2/department/sublist', paid: false }, sandbox));
      const { data, timing, ...rest } = await resultOf<Answered>({ payload: { departmentID: 1 } });
      assert.deepEqual(rest, {
        provider: 'xhey',
        operation: 'provider-request',
        environment: 'sandbox',
        outcome: 'answered',
        reason: null,
        code: '200',
        message: 'success',
        requestId: null,
        charged: null,
        ledger: null,
        reused: null,
      });
      const { list } = data.result as { list: { name: string }[] };
      assert.deepEqual(
        list.map(({ name }) => name),
        ['施工一队', '施工二队'],
      );
      assert.equal(timing.attempts, 1);
    });

    for (const [provider, properties, came] of [
      ['xhey', { path: '/v2/any' }, { path: '/v2/any', body: { some: '内容 &=' } }],
      ['xhey', { path: 'https://openapi.xhey.top/v2/any' }, { path: '/v2/any' }],
      [
        ...['linkface', { path: '/v2/any', query: '{"sequence_id":"单 1"}' }],
        { path: '/v2/any', query: { sequence_id: '单 1', api_id: 'sandbox-api-id' } },
      ],
      ['tencent-market', { path: '/release/any' }, { path: '/release/any', form: { some: '内容 &=' } }],
      [
        ...['tencent-market', { path: 'https://ap-beijing.cloudmarket-apigw.com/service-1/any' }],
        { path: '/service-1/any' },
      ],
      [
        ...['westdex', { apiCode: 'anyCode', extra: '{"photoData":"/9j/"}' }],
        { apiCode: 'anyCode', body: { photoData: '/9j/', data: { some: '内容 &=' } } },
      ],
    ] as unknown as [Provider, object, object][]) {
      it(`is let in by ${provider} with ${JSON.stringify(properties)}`, async () => {
        await deploy(flow(provider, properties, sandbox));
        const { data } = await resultOf<Answered>({ payload: { some: '内容 &=' } });
        const result = data.result as { received: object; data?: { received: object } };
        const received = result.data?.received ?? result.received;
        assert.partialDeepStrictEqual(received, came);
      });
    }
  });

  for (const { provider, action, success, result, path } of CASES) {
    describe(`with an account of ${provider}`, () => {
      it('hands on what came, its long integers exact, and the whole as raw', async () => {
        await deploy(flow(provider, { ...action, includeRaw: true }));
        answer(success('{"id":1916812048797622272,"text":"文"}'));
        const { data, charged, ledger, raw } = await resultOf<Answered>({ payload: { a: '1' } });
        assert.deepEqual(data, { result: result({ id: '1916812048797622272', text: '文' }), repaired: [] });
        assert.equal(charged, provider === 'linkface' ? true : null);
        assert.match(String(ledger), /^\d{8}-/);
        assert.ok((raw as { code: unknown }).code);
        assert.ok(server.requests[0]!.url.startsWith(path), server.requests[0]!.url);
      });

      it('is answered from the ledger by key, and refuses the key for something else', async () => {
        await deploy(flow(provider, { ...action, key: 'key', keyType: 'msg' }));
        answer(success('{"n":1}'));
        const first = await resultOf<Answered>({ payload: { a: 1, b: 2 }, key: `order ${provider}` });
        answer(success('{"n":2}'));
        const second = await resultOf<Answered>({ payload: { b: 2, a: 1 }, key: `order ${provider}` });
        assert.deepEqual(second.data.result, first.data.result);
        assert.deepEqual([second.charged, second.reused?.ledger], [false, first.ledger]);
        const { code, cause } = await errorOf({ payload: { a: 1, b: 3 }, key: `order ${provider}` });
        assert.deepEqual([code, cause.problem, server.requests.length], ['INPUT', 'key-used', 1]);
      });

      it('repeats a call that costs nothing, and writes it down nowhere', async () => {
        await deploy(flow(provider, { ...action, paid: false, key: 'key' }));
        server.script = (_request, response, count) =>
          count < 3 ? response.destroy() : response.end(success('{}'));
        const { timing, ledger } = await resultOf<Answered>({ payload: { a: 1 } });
        assert.deepEqual([timing.attempts, server.requests.length, ledger], [3, 3, null]);
      });

      if (provider !== 'westdex')
        it('sends its keys nowhere else', async () => {
          await deploy(flow(provider, { path: 'to', pathType: 'msg' }));
          for (const to of ['https://evil.example.com/v2/any', 'http://127.0.0.1:1/v2/any']) {
            const { code, cause } = await errorOf({ payload: {}, to });
            assert.deepEqual([code, cause.problem, cause.charged], ['CONFIG', 'other-host', false]);
          }
          assert.equal(server.requests.length, 0);
        });
    });
  }

  describe('errors', () => {
    it('of a gateway are those of its table, for another product too', async () => {
      await deploy(flow('tencent-market', { path: '/release/any' }));
      for (const [status, message, expected] of [
        [403, 'HMAC signature does not match', 'AUTH'],
        [413, 'too large', 'INPUT'],
      ] as const) {
        server.script = (_request, response) => json(response, { message }, status);
        const { code, cause } = await errorOf({ payload: {} });
        assert.deepEqual([code, cause.charged, cause.httpStatus], [expected, false, status]);
      }
    });

    it("of tencent-market's own product are strict, and another product's answer is its own affair", async () => {
      const unknown = { code: '77', msg: '其他', data: {} };
      await deploy(flow('tencent-market', {}));
      server.script = (_request, response) => json(response, unknown);
      assert.equal((await errorOf({ payload: {} })).code, 'PROVIDER');
      await deploy(flow('tencent-market', { path: '/release/any' }));
      assert.deepEqual((await resultOf<Answered>({ payload: {} })).data.result, unknown);
      for (const other of [{ error_code: 0, result: { a: 1 } }, [1, 2]]) {
        server.script = (_request, response) => json(response, other);
        const { data, code } = await resultOf<Answered>({ payload: {} });
        assert.deepEqual([data.result, code], [other, '200']);
      }
      server.script = (_request, response) => json(response, { ...unknown, success: 'false' });
      assert.equal((await errorOf({ payload: {} })).cause.providerCode, '77');
    });

    it('of an account that is missing names no provider', async () => {
      await deploy(actionFlow({ type: 'provider-request', path: '/v2/any' }, null));
      const { code, cause } = await errorOf({ payload: {} });
      assert.deepEqual([code, cause.problem, cause.provider], ['CONFIG', 'account-missing', null]);
    });
  });

  describe('input', () => {
    const cycle: Record<string, unknown> = {};
    cycle.again = cycle;
    for (const [provider, properties, payload, problem] of [
      ['xhey', { path: '/v2/any' }, undefined, 'object-missing'],
      ['xhey', { path: '/v2/any' }, 1_700_000_000_000, 'not-an-object'],
      ['xhey', { path: '/v2/any' }, cycle, 'object-too-large'],
      ['xhey', {}, {}, 'path-missing'],
      ['xhey', { path: '/v2/../any' }, {}, 'path-unreadable'],
      ['xhey', { path: '/v2/any', apiCode: 'a' }, {}, 'field-not-taken'],
      ['xhey', { path: '/v2/any', extra: '{}' }, {}, 'field-not-taken'],
      ['linkface', { path: '/v2/any?a=b' }, {}, 'path-unreadable'],
      ['linkface', { path: '/v2/any', query: '{"api_id":"1"}' }, {}, 'name-reserved'],
      ['linkface', { path: '/v2/any' }, { sign: '1' }, 'name-reserved'],
      ['linkface', { path: '/v2/any' }, { a: { b: 1 } }, 'not-a-form-field'],
      ['linkface', { path: '/v2/any' }, { 'a"\r\nX: 1': '1' }, 'not-a-form-field'],
      ['tencent-market', {}, { a: [1] }, 'not-a-form-field'],
      ['westdex', {}, {}, 'not-an-api-code'],
      ['westdex', { apiCode: '../x' }, {}, 'not-an-api-code'],
      ['westdex', { apiCode: 'a' }, { timeStamp: '1' }, 'name-reserved'],
      ['westdex', { apiCode: 'a', extra: '{"data":1}' }, {}, 'name-reserved'],
      ['westdex', { apiCode: 'a', path: '/x' }, {}, 'field-not-taken'],
    ] as [Provider, object, unknown, string][]) {
      it(`${provider} ${JSON.stringify(properties)}: ${problem}`, async () => {
        await deploy(flow(provider, properties));
        const { code, cause } = await errorOf({ payload });
        assert.deepEqual([code, cause.problem, cause.charged], ['INPUT', problem, false]);
        assert.equal(server.requests.length, 0);
      });
    }

    it('is repaired where it can mean one thing only, and the message stays as it was', async () => {
      await deploy(flow('xhey', { path: 'v2/any', paid: false }));
      answer('{"code":200,"msg":"","data":{}}');
      const payload = { id: 1916812048797622272n, bytes: Buffer.from('照片'), gone: undefined, kept: null };
      const { data } = await resultOf<Answered>({ payload });
      assert.deepEqual(data.repaired.sort(), ['body', 'path']);
      assert.deepEqual(JSON.parse(server.requests[0]!.body), {
        id: '1916812048797622272',
        bytes: Buffer.from('照片').toString('base64'),
        kept: null,
      });
      assert.deepEqual([server.requests[0]!.url, payload.id], ['/v2/any', 1916812048797622272n]);
    });

    it('of westdex is encrypted as the node says', async () => {
      for (const [encrypt, isEncrypted] of [
        ['', [true, true]],
        ['a', [true, false]],
        ['b, c', [false, true]],
        ['-', [false, false]],
      ] as const) {
        await deploy(flow('westdex', { apiCode: 'anyCode', encrypt, paid: false }));
        answer(CASES[3]!.success('"一致"'));
        assert.equal((await resultOf<Answered>({ payload: { a: '内容', b: 1 } })).data.result, '一致');
        const { data } = JSON.parse(server.requests.at(-1)!.body);
        assert.deepEqual(
          [data.a, data.b],
          [isEncrypted[0] ? encrypted('内容') : '内容', isEncrypted[1] ? encrypted('1') : 1],
        );
        assert.equal(data.customNumber, 'an-id');
      }
    });
  });

  it('keeps order number and time where it has numbers of orders and cases, and demands no guardian for them', async () => {
    await deploy([...flow('tencent-market', { paid: true }), ...LEDGER_NODES]);
    const order_no = '20251125103045123456';
    const msg = '时间2025-11-25 10:30';
    answer(
      `{"code":200,"success":true,"data":${JSON.stringify({ incorrect: 100, score: 0.9, order_no, msg })}}`,
    );
    const cases = Array.from({ length: 30 }, (_, i) => `3301002025112500${String(i).padStart(2, '0')}`);
    const payload = { orderNo: '202511250000123', text: cases.join(' ') };
    const { message, ledger } = await resultOf({ payload });
    const [entry = assert.fail()] = await askLedger({ id: ledger });
    assert.deepEqual([message, entry.orderNo], [msg, order_no]);
  });

  it('takes another account of the same provider from the message, and none of another provider', async () => {
    await deploy([
      ...flow('xhey', { path: '/v2/any', paid: false, accountFrom: 'by', accountFromType: 'msg' }),
      { ...accountAt(server.baseUrl), id: 'second', type: 'xhey-account', name: 'the second' },
      { ...accountAt(server.baseUrl), id: 'third', type: 'westdex-account', name: 'the third' },
    ]);
    answer('{"code":200,"msg":"","data":{}}');
    await resultOf<Answered>({ payload: {}, by: 'the second' });
    assert.equal(server.requests[0]!.headers.groupkey, 'groupKey');
    assert.equal((await errorOf({ payload: {}, by: 'the third' })).cause.problem, 'account-not-found');
  });
});
