/** The admin route over the queues, in a real Node-RED; the health check is tested in scale-out.test.ts. */
import assert from 'node:assert/strict';
import { type NodeRed, READER, startNodeRed } from '../node-red-process';
import { until } from '../until';
import { type RedisServer, startRedis } from './server';

describe('the route over queues', function () {
  this.timeout(60_000);
  let redis: RedisServer;
  let nodeRed: NodeRed;
  const rows = async (token?: string | null) => nodeRed.ask('/cn-verify/queues', undefined, token);

  before(async () => {
    redis = await startRedis();
    nodeRed = await startNodeRed();
    const at = { z: 'tab', x: 1, y: 1 };
    const call = { ...at, type: 'verify-call', queue: 'queue', wait: 0, wires: [[], []] };
    await nodeRed.deploy([
      { id: 'queue', type: 'verify-queue', name: 'photos', credentials: { url: redis.url } },
      { id: 'wrong', type: 'verify-queue', name: 'a:b', credentials: { url: redis.url } },
      { id: 'in', ...at, type: 'http in', url: '/go', method: 'post', wires: [['call', 'ok']] },
      { id: 'call', ...call },
      { id: 'ok', ...at, type: 'http response', wires: [] },
    ]);
  });
  after(async () => {
    await nodeRed?.stop();
    await redis?.stop();
  });

  it('counts the jobs of each, for whoever may see flows', async () => {
    assert.equal((await rows(null)).status, 401);
    for (let sent = 0; sent < 3; sent++)
      assert.equal((await fetch(`${nodeRed.address}/go`, { method: 'POST' })).status, 200);
    let queue: Record<string, unknown> | undefined;
    let wrong: Record<string, unknown> | undefined;
    await until(
      async () => {
        [queue, wrong] = (await (await rows(READER)).json()) as Record<string, unknown>[];
        return queue!.waiting === 3;
      },
      () => JSON.stringify(queue),
    );
    assert.deepEqual(queue, { queue: 'queue', waiting: 3, active: 0, failed: 0 });
    const { text, ...known } = wrong!;
    assert.deepEqual(known, { queue: 'wrong', problem: 'queue-name-unusable', values: {} });
    assert.match(String(text), /^The name of the verify-queue cannot be used\./);
  });
});
