/** Config nodes that are no accounts: what is wrong with their settings, and that they show their secrets to nobody. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { PhotoStoreNode } from '../../src/node-red/photos/photo-store-of';
import { ask, load, loadAll, nodeOf, unload } from './load';

type Row = [what: string, properties: object, credentials: object, problem: string | null];

const KEYS = { accessKeyId: 'a-key-of-the-test', secretAccessKey: 'a-secret-of-the-test' };
const S3 = { endpoint: 'https://oss-cn-hangzhou.aliyuncs.com', bucket: 'photos' };
const LOCAL = { kind: 'local' };
const INTERNAL = { ...S3, endpoint: 'https://10.0.0.5' };
const DOMAIN = { ...S3, bucket: '', style: 'domain' };
const withSecret = (secretAccessKey: string): Row => [
  `a secret that was pasted with something else: ${JSON.stringify(secretAccessKey)}`,
  S3,
  { ...KEYS, secretAccessKey },
  'store-key-characters',
];
const served = (what: string, publicUrl: string, problem: string | null, allowHttp = false): Row => [
  what,
  { ...LOCAL, publicUrl, allowHttp },
  {},
  problem,
];

const STORES: readonly Row[] = [
  ['a bucket', S3, KEYS, null],
  ['no endpoint', { bucket: 'photos' }, KEYS, 'store-endpoint'],
  ['an endpoint without TLS', { ...S3, endpoint: 'http://oss.example.com' }, KEYS, 'store-endpoint'],
  ['no bucket', { ...S3, bucket: '' }, KEYS, 'store-bucket-name'],
  ['an address as bucket', { ...S3, bucket: 'https://b.example.com' }, KEYS, 'store-bucket-name'],
  ['a prefix that leaves its folder', { ...S3, prefix: 'a/../b/' }, KEYS, 'store-prefix'],
  ['no secret', S3, { accessKeyId: 'a' }, 'store-keys-missing'],
  [
    'a variable that is not set',
    S3,
    { ...KEYS, secretAccessKey: '\u0024{NOT_SET_HERE}' },
    'variable-not-set',
  ],
  ['a private endpoint', { ...INTERNAL, style: 'path' }, KEYS, 'store-out-of-reach'],
  [
    'an internal endpoint with a public one',
    { ...INTERNAL, publicUrl: 'https://oss.example.com' },
    KEYS,
    null,
  ],
  ['a domain that is the bucket', { ...DOMAIN, endpoint: 'https://p.example.com' }, KEYS, null],
  [
    'an endpoint that is the bucket beside a public one that needs its name',
    { ...DOMAIN, publicUrl: 'https://oss.example.com', publicStyle: 'virtual-host' },
    KEYS,
    'store-bucket-name',
  ],
  [
    'an internal endpoint with a public domain that is the bucket',
    { ...INTERNAL, publicUrl: 'https://p.example.com', publicStyle: 'domain' },
    KEYS,
    null,
  ],
  ['an unknown style', { ...S3, style: 'host' }, KEYS, 'not-a-choice'],
  ...[
    'a-secret\n',
    'a\r\nsecret',
    '"a-secret"',
    "'a-secret'",
    ' a-secret',
    'a-\u200bsecret',
    'a\tsecret',
  ].map(withSecret),
  ['an id with a line break', S3, { ...KEYS, accessKeyId: 'a\nkey' }, 'store-key-characters'],
  ['too long a time', { ...S3, keep: 169 }, KEYS, 'out-of-bounds'],
  ['plain http to a bucket', { ...S3, publicUrl: 'http://oss.example.com' }, KEYS, 'store-plain-http'],
  ['no public address', LOCAL, {}, 'store-public-url'],
  served('a reverse proxy', 'https://verify.example.com/flows', null),
  served('a public address with a query', 'https://a.example.com/?b', 'store-public-url'),
  served('plain http', 'http://verify.example.com/flows', 'store-plain-http'),
  served('plain http on purpose', 'http://verify.example.com', null, true),
  served('plain http with a query', 'http://a.example.com/?b', 'store-public-url', true),
  served('this machine', 'http://127.0.0.1:1880', 'store-out-of-reach'),
];

describe('a photo-store', () => {
  const idOf = (row: Row) => `store ${STORES.indexOf(row)}`;
  const problemOf = (id: string, environment: 'production' | 'sandbox' = 'production') => {
    try {
      (nodeOf(id) as unknown as PhotoStoreNode).check(environment);
      return null;
    } catch (error) {
      return (error as { problem: string }).problem;
    }
  };
  before(() =>
    loadAll(
      'photo-store',
      Object.fromEntries(
        STORES.map((row) => {
          const [, properties, credentials] = row;
          return [idOf(row), { properties, credentials }];
        }),
      ),
    ),
  );
  after(unload);

  for (const row of STORES) {
    const [what, , , problem] = row;
    it(`${problem ? 'says that it is not set up' : 'takes its settings'}: ${what}`, () =>
      assert.equal(problemOf(idOf(row)), problem));
  }

  it('takes this machine for the sandbox', () =>
    assert.equal(problemOf(idOf(STORES.at(-1)!), 'sandbox'), null));

  it('shows its keys to nobody', () =>
    assert.doesNotMatch(inspect(nodeOf(idOf(STORES[0]!)), { depth: 10 }), /-of-the-test/));
});

describe('a verify-queue', () => {
  afterEach(unload);

  for (const [url, properties, problem] of [
    ['redis://redis.example:6379', {}, 'queue-unencrypted'],
    ['redis://LOCALHOST.example', { unencrypted: false }, 'queue-unencrypted'],
    [' http://127.0.0.1', { unencrypted: true }, 'queue-url-unreadable'],
    ['redis://:a-secret-of-the-test/more@127.0.0.1', {}, 'queue-url-unreadable'],
    ['rediss://127.0.0.1', { tls: 'missing' }, 'tls-missing'],
  ] as const) {
    it(`is ${problem} for ${url.replace('a-secret-of-the-test', '…')}`, async () => {
      await load('verify-call', properties, { url });
      const { from, error } = await ask({ payload: 1 });
      assert.deepEqual([from, error.code, error.cause.problem], ['caught', 'CONFIG', problem]);
      assert.doesNotMatch(JSON.stringify(error), /-of-the-test/);
    });
  }

  for (const [url, properties] of [
    ['redis://redis.invalid', { unencrypted: true }],
    ['  redis://localhost:1/0\n', {}],
    ['rediss://redis.invalid', {}],
    ['redis://:a-secret-of-the-test@127.0.0.1', {}],
  ] as const) {
    it(`takes ${JSON.stringify(url).replace('a-secret-of-the-test', '…')} with ${JSON.stringify(properties)}, and shows it to nobody`, async () => {
      await load('verify-call', properties, { url });
      const queue = nodeOf('config') as unknown as { options(): { server: { place: string } } };
      assert.equal(queue.options().server.place, new URL(url.trim()).host);
      assert.doesNotMatch(inspect(queue, { depth: 10 }), /-of-the-test/);
    });
  }

  it('does not help a verify-call with a setting out of its bounds', async () => {
    await load('verify-call', {}, { url: 'rediss://redis.invalid' }, { wait: -1 });
    const { error } = await ask({ payload: 1 });
    const { operation, charged } = error.cause;
    assert.deepEqual([error.code, operation, charged], ['CONFIG', 'verify-call', false]);
  });
});

describe('a verify-ledger-store', () => {
  afterEach(unload);

  it('shows its secret to nobody', async () => {
    await load('verify-ledger', {}, { url: '', secret: 'a-secret-of-the-test' });
    assert.doesNotMatch(inspect(nodeOf('config'), { depth: 10 }), /-of-the-test/);
  });
});

describe('a verify-ledger', () => {
  afterEach(unload);

  it('compares no bill with the calls of an account that nobody knows', async () => {
    await load('verify-ledger', {}, {}, { ledger: '' });
    const bill = [{ orderNo: '1', price: '1' }];
    const { error } = await ask({ payload: { bill, account: 'a mistyped name', month: '2026-11' } });
    assert.deepEqual([error.code, error.cause.problem], ['INPUT', 'bill-account']);
  });
});
