/** What is wrong with a node is said when it is deployed, before a message meets it. */
import assert from 'node:assert/strict';
import { actionFlow, deploy, logs, seen, startRuntime } from './runtime';

const SANDBOX = { environment: 'sandbox' };
const WARNING = 30;

/** Each with what is wrong, and a word of what is said. */
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
  ['a limit out of its bounds', { type: 'truth-create' }, { ...SANDBOX, maxConcurrent: 0 }, /maxConcurrent/],
  ['a setting out of its bounds', { type: 'truth-create', batchSize: 11 }, SANDBOX, /batchSize/],
  ['a property nobody can set', { type: 'truth-create', output: 'a[' }, SANDBOX, /Result to/],
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
