/** What is wrong with a node is reported when it is deployed, before a message comes, and as the error of each message. */
import assert from 'node:assert/strict';
import { HERE } from '../photos/results';
import { errorOf } from './five-actions';
import { actionFlow, deploy, logs, seen, startRuntime } from './runtime';

const SANDBOX = { environment: 'sandbox' };
const KEYS = { credentials: { groupKey: 'k', groupSecret: 's' } };
const WARNING = 30;
const AGE = { type: 'photo-rules', maxAge: 10 };
const SLOT = { type: 'photo-rules', within: 200, latitude: String(HERE.lat), longitude: String(HERE.lng) };

/** Each with what is wrong, and a word of the error. */
type Case = readonly [
  string,
  Record<string, unknown> & { type: string },
  Record<string, unknown> | null,
  RegExp,
];
const CASES: readonly Case[] = [
  ['no account', { type: 'truth-create' }, null, /No account/],
  ['an account of another provider', { type: 'get-token' }, SANDBOX, /another provider/],
  ['an account without credentials', { type: 'truth-create' }, {}, /no groupKey/],
  [
    'an account whose variable is not set',
    { type: 'truth-create' },
    { credentials: { groupKey: 'k', groupSecret: '${CN_VERIFY_NOT_SET}' } },
    /CN_VERIFY_NOT_SET/,
  ],
  ...['"k"', "'k'", ' k', 'k\n', '\u200bk'].map(
    (groupKey): Case => [
      `an account whose key came as ${JSON.stringify(groupKey)}`,
      { type: 'truth-create' },
      { credentials: { groupKey, groupSecret: 's' } },
      /groupKey .*quotation marks/,
    ],
  ),
  [
    'an account without an address',
    { type: 'truth-create' },
    { environment: 'custom', baseUrl: '' },
    /no base URL/,
  ],
  [
    'an account at no URL',
    { type: 'truth-create' },
    { environment: 'custom', baseUrl: 'openapi.xhey.top' },
    /base URL cannot be used/,
  ],
  [
    'an account with a password in its address',
    { type: 'truth-create' },
    { environment: 'custom', baseUrl: 'https://user:word@example.com' },
    /base URL cannot be used/,
  ],
  ['an environment that is none', { type: 'truth-create' }, { environment: 'staging' }, /^environment /],
  [
    'an unset variable as a limit',
    { type: 'truth-create' },
    { ...SANDBOX, timeout: '${CN_VERIFY_NOT_SET}' },
    /CN_VERIFY_NOT_SET/,
  ],
  ['a tls-config that is gone', { type: 'truth-create' }, { ...KEYS, tls: 'gone' }, /TLS configuration/],
  ['a proxy that is gone', { type: 'truth-create' }, { ...KEYS, proxy: 'gone' }, /proxy/],
  [
    'an account whose next key came in quotation marks',
    { type: 'truth-create' },
    { credentials: { groupKey: 'k', groupSecret: 's', nextGroupKey: 'n', nextGroupSecret: '"t"' } },
    /nextGroupSecret .*quotation marks/,
  ],
  [
    'an account with http',
    { type: 'truth-create' },
    { environment: 'custom', baseUrl: 'http://example.com' },
    /https/,
  ],
  ['half a batch', { type: 'truth-create', batchSize: 2.5 }, SANDBOX, /batchSize/],
  ['a limit out of its bounds', { type: 'truth-create' }, { ...SANDBOX, maxConcurrent: 0 }, /maxConcurrent/],
  ['a setting out of its bounds', { type: 'truth-create', batchSize: 11 }, SANDBOX, /batchSize/],
  ['a property nobody can set', { type: 'truth-create', output: 'a[' }, SANDBOX, /Result to/],
  ...['__proto__', '__proto__.x', 'payload.__proto__.x', 'a["__proto__"]'].map(
    (output): Case => [
      `a property that nobody finds again, ${output}`,
      { type: 'truth-create', output },
      SANDBOX,
      /Result to/,
    ],
  ),
  [
    'an expression with a syntax error',
    { type: 'truth-poll', task: '$(', taskType: 'jsonata' },
    SANDBOX,
    /JSONata expression for task/,
  ],
  [
    'bounds that are crossed',
    { type: 'face-compare', sameFrom: 0.3, differentBelow: 0.5 },
    { type: 'tencent-market-account', ...SANDBOX },
    /differentBelow|0\.5/,
  ],
  [
    'a condition with a syntax error',
    { type: 'westdex-three', passWhen: 'code = ' },
    { type: 'westdex-account', ...SANDBOX },
    /JSONata expression for passWhen/,
  ],
  [
    'an unknown unit of time',
    { type: 'get-token' },
    { type: 'linkface-account', ...SANDBOX, timestampUnit: 'minutes' },
    /^timestampUnit /,
  ],
  ['no rule', { type: 'photo-rules' }, null, /no rule/],
  ['a distance from nowhere', { type: 'photo-rules', within: 200 }, null, /no place/],
  ['a latitude that cannot be read', { ...SLOT, latitude: '30,5' }, null, /latitude/],
  [
    'a latitude whose variable is not set',
    { ...SLOT, latitude: '${CN_VERIFY_NOT_SET}' },
    null,
    /CN_VERIFY_NOT_SET/,
  ],
  ['an address of blanks', { type: 'photo-rules', addressHolds: '  ' }, null, /addressHolds/],
  ['more days than are remembered', { type: 'photo-rules', unseen: 4000 }, null, /unseen/],
  ['another system of coordinates', { ...SLOT, coordinates: 'bd09' }, null, /coordinates/],
  ['a rule with a syntax error', { ...AGE, at: '$(', atType: 'jsonata' }, null, /JSONata expression for at/],
];

describe('deploying a node that is not set up, in a real Node-RED', () => {
  before(() => startRuntime());

  for (const [what, action, account, words] of CASES) {
    it(`says so: ${what}`, async () => {
      logs.length = 0;
      await deploy(actionFlow(action, account));
      const warned = logs.filter(({ level, type }) => level === WARNING && type === action.type);
      assert.equal(warned.length, 1, JSON.stringify(warned));
      assert.match(String(warned[0]!.msg), words);
      const { status } = seen.lastStatuses.filter(({ id }) => id === 'action').at(-1)!;
      assert.deepEqual(status, { fill: 'red', shape: 'ring', text: 'CONFIG' });
      assert.equal((await errorOf({ payload: 'https://example.com/photo.jpg' })).code, 'CONFIG');
    });
  }

  it('says nothing of one that is, and opens nothing', async () => {
    logs.length = 0;
    await deploy(
      actionFlow(
        { type: 'face-compare' },
        {
          type: 'tencent-market-account',
          environment: 'custom',
          baseUrl: 'https://127.0.0.1:9',
          scheme: 'gateway',
          credentials: { secretId: 'i', secretKey: 'k' },
        },
      ),
    );
    assert.deepEqual(
      logs.filter(({ level, type }) => level <= WARNING && type === 'face-compare'),
      [],
    );
    assert.deepEqual(
      seen.lastStatuses.filter(({ id, status }) => id === 'action' && status.text),
      [],
    );
  });
});
