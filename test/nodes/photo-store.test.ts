import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { PhotoStoreNode } from '../../src/node-red/photos/photo-store-of';
import { assertDefaults, define } from './form';
import { load, nodeOf, unload } from './load';

const KEYS = { accessKeyId: 'a-key-of-the-test', secretAccessKey: 'a-secret-of-the-test' };
const S3 = { endpoint: 'https://oss-cn-hangzhou.aliyuncs.com', bucket: 'photos' };

describe('node photo-store', () => {
  afterEach(unload);

  const checked = (environment: 'production' | 'sandbox' = 'production') => {
    try {
      (nodeOf('store') as unknown as PhotoStoreNode).check(environment);
      return null;
    } catch (error) {
      return (error as { problem: string }).problem;
    }
  };
  const loadStore = (properties: object, credentials: object = KEYS) =>
    load('truth-create', { environment: 'sandbox' }, {}, { store: 'store' }, [
      { type: 'photo-store', properties, credentials },
    ]);

  it('is loaded with its defaults, and shows its keys to nobody', async () => {
    await loadStore(S3);
    assert.equal(checked(), null);
    assert.doesNotMatch(inspect(nodeOf('store'), { depth: 10 }), /-of-the-test/);
    assertDefaults('photo-store', {
      name: '',
      kind: 's3',
      endpoint: '',
      region: '',
      bucket: '',
      prefix: '',
      style: 'virtual-host',
      publicUrl: '',
      publicStyle: 'same',
      allowHttp: false,
      keep: 24,
      maxMB: 1024,
      fit: false,
      maxPhotoKB: 0,
      metadata: 'keep',
      timeout: 30,
      tls: '',
      proxy: '',
    });
  });

  const wrong: [string, object, object, string][] = [
    ['no endpoint', { bucket: 'photos' }, KEYS, 'store-endpoint'],
    ['an endpoint without TLS', { ...S3, endpoint: 'http://oss.example.com' }, KEYS, 'store-endpoint'],
    ['no bucket', { ...S3, bucket: '' }, KEYS, 'store-bucket-name'],
    ['an address as bucket', { ...S3, bucket: 'https://b.example.com' }, KEYS, 'store-bucket-name'],
    ['a prefix that leaves its folder', { ...S3, prefix: 'a/../b/' }, KEYS, 'store-prefix'],
    ['no secret', S3, { accessKeyId: 'a' }, 'store-keys-missing'],
    [
      'a variable that is not set',
      S3,
      { ...KEYS, secretAccessKey: `\u0024{NOT_SET_HERE}` },
      'variable-not-set',
    ],
    [
      'a private endpoint',
      { ...S3, endpoint: 'https://10.0.0.5:9000', style: 'path' },
      KEYS,
      'store-out-of-reach',
    ],
    [
      'an endpoint that is the bucket beside a public one that needs its name',
      {
        ...S3,
        bucket: '',
        style: 'domain',
        publicUrl: 'https://oss.example.com',
        publicStyle: 'virtual-host',
      },
      KEYS,
      'store-bucket-name',
    ],
    ['a style that is none', { ...S3, style: 'host' }, KEYS, 'not-a-choice'],
    ...[
      ...[
        'a-secret\n',
        'a\r\nsecret',
        '"a-secret"',
        "'a-secret'",
        ' a-secret',
        'a-\u200bsecret',
        'a\tsecret',
      ],
    ].map((key): [string, object, object, string] => [
      `a secret that was pasted with something else: ${JSON.stringify(key)}`,
      S3,
      { ...KEYS, secretAccessKey: key },
      'store-key-characters',
    ]),
    ['an id with a line break', S3, { ...KEYS, accessKeyId: 'a\nkey' }, 'store-key-characters'],
    ['too long a time', { ...S3, keep: 169 }, KEYS, 'out-of-bounds'],
    ['no public address', { kind: 'local' }, {}, 'store-public-url'],
    [
      'a public address with a query',
      { kind: 'local', publicUrl: 'https://a.example.com/?b' },
      {},
      'store-public-url',
    ],
    ['plain http', { kind: 'local', publicUrl: 'http://verify.example.com/flows' }, {}, 'store-plain-http'],
    ['plain http to a bucket', { ...S3, publicUrl: 'http://oss.example.com' }, KEYS, 'store-plain-http'],
    [
      'plain http with a query',
      { kind: 'local', publicUrl: 'http://a.example.com/?b', allowHttp: true },
      {},
      'store-public-url',
    ],
    ['this machine', { kind: 'local', publicUrl: 'http://127.0.0.1:1880' }, {}, 'store-out-of-reach'],
  ];
  for (const [name, properties, credentials, problem] of wrong) {
    it(`says that it is not set up: ${name}`, async () => {
      await loadStore(properties, credentials);
      assert.equal(checked(), problem);
    });
  }

  const right: [string, object][] = [
    [
      'an internal endpoint with a public one',
      { ...S3, endpoint: 'https://10.0.0.5', publicUrl: 'https://oss.example.com' },
    ],
    ['a reverse proxy', { kind: 'local', publicUrl: 'https://verify.example.com/flows' }],
    ['plain http on purpose', { kind: 'local', publicUrl: 'http://verify.example.com', allowHttp: true }],
    [
      'a domain that is the bucket',
      { ...S3, bucket: '', endpoint: 'https://p.example.com', style: 'domain' },
    ],
    [
      'an internal endpoint with a public domain that is the bucket',
      { ...S3, endpoint: 'https://10.0.0.5', publicUrl: 'https://p.example.com', publicStyle: 'domain' },
    ],
  ];
  for (const [name, properties] of right) {
    it(`takes ${name}`, async () => {
      await loadStore(properties);
      assert.equal(checked(), null);
    });
  }

  it('takes this machine for the sandbox', async () => {
    await loadStore({ kind: 'local', publicUrl: 'http://127.0.0.1:1880' });
    assert.equal(checked('sandbox'), null);
  });

  it('is chosen by truth-create', () => {
    assert.equal(define('truth-create').defaults.store!.type, 'photo-store');
  });
});
