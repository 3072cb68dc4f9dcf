/**
 * What provider-request sends for each provider, against signatures and cipher texts of programs that are not this one
 * (docs/providers/README.md), and where it sends it.
 */
import assert from 'node:assert/strict';
import type { Account } from '../../src/contract/account';
import type { Context } from '../../src/contract/action';
import type { VerifyError } from '../../src/contract/errors';
import type { RequestAction } from '../../src/contract/provider-request';
import type { Call, HttpRequest, QueueSlot } from '../../src/contract/transport';
import { request as linkface } from '../../src/providers/linkface/request';
import { request as market } from '../../src/providers/tencent-market/request';
import { request as westdex } from '../../src/providers/westdex/request';
import { request as xhey } from '../../src/providers/xhey/request';
import vectors from '../vectors.json';

interface Sending {
  now: number;
  credentials: Record<string, string>;
  settings?: object;
  baseUrl?: string;
  environment?: string;
  fields: Record<string, unknown>;
  encrypt?: string;
}

/** Lets an action build its request, and sends none. */
async function sent(action: RequestAction<never>, sending: Sending): Promise<HttpRequest> {
  const { now, credentials, settings = {}, fields, encrypt = '' } = sending;
  const { baseUrl = 'https://provider.example.com', environment = 'custom' } = sending;
  let request: HttpRequest | undefined;
  const slot: QueueSlot = { release: () => {} };
  const account = {
    environment,
    baseUrl: new URL(baseUrl),
    pairs: [credentials],
    settings,
    secrets: Object.values(credentials),
    transport: {
      takeSlot: () => slot,
      send: async (call: Call<unknown>) => {
        request = (await call.build(now, credentials)) as HttpRequest;
        return {};
      },
    },
  } as unknown as Account;
  const arrival = { now, environment: 'custom' } as const;
  const input = await action.parse(fields, { encrypt, paid: false }, arrival);
  await action.run(account, input, { now: () => now } as Context);
  return request!;
}

describe('provider-request', () => {
  for (const { groupKey, groupSecret, timestamp, body, signature } of vectors.xhey) {
    it(`signs ${body} for xhey`, async () => {
      const request = await sent(xhey as never, {
        now: Number(timestamp) * 1000 + 999,
        credentials: { groupKey, groupSecret },
        fields: { path: '/v2/any', body: JSON.parse(body) },
      });
      assert.deepEqual(request, {
        method: 'POST',
        path: '/v2/any',
        body: Buffer.from(body),
        headers: {
          'Content-Type': 'application/json',
          GroupKey: groupKey,
          Timestamp: timestamp,
          Signature: signature,
        },
      });
    });
  }

  for (const { apiId, apiSecret, timestamp, sign } of vectors.linkface) {
    it(`signs ${timestamp} of ${apiId} for linkface`, async () => {
      const unit = timestamp.length > 10 ? 'ms' : 's';
      const { path, body, headers } = await sent(linkface as never, {
        now: unit === 's' ? Number(timestamp) * 1000 + 999 : Number(timestamp),
        credentials: { apiId, apiSecret },
        settings: { timestampUnit: unit },
        fields: { path: '/v2/any', query: { sequence_id: '单 1' }, body: { some: '内容', number: 1 } },
      });
      assert.equal(path, `/v2/any?sequence_id=%E5%8D%95%201&api_id=${encodeURIComponent(apiId)}`);
      const type = String(headers['Content-Type']);
      const form = await new Response(new Uint8Array(body), { headers: { 'Content-Type': type } }).formData();
      assert.deepEqual(Object.fromEntries(form), { some: '内容', number: '1', timestamp, sign });
    });
  }

  for (const vector of vectors.tencentMarket) {
    const { secretId, secretKey, date, source } = vector;
    for (const scheme of ['gateway', 'cloudmarket'] as const) {
      it(`signs ${date} for the ${scheme} of tencent-market`, async () => {
        const { headers, body } = await sent(market as never, {
          now: Date.parse(date) + 999,
          credentials: { secretId, secretKey },
          settings: { scheme, source },
          fields: { body: { 'a+b': '+/=&内容' } },
        });
        const { 'Content-Type': type, 'request-id': requestId = '', ...signed } = headers;
        assert.equal(type, 'application/x-www-form-urlencoded');
        assert.deepEqual(
          signed,
          scheme === 'gateway'
            ? {
                'X-Date': date,
                'X-Source': source,
                Authorization: `hmac id="${secretId}", algorithm="hmac-sha1", headers="x-date x-source", signature="${vector.gatewaySignature}"`,
              }
            : {
                'X-Date': date,
                Authorization: `{"id":"${secretId}","x-date":"${date}","signature":"${vector.cloudmarketSignature}"}`,
              },
        );
        assert.match(requestId, scheme === 'gateway' ? /^$/ : /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
        assert.equal(String(body), 'a%2Bb=%2B%2F%3D%26%E5%86%85%E5%AE%B9');
      });
    }
  }

  for (const { keyDerivation, key, cases } of vectors.westdex) {
    it(`encrypts for westdex with ${keyDerivation}`, async () => {
      const body = Object.fromEntries(cases.map(([text], index) => [`f${index}`, text]));
      const request = await sent(westdex as never, {
        now: 1_700_000_000_123,
        credentials: { secretId: '客户', key },
        settings: { keyDerivation },
        fields: { apiCode: 'anyCode', body, extra: { photoData: Buffer.from('ab') } },
      });
      assert.equal(request.path, `/${encodeURIComponent('客户')}/anyCode?timestamp=1700000000123`);
      assert.deepEqual(JSON.parse(String(request.body)), {
        data: {
          timeStamp: '1700000000123',
          customNumber: '客户',
          ...Object.fromEntries(cases.map(([, cipher], index) => [`f${index}`, cipher])),
        },
        photoData: 'YWI=',
      });
    });
  }

  describe('goes', () => {
    const OWN = 'https://service-1.ap-shanghai.apigateway.myqcloud.com/release/own';
    const OTHER = 'https://ap-beijing.cloudmarket-apigw.com/service-2/other?a=b';
    const keys = { secretId: 'a', secretKey: 'b' };
    const settings = { scheme: 'auto', source: 'market' };
    const to = (baseUrl: string, path: string, environment = 'custom') =>
      sent(market as never, {
        now: 0,
        credentials: keys,
        baseUrl,
        environment,
        fields: { path, body: {} },
        settings: baseUrl.startsWith('http:') ? { ...settings, scheme: 'gateway' } : settings,
      });

    it("to the account's address of tencent-market, without a path", async () => {
      const { origin, path } = await to(OWN, '');
      assert.deepEqual([origin, path], [undefined, '']);
    });

    it("to another path of a gateway, in place of the account's own", async () => {
      const { origin, path } = await to(OWN, '/release/other');
      assert.deepEqual([origin, path], [new URL(OWN).origin, '/release/other']);
    });

    it('to another gateway, with the signature of that one', async () => {
      const { origin, path, headers } = await to(OWN, OTHER);
      assert.deepEqual([origin, path], [new URL(OTHER).origin, '/service-2/other?a=b']);
      assert.ok(headers['request-id'], 'the newer gateway');
    });

    it("behind any other address of the account's, and nowhere but there on the sandbox", async () => {
      const { origin, path } = await to('http://127.0.0.1:1/market', '/release/other');
      assert.deepEqual([origin, path], [undefined, '/release/other']);
      const onSandbox = await to('http://127.0.0.1:1/market', OTHER, 'sandbox');
      assert.deepEqual([onSandbox.origin, onSandbox.path], [undefined, '/service-2/other?a=b']);
    });

    for (const address of [
      'https://myqcloud.com/x',
      'https://apigateway.myqcloud.com.evil.example/x',
      'https://evilcloudmarket-apigw.com/x',
      'http://ap-beijing.cloudmarket-apigw.com/x',
    ]) {
      it(`not to ${address}`, async () => {
        await assert.rejects(to(OWN, address), (error: VerifyError) => error.problem === 'other-host');
      });
    }

    it('to the path of a whole address where that is behind the base URL', async () => {
      const path = (given: string) =>
        sent(xhey as never, {
          now: 0,
          credentials: { groupKey: 'a', groupSecret: 'b' },
          baseUrl: 'https://gateway.example.com/xhey',
          fields: { path: given, body: {} },
        }).then((request) => request.path);
      assert.equal(await path('https://gateway.example.com/xhey/v2/any'), '/v2/any');
      assert.equal(await path('/v2/照片'), '/v2/%E7%85%A7%E7%89%87');
      for (const beside of ['https://gateway.example.com/v2/any', 'https://gateway.example.com/xheyevil/v2'])
        await assert.rejects(path(beside), (error: VerifyError) => error.problem === 'other-host');
    });
  });
});
