/** What the sandbox says about what came: docs/contract.md, "Sandbox". */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { aesKey, encrypt } from '../../src/providers/westdex/cipher';
import { SPECIAL_VALUES } from '../../src/sandbox/halves';
import type { SeenRequest } from '../../src/sandbox/requests';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { jpg } from '../input/pictures';
import { leaksIn } from '../private';
import { callMarket, personNamed } from './market-caller';
import { callXhey } from './xhey-caller';

const CREATE = '/v2/truth_build/create';

describe('sandbox: what it shows of itself', () => {
  let sandbox: Sandbox;
  let base: string;
  beforeEach(async () => {
    sandbox = await startSandbox({ port: 0, file: null });
    base = `http://127.0.0.1:${sandbox.port}`;
  });
  afterEach(() => sandbox.close());

  const seen = async () => (await (await fetch(`${base}/requests`)).json()) as SeenRequest[];
  const page = async (language: string) =>
    (await fetch(base, { headers: { 'Accept-Language': language } })).text();

  const compare = (name: string) => callMarket(sandbox, personNamed(name));

  /** With headers that a browser's program must not set. */
  function ask(
    method: string,
    path: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; reason: string }> {
    return new Promise((resolve, reject) => {
      request(base + path, { method, headers }, (response) => {
        const reason = String(response.headers['x-sandbox-reason'] ?? '');
        response.resume().on('end', () => resolve({ status: response.statusCode!, reason }));
      })
        .on('error', reject)
        .end();
    });
  }

  it('has the latest requests, the newest first, with why each was refused and what it cost', async () => {
    await callXhey(sandbox, CREATE, { photoUrlList: ['https://a.test/1.jpg'] });
    await callXhey(sandbox, CREATE, { photoUrlList: [] });
    for (const name of ['张三', '沙箱101', '沙箱107', '沙箱网关429']) await compare(name);
    await fetch(`${base}/nobody`);
    const providers = Object.keys(sandbox.accounts).map((provider) => `/${provider}`);
    const unknown = `The path begins with the name of a provider: ${providers.join(', ')}. The page at / shows base URLs and keys.`;
    const atGateway = "Asked for by the name: the gateway's refusal with status 429.";
    const tencent = ['tencent-market', 'POST /tencent-market'];
    const xhey = ['xhey', `POST /xhey${CREATE}`];
    assert.deepEqual(
      (await seen()).map(({ provider, method, path, status, code, charged, reason }) => {
        return [provider, `${method} ${path}`, status, code, charged, reason];
      }),
      [
        [null, 'GET /*', 404, null, false, unknown],
        [...tencent, 429, null, false, atGateway],
        [...tencent, 200, '200', false, null],
        [...tencent, 200, '200', true, null],
        [...tencent, 200, '200', true, null],
        [...xhey, 200, '400', false, 'photoUrlList has 1 to 10 addresses, not 0.'],
        [...xhey, 200, '200', null, null],
      ],
    );
    assert.deepEqual([...sandbox.paid.values()], [1, 1, 1]);
  });

  it('knows no person, photo, address or key', async () => {
    const key = aesKey('sha1prng', sandbox.accounts.westdex!.credentials.key!)!;
    const [xM, gMSFZHM] = ['张三', '11010519491231002X'].map((text) => encrypt(text, key));
    await callXhey(sandbox, CREATE, { photoUrlList: ['https://a.test/photo-of-somebody.jpg'] });
    await compare('张三');
    await compare('欧阳测试');
    const timeStamp = String(Date.now());
    const customNumber = 'sandbox-secret-id';
    for (const secretId of [customNumber, 'an-id-of-the-test'])
      await fetch(`${base}/westdex/${secretId}/idCardThreeElements?timestamp=${timeStamp}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          data: { timeStamp, customNumber, xM, gMSFZHM },
          photoData: jpg().toString('base64'),
        }),
      });
    await fetch(`${base}/linkface/v2/sdk/get_token?api_id=an-id-of-the-test&sequence_id=photo-of-somebody`, {
      method: 'POST',
    });
    for (const path of ['/张三', '/xhey/an-id-of-the-test', '/%E5%BC%A0%E4%B8%89'])
      await fetch(base + path, { method: 'POST' });
    // The page begins with the sandbox's own keys.
    const listed = async (language: string) => (await page(language)).split('<h2>').at(-1)!;
    const all = JSON.stringify(await seen()) + (await listed('zh')) + (await listed('en'));
    assert.deepEqual(leaksIn(all), []);
    for (const text of ['a.test', 'sandbox-secret-id', 'sandbox-group-key', '%E5', 'Signature:'])
      assert.ok(!all.includes(text), text);
    assert.ok(all.includes('/westdex/*/idCardThreeElements'));
  });

  it('keeps two hundred', async () => {
    for (let index = 0; index < 205; index++) await fetch(`${base}/linkface`);
    await fetch(`${base}/xhey`);
    const requests = await seen();
    assert.deepEqual([requests.length, requests[0]!.provider], [200, 'xhey']);
  });

  it('says it in the language of its reader', async () => {
    assert.match(await page('en'), /No request has come yet\./);
    await compare('沙箱101');
    await callXhey(sandbox, CREATE, {});
    for (const [accepted, language, cost] of [
      ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN', '计费'],
      ['zh', 'zh-CN', '计费'],
      ['en-US,en;q=0.9,zh;q=0.8', 'en', 'charged'],
      ['en;q=0.2, zh-Hans-CN;q=0.3', 'zh-CN', '计费'],
      ['fr', 'en', 'charged'],
      ['*;q=nonsense', 'en', 'charged'],
    ] as const) {
      const html = await page(accepted);
      assert.match(html, new RegExp(`^<!doctype html>\n<html lang="${language}">`), accepted);
      assert.ok(html.includes(`">${cost}</td>`), accepted);
      const [en, zh] = ['photoUrlList is a list of texts.', 'photoUrlList 须为字符串数组。'];
      const isChinese = language === 'zh-CN';
      assert.deepEqual([html.includes(en), html.includes(zh)], [!isChinese, isChinese], accepted);
    }
    const headers = { 'Accept-Language': 'zh' };
    const requests = (await (await fetch(`${base}/requests`, { headers })).json()) as SeenRequest[];
    assert.equal(requests[0]!.reason, 'photoUrlList 须为字符串数组。');
  });

  it('shows what an account needs, and the values that choose the answer', async () => {
    const [english, chinese] = [await page('en'), await page('zh')];
    for (const [provider, { credentials }] of Object.entries(sandbox.accounts))
      for (const text of [`${base}/${provider}`, ...Object.values(credentials)])
        for (const html of [english, chinese]) assert.ok(html.includes(`<code>${text}</code>`), text);
    for (const { value, en, zh } of SPECIAL_VALUES)
      for (const [html, effect] of [
        [english, en],
        [chinese, zh],
      ] as const)
        assert.ok(html.includes(`<code>${value}</code>`) && html.includes(`>${effect}</td>`), value);
  });

  it('explains an unknown path in the language of its reader', async () => {
    for (const [language, text] of [
      ['en', /^The path begins with the name of a provider: \/xhey, /],
      ['zh-CN', /^路径须以服务商名称开头：\/xhey、/],
    ] as const) {
      const response = await fetch(`${base}/nobody`, { headers: { 'Accept-Language': language } });
      assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
      assert.match(await response.text(), text);
    }
  });

  it('lets nobody frame its page, and runs no program in it', async () => {
    const { headers } = await fetch(base);
    assert.match(headers.get('content-security-policy')!, /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(headers.get('cache-control'), 'no-store');
  });

  it('forgets the requests, or everything', async () => {
    const created = await callXhey(sandbox, CREATE, { photoUrlList: ['https://a.test/1.jpg'] });
    const taskID = /"taskID":"(\d+)"/.exec(await created.text())?.[1];
    const codeOfTask = async () => {
      const response = await callXhey(sandbox, '/v2/truth_build/query', { taskID });
      return ((await response.json()) as { code: number }).code;
    };
    const paid = async () => Object.keys((await (await fetch(`${base}/paid`)).json()) as object).length;
    const forgotten = await fetch(`${base}/requests`, { method: 'DELETE' });
    assert.deepEqual([forgotten.status, forgotten.headers.get('content-length')], [204, null]);
    assert.deepEqual([await seen(), await codeOfTask(), await paid()], [[], 200, 1]);
    assert.equal((await fetch(`${base}/reset`, { method: 'POST' })).status, 204);
    assert.deepEqual([await seen(), await codeOfTask(), await paid()], [[], 404, 0]);
  });

  it('shows its page again to who pressed its button', async () => {
    const accept = { Accept: 'text/html,application/xhtml+xml', Origin: base };
    const response = await fetch(`${base}/reset`, { method: 'POST', headers: accept, redirect: 'manual' });
    assert.deepEqual([response.status, response.headers.get('location')], [303, '/']);
  });

  it('knows which methods its paths take', async () => {
    for (const [path, method, allowed] of [
      ['/', 'POST', 'GET'],
      ['/requests', 'POST', 'GET, DELETE'],
      ['/reset', 'GET', 'POST'],
      ['/paid', 'DELETE', 'GET'],
    ] as const) {
      const { status, headers } = await fetch(base + path, { method });
      assert.deepEqual([status, headers.get('allow')], [405, allowed], path);
    }
  });

  const callers: [string, Record<string, string>, number][] = [
    ['a program', {}, 204],
    ['a program that calls it localhost', { Host: 'localhost:18080' }, 204],
    ['a program that calls it by IPv6', { Host: '[::1]:18080' }, 204],
    ['a program beside its container', { Host: 'sandbox:18080' }, 204],
    ['a program in a container', { Host: 'host.docker.internal:18080' }, 204],
    [
      'its own page',
      { Host: 'localhost:1', Origin: 'http://localhost:1', 'Sec-Fetch-Site': 'same-origin' },
      204,
    ],
    ['its own page, behind a gateway with TLS', { Host: 'localhost', Origin: 'https://localhost' }, 204],
    ['a page of another site', { Origin: 'https://example.com', 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['a page of another port', { Host: '127.0.0.1:18080', Origin: 'http://127.0.0.1:1880' }, 403],
    ['a page without an origin of its own', { Origin: 'null' }, 403],
    ['a form of another site', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }, 403],
    ['a page with a name that was pointed here', { Host: 'example.com' }, 403],
    ['one with an origin to match', { Host: 'example.com', Origin: 'http://example.com' }, 403],
    ['a name that cannot be read', { Host: 'a b' }, 403],
  ];
  for (const [name, headers, status] of callers) {
    it(`answers ${status} to ${name} that wants it to forget`, async () => {
      for (const [method, path] of [
        ['DELETE', '/requests'],
        ['POST', '/reset'],
      ] as const) {
        const answered = await ask(method, path, headers);
        assert.equal(answered.status, status);
        assert.equal(answered.reason !== '', status === 403);
      }
      const read = await ask('GET', '/requests', headers);
      // Who follows a link may look at the page.
      const isLink = headers['Sec-Fetch-Mode'] === 'navigate';
      assert.equal(read.status, status === 204 || isLink ? 200 : 403);
    });
  }

  it('lets no page with a name that was pointed here ask a provider, and every program', async () => {
    for (const [headers, status] of [
      [{ Host: 'example.com', Origin: 'http://example.com' }, 403],
      [{ Host: 'example.com' }, 405],
      [{ Origin: 'http://localhost:1880' }, 405],
    ] as const)
      assert.equal((await ask('GET', '/xhey/fetching/v2/truth_build/create', headers)).status, status);
  });

  it('is localhost, whichever of the two that is', async function () {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    if (!addresses.some(({ address }) => address === '::1')) this.skip();
    for (const host of ['localhost', '127.0.0.1', '[::1]'])
      assert.equal((await fetch(`http://${host}:${sandbox.port}/requests`)).status, 200, host);
    await assert.rejects(startSandbox({ port: sandbox.port, file: null, host: '::1' }), {
      code: 'EADDRINUSE',
    });
  });

  it('listens at the host of its options, and says where that is', async () => {
    for (const [host, name] of [
      ['0.0.0.0', '127.0.0.1'],
      ['127.0.0.2', '127.0.0.2'],
      ['localhost', 'localhost'],
    ]) {
      const other = await startSandbox({ port: 0, file: null, host: host! });
      try {
        assert.equal(other.accounts.xhey!.baseUrl, `http://${name}:${other.port}/xhey`);
        assert.equal((await fetch(other.accounts.xhey!.baseUrl)).status, 405);
      } finally {
        await other.close();
      }
    }
  });
});
