import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { sharedSandbox } from '../../src/sandbox/shared';
import { jpg } from '../input/pictures';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

const PERSON = { name: '张三', idNumber: '110101199001011237', photo: jpg() };

/** By provider: a node that uses the account, what it takes, the names of both credentials, and the account's own properties. */
const ACCOUNTS = {
  xhey: {
    node: 'truth-create',
    payload: 'https://example.com/photo.jpg',
    credentials: ['groupKey', 'groupSecret'],
    own: { timeout: 10, sandboxFetches: false },
  },
  linkface: {
    node: 'get-token',
    payload: '',
    credentials: ['apiId', 'apiSecret'],
    own: { timeout: 10, timestampUnit: 'ms' },
  },
  'tencent-market': {
    node: 'face-compare',
    payload: PERSON,
    credentials: ['secretId', 'secretKey'],
    own: { timeout: 15, scheme: 'auto', source: 'market' },
  },
  westdex: {
    node: 'westdex-three',
    payload: PERSON,
    credentials: ['secretId', 'key'],
    own: { timeout: 60, keyDerivation: 'sha1prng' },
  },
} as const;

const SHARED = {
  name: '',
  environment: 'production',
  baseUrl: '',
  maxConcurrent: 16,
  maxPerSecond: 0,
  maxWaiting: 1000,
  circuit: true,
  keepAlive: true,
  tls: '',
  proxy: '',
};

for (const [provider, { node, payload, credentials, own }] of Object.entries(ACCOUNTS)) {
  const [first, second] = credentials;
  describe(`node ${provider}-account`, () => {
    afterEach(unload);

    it('is loaded with its defaults, and shows its keys to nobody', async () => {
      await load(node, {}, { [first]: 'an-id-of-the-test', [second]: 'a-secret-of-the-test' });
      assert.equal(nodeOf('config').type, `${provider}-account`);
      assert.doesNotMatch(inspect(nodeOf('config'), { depth: 10 }), /-of-the-test/);
      assertDefaults(`${provider}-account`, { ...SHARED, ...own });
    });

    it(`serves ${node} on the sandbox without keys`, async () => {
      await load(node, { environment: 'sandbox' });
      const { from, result } = await ask({ payload });
      assert.deepEqual([from, result.provider, result.environment], ['out1', provider, 'sandbox']);
    });

    it('raises an error at Catch where a key is missing', async () => {
      await load(node, {}, { [first]: 'an-id-of-the-test' });
      const { from, error } = await ask({ payload });
      assert.deepEqual([from, error.code, error.cause.values], ['caught', 'CONFIG', { name: second }]);
    });
  });
}

describe('node xhey-account on the sandbox', () => {
  afterEach(unload);

  it('has it download photos where it says so', async () => {
    await load('truth-create', { environment: 'sandbox', sandboxFetches: true });
    const { from } = await ask({ payload: 'http://127.0.0.1:9/photo.jpg' });
    const { requests } = await sharedSandbox(undefined);
    assert.deepEqual([from, requests.get('/xhey/fetching/v2/truth_build/create')], ['out1', 1]);
  });
});
