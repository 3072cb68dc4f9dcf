/** Account nodes as they come out of the palette, each with an action that uses it. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Cause } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import { sharedSandbox } from '../../src/sandbox/shared';
import { actionFlow, ask, deploy, liveNode, startRuntime } from '../flows/runtime';
import { jpg } from '../input/pictures';
import { defaultsOf } from './form';

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

/** What comes out of a new node with a new account, but for those properties. */
async function askNew(action: string, provider: string, properties: object, payload: unknown) {
  const type = `${provider}-account`;
  await deploy(
    actionFlow({ ...defaultsOf(action), type: action }, { ...defaultsOf(type), type, ...properties }),
  );
  const { out1, caught } = await ask({ payload });
  return {
    result: out1[0]?.payload as Result,
    error: caught[0]?.error as { code: string; cause: Cause },
  };
}

describe('an account node', () => {
  before(() => startRuntime());

  for (const [provider, action, payload, first, second] of ACCOUNTS) {
    it(`of ${provider} serves ${action} on the sandbox without keys`, async () => {
      const { result } = await askNew(action, provider, { environment: 'sandbox' }, payload);
      assert.deepEqual([result.provider, result.environment], [provider, 'sandbox']);
    });

    it(`of ${provider} is CONFIG where a key is missing, and shows the other to nobody`, async () => {
      const credentials = { [first]: 'an-id-of-the-test' };
      const { error } = await askNew(action, provider, { credentials }, payload);
      assert.deepEqual([error.code, error.cause.values], ['CONFIG', { name: second }]);
      assert.doesNotMatch(inspect(liveNode('account'), { depth: 10 }), /-of-the-test/);
    });
  }

  it('has the sandbox download photos where it says so', async () => {
    const { requests } = await sharedSandbox(undefined);
    const path = '/xhey/fetching/v2/truth_build/create';
    const before = requests.get(path) ?? 0;
    const properties = { environment: 'sandbox', sandboxFetches: true };
    await askNew('truth-create', 'xhey', properties, 'http://127.0.0.1:9/photo.jpg');
    assert.equal(requests.get(path), before + 1);
  });
});
