import assert from 'node:assert/strict';
import { isLoopback } from '../../src/http/address';
import { type ProxyNode, proxyFor } from '../../src/http/proxy';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('http: which proxy, by the environment', () => {
  const provider = 'https://api.provider.test/path';
  const rows: [string, string, NodeJS.ProcessEnv, string | null][] = [
    ['none', provider, {}, null],
    ['https_proxy', provider, { https_proxy: 'http://p:1' }, 'http://p:1/'],
    ['HTTPS_PROXY', provider, { HTTPS_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['lower case first', provider, { https_proxy: 'http://l:1', HTTPS_PROXY: 'http://u:1' }, 'http://l:1/'],
    ['an empty one counts as none', provider, { https_proxy: '', HTTPS_PROXY: 'http://u:1' }, 'http://u:1/'],
    ['not that of the other scheme', provider, { http_proxy: 'http://p:1' }, null],
    ['http_proxy', 'http://api.provider.test', { http_proxy: 'http://p:1' }, 'http://p:1/'],
    ['all_proxy', provider, { all_proxy: 'http://p:1' }, 'http://p:1/'],
    ['ALL_PROXY', provider, { ALL_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['https_ before all_', provider, { all_proxy: 'http://a:1', HTTPS_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['without a scheme', provider, { https_proxy: 'p:3128' }, 'http://p:3128/'],
    ['with TLS', provider, { https_proxy: 'https://p:8443' }, 'https://p:8443/'],
  ];
  for (const [name, target, environment, url] of rows) {
    it(name, () => assert.deepEqual(proxyFor(new URL(target), undefined, environment), url && { url }));
  }

  const exemptions: [string, string, boolean][] = [
    ['*', provider, true],
    ['api.provider.test', provider, true],
    ['API.Provider.TEST', provider, true],
    ['provider.test', provider, false],
    ['.provider.test', provider, true],
    ['*.provider.test', provider, true],
    ['*provider.test', provider, true],
    ['.vider.test', provider, false],
    ['other.test, api.provider.test', provider, true],
    ['other.test api.provider.test', provider, true],
    [' , ,', provider, false],
    ['api.provider.test:443', provider, true],
    ['api.provider.test:8443', provider, false],
    ['.provider.test:8443', 'https://api.provider.test:8443', true],
    ['.provider.test:443', 'https://api.provider.test:8443', false],
    ['api.provider.test:80', 'http://api.provider.test', true],
    ['10.0.0.8', 'https://10.0.0.8', true],
    ['10.0.0.8', 'https://10.0.0.80', false],
  ];
  for (const [exempt, target, direct] of exemptions) {
    it(`no_proxy "${exempt}" ${direct ? 'exempts' : 'does not exempt'} ${target}`, () => {
      for (const name of ['no_proxy', 'NO_PROXY']) {
        const environment = { all_proxy: 'http://p:1', [name]: exempt };
        assert.deepEqual(
          proxyFor(new URL(target), undefined, environment),
          direct ? null : { url: 'http://p:1/' },
        );
      }
    });
  }

  for (const [url, credentials] of [
    ['http://u%40x:p%3A%E5%BC%A0@p:1', 'u@x:p:张'],
    ['http://only@p:1', 'only:'],
  ] as const)
    it(`takes the credentials out of ${url}`, () => {
      const route = { url: 'http://p:1/', authorization: basic(credentials) };
      assert.deepEqual(proxyFor(new URL(provider), undefined, { https_proxy: url }), route);
    });

  for (const address of ['socks5://p:1080', 'SOCKS://p', 'socks5h://u:word@p:1080', 'ftp://p', 'file:///p']) {
    it(`${address} is no proxy for HTTP`, () => {
      for (const node of [undefined, { url: address, noproxy: [] }]) {
        const protocol = `${/^\w+/.exec(address)![0].toLowerCase()}:`;
        assert.throws(() => proxyFor(new URL(provider), node, { all_proxy: address }), {
          code: 'CONFIG',
          problem: 'proxy-scheme',
          values: { protocol },
        });
        assert.equal(proxyFor(new URL('http://127.0.0.1:1'), node, { all_proxy: address }), null);
      }
    });
  }

  it('throws where the URL cannot be read', () => {
    for (const https_proxy of ['http://', 'http://p:99999', 'a b', 'http://%ZZ@p:1']) {
      assert.throws(() => proxyFor(new URL(provider), undefined, { https_proxy }), https_proxy);
    }
  });
});

describe('http: which proxy, by an http proxy node', () => {
  const target = new URL('https://api.provider.test');
  const environment = { https_proxy: 'http://environment:1', no_proxy: '*' };
  const route = (node: Partial<ProxyNode>) =>
    proxyFor(target, { url: 'http://node:1', noproxy: [], ...node }, environment);

  it('goes before the environment, no_proxy too', () =>
    assert.deepEqual(route({}), { url: 'http://node:1/' }));

  it('has exemptions of its own', () => {
    assert.equal(route({ noproxy: ['other.test', ' .provider.test '] }), null);
    assert.deepEqual(route({ noproxy: ['other.test', ''] }), { url: 'http://node:1/' });
  });

  it('has credentials of its own, before those in its URL', () => {
    for (const node of [
      { username: 'name', password: 'secret' },
      { url: 'http://a:b@node:1', username: 'name', password: 'secret' },
      { url: 'http://name:secret@node:1', username: '', password: '' },
    ])
      assert.deepEqual(route(node), { url: 'http://node:1/', authorization: basic('name:secret') });
  });
});

describe('http: what is this machine', () => {
  const own = 'localhost LOCALHOST:1880 sandbox.localhost 127.0.0.1 127.255.3.4 0x7f.1 [::1]:80';
  const others =
    '128.0.0.1 10.127.0.1 localhost.a.test notlocalhost 127.a.test 127.0.0.1.a.test [::2] 0.0.0.0';
  for (const [hosts, isOwn] of [
    [own, true],
    [others, false],
  ] as const) {
    for (const host of hosts.split(' '))
      it(`${host} ${isOwn ? 'is, and never goes through a proxy' : 'is not'}`, () => {
        const target = new URL(`http://${host}`);
        assert.equal(isLoopback(target.hostname), isOwn);
        const route = isOwn ? null : { url: 'http://p:1/' };
        assert.deepEqual(proxyFor(target, undefined, { all_proxy: 'http://p:1' }), route);
        assert.deepEqual(proxyFor(target, { url: 'http://p:1', noproxy: [] }, {}), route);
      });
  }
});
