/** The three lists of truth-create on errors that no provider's answer brings. */
import assert from 'node:assert/strict';
import type { Account } from '../../../src/contract/account';
import { readSettings } from '../../../src/node-red/runner/settings';
import { truthCreate } from '../../../src/providers/xhey/truth-create';
import { closeServers, scriptedServer, taskCreated } from '../../flows/scripted-server';
import { failure, makeContext } from '../../http/context';
import { closeAll, open } from '../../http/server';

const A = 'https://p.example.com/a.jpg';
const B = 'https://p.example.com/b.jpg';
const C = 'https://p.example.com/c.jpg';
const ARRIVAL = { now: 0, environment: 'custom' } as const;
const settings = (config = {}) => readSettings(truthCreate.settings, { id: '', type: '', ...config });

describe('xhey truth-create', () => {
  afterEach(async () => {
    await closeAll();
    closeServers();
  });

  it('an unexpected error in batch two keeps the lists, and where it came from', async () => {
    const server = await scriptedServer((_asked, response) => taskCreated(response));
    const baseUrl = new URL(server.baseUrl);
    const pairs: Account['pairs'] = [{ groupKey: 'groupKey', groupSecret: 'groupSecret' }];
    const transport = open({ baseUrl, pairs });
    const account: Account = { environment: 'custom', baseUrl, pairs, secrets: [], settings: {}, transport };
    const input = await truthCreate.parse({ photos: [A, B, A, C] }, settings({ batchSize: 1 }), ARRIVAL);
    let attempts = 0;
    const context = makeContext({
      attempted: () => {
        if (++attempts === 2) throw new TypeError('a fault of our own');
      },
    });
    const error = await failure(truthCreate.run(account, input, context), 'PROTOCOL');
    assert.equal(error.problem, 'internal');
    assert.ok(error.cause instanceof TypeError);
    const { submitted, notSubmitted, uncertain, retryable } = error.details;
    assert.deepEqual(
      submitted?.map(({ photoUrls }) => photoUrls),
      [[A, A]],
    );
    assert.deepEqual([notSubmitted, uncertain, retryable], [[C], [B], false]);
  });

  it('lists all photos as not submitted where nothing was sent', async () => {
    const input = await truthCreate.parse({ photos: [A, B, A] }, settings(), ARRIVAL);
    assert.deepEqual(truthCreate.unsent?.(input), { submitted: [], notSubmitted: [A, B, A], uncertain: [] });
  });
});
