/** The routes over ledgers that several processes share, in a real Node-RED. */
import assert from 'node:assert/strict';
import { dayOf } from '../../src/ledger/calendar';
import type { Summary } from '../../src/node-red/ledger-reports';
import { compared, paidFlow, pay } from '../flows/paid-calls';
import { closeServers, json, scriptedServer } from '../flows/scripted-server';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { type RedisServer, SECRET, startRedis } from './server';

describe('the routes over shared ledgers', function () {
  this.timeout(60_000);
  let redis: RedisServer;
  let nodeRed: NodeRed;
  const summary = async () => (await nodeRed.ask('/cn-verify/ledger')).json() as Promise<Summary>;

  before(async () => {
    redis = await startRedis();
    const provider = await scriptedServer((_asked, response) => json(response, compared()));
    nodeRed = await startNodeRed();
    const store = { type: 'verify-ledger-store', credentials: { url: redis.url, secret: SECRET } };
    await nodeRed.deploy([
      ...paidFlow(provider.baseUrl, { ledger: 'second', price: 1, maxPerDay: 5 }),
      { ...store, id: 'first' },
      { ...store, id: 'second' },
      { id: 'wrong', type: 'verify-ledger-store', credentials: { url: 'http://127.0.0.1', secret: SECRET } },
    ]);
  });
  after(async () => {
    await nodeRed?.stop();
    await redis?.stop();
    closeServers();
  });

  it('count a ledger once that two stores name, and name a store that cannot be used', async () => {
    await pay(nodeRed, 'a');
    for (const deadline = Date.now() + 10_000; (await summary()).days[0]?.charged !== 1; )
      assert.ok(Date.now() < deadline, 'settled');
    const { days, accounts, troubles, ledgers } = await summary();
    assert.deepEqual(
      days.map(({ day, account, calls, price }) => [day, account, calls, price]),
      [[dayOf(Date.now()), 'payer', 1, 1]],
    );
    assert.deepEqual(accounts[0]!.day, { spent: 1, limit: 5 });
    assert.deepEqual(
      troubles.map(({ store, problem }) => [store, problem]),
      [['wrong', 'ledger-url-unreadable']],
    );
    assert.equal(ledgers, 2);
  });

  it('tell what they can when Redis is away, and give no table in part', async () => {
    await redis.kill();
    const { troubles, days } = await summary();
    assert.deepEqual(troubles.map(({ store, problem }) => `${store} ${problem}`).sort(), [
      'first ledger-away',
      'wrong ledger-url-unreadable',
    ]);
    assert.deepEqual(days, []);
    const table = await nodeRed.ask('/cn-verify/ledger.csv');
    assert.equal(table.status, 503);
    assert.ok(
      ['ledger-away', 'ledger-url-unreadable'].includes(
        ((await table.json()) as { problem: string }).problem,
      ),
    );
  });
});
