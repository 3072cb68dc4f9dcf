/** A shared ledger that was set back to an older state, and the operator who says in the sidebar that calls go on. */
import assert from 'node:assert/strict';
import { jpg } from '../input/pictures';
import { type NodeRed, READER, startNodeRed } from '../node-red-process';
import { until } from '../until';
import { type Cluster, startCluster } from './cluster';

const at = { z: 'tab', x: 1, y: 1 };
const FLOW = [
  { id: 'tab', type: 'tab' },
  { id: 'account', type: 'tencent-market-account', environment: 'sandbox', ledger: 'store' },
  { id: 'in', ...at, type: 'http in', url: '/pay', method: 'post', wires: [['pay']] },
  {
    id: 'pay',
    ...at,
    type: 'face-compare',
    account: 'account',
    key: 'payload.key',
    keyType: 'msg',
    wires: [['said']],
  },
  { id: 'catch', ...at, type: 'catch', scope: null, wires: [['said']] },
  {
    id: 'said',
    ...at,
    type: 'function',
    func: 'msg.payload = msg.error ? msg.error.cause.problem : msg.payload.outcome; return msg;',
    wires: [['answer']],
  },
  { id: 'answer', ...at, type: 'http response' },
];

describe('a shared ledger that was set back, under a Node-RED', function () {
  this.timeout(300_000);
  let cluster: Cluster;
  let nodeRed: NodeRed;
  before(async () => {
    cluster = await startCluster();
    nodeRed = await startNodeRed();
    const credentials = { url: cluster.url, secret: 'a secret of the test' };
    await nodeRed.deploy([
      ...FLOW,
      { id: 'store', type: 'verify-ledger-store', schema: 'set_back', credentials },
    ]);
  });
  after(async () => {
    await nodeRed?.stop();
    await cluster?.remove();
  });

  const photo = jpg(96).toString('base64');
  const pay = async (key: string) => {
    const body = JSON.stringify({ key, name: '张三', idNumber: '110101199001011237', photo });
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${nodeRed.address}/pay`, { method: 'POST', headers, body })).text();
  };
  const database = async () =>
    (await (await nodeRed.ask('/cn-verify/database')).json()) as { state: string; text: string | null };
  const goOn = (token?: string) => nodeRed.ask('/cn-verify/damage/acknowledge', {}, token);

  it('pays for nothing until an operator says go on', async () => {
    assert.equal(await pay('before'), 'passed');
    assert.deepEqual(await database(), { state: 'ready', text: null });
    await cluster.query("SELECT setval('set_back.commits', 1)");
    await cluster.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    );
    await until(async () => (await database()).state === 'damaged');
    assert.match(String((await database()).text), /older state/);
    assert.equal(await pay('after'), 'ledger-set-back');
    assert.equal((await goOn(READER)).status, 401);
    assert.equal(await pay('after'), 'ledger-set-back');
    assert.equal((await goOn()).status, 200);
    assert.deepEqual(await database(), { state: 'ready', text: null });
    assert.equal(await pay('after'), 'passed');
  });
});
