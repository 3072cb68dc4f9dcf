/** Account nodes as they come out of the palette, each with an action that uses it. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { sharedSandbox } from '../../src/sandbox/shared';
import { jpg } from '../input/pictures';
import { ask, load, nodeOf, unload } from './load';

const PERSON = { name: '张三', idNumber: '110101199001011237', photo: jpg() };
const PHOTO_URL = 'https://example.com/photo.jpg';

/** By provider: a node that uses the account, what it takes, and the names of both credentials. */
const ACCOUNTS: readonly [
  provider: string,
  action: string,
  payload: unknown,
  first: string,
  second: string,
][] = [
  ['xhey', 'truth-create', PHOTO_URL, 'groupKey', 'groupSecret'],
  ['linkface', 'get-token', '', 'apiId', 'apiSecret'],
  ['tencent-market', 'face-compare', PERSON, 'secretId', 'secretKey'],
  ['westdex', 'westdex-three', PERSON, 'secretId', 'key'],
];

describe('an account node', () => {
  afterEach(unload);

  for (const [provider, action, payload, first, second] of ACCOUNTS) {
    it(`of ${provider} serves ${action} on the sandbox without keys`, async () => {
      await load(action);
      const { result } = await ask({ payload });
      assert.deepEqual([result.provider, result.environment], [provider, 'sandbox']);
    });

    it(`of ${provider} is CONFIG where a key is missing, and shows the other to nobody`, async () => {
      await load(action, {}, { [first]: 'an-id-of-the-test' });
      const { from, error } = await ask({ payload });
      assert.deepEqual([from, error.code, error.cause.values], ['caught', 'CONFIG', { name: second }]);
      assert.doesNotMatch(inspect(nodeOf('config'), { depth: 10 }), /-of-the-test/);
    });
  }

  it('has the sandbox download photos where it says so', async () => {
    const { requests } = await sharedSandbox(undefined);
    const path = '/xhey/fetching/v2/truth_build/create';
    const before = requests.get(path) ?? 0;
    await load('truth-create', { environment: 'sandbox', sandboxFetches: true });
    await ask({ payload: 'http://127.0.0.1:9/photo.jpg' });
    assert.equal(requests.get(path), before + 1);
  });
});
