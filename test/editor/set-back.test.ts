/** A shared ledger that was set back to an older state, and the operator who presses *Go on* in the sidebar. */
import assert from 'node:assert/strict';
import { jpg } from '../input/pictures';
import { DEPLOYER, type NodeRed, READER, startNodeRed } from '../node-red-process';
import { type Cluster, startCluster } from '../postgres/cluster';
import { until } from '../until';
import { type Opened, openEditor } from './browser';
import { words } from './workbench';

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

describe('a shared ledger that was set back, in the sidebar', () => {
  let cluster: Cluster;
  let nodeRed: NodeRed;
  let editor: Opened;
  before(async () => {
    cluster = await startCluster();
    nodeRed = await startNodeRed({}, { lang: 'en-US', hasUsers: true });
    const credentials = { url: cluster.url, secret: 'a secret of the test' };
    await nodeRed.deploy([
      ...FLOW,
      { id: 'store', type: 'verify-ledger-store', schema: 'set_back', credentials },
    ]);
    editor = await openEditor(`${nodeRed.address}/?access_token=${DEPLOYER}`, 'zh-CN');
  });
  after(async () => {
    await editor?.close();
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
  const say = (key: string) => words('zh-CN', 'verification', `database.${key}`);

  it('pays for nothing until an operator has compared the bill and presses Go on', async () => {
    const { page } = editor;
    assert.equal(await pay('before'), 'passed');
    assert.deepEqual(await database(), { state: 'ready', text: null });
    await cluster.query("SELECT setval('set_back.commits', 1)");
    await cluster.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    );
    await until(async () => (await database()).state === 'damaged');
    assert.match(String((await database()).text), /older state/);
    assert.equal(await pay('after'), 'ledger-set-back');
    assert.equal((await nodeRed.ask('/cn-verify/damage/acknowledge', {}, READER)).status, 401);
    await page.evaluate(`RED.actions.invoke('cn-verify:show-verification')`);
    const box = page.locator('#cn-verify-verification [data-part="database"]');
    const goOn = box.getByRole('button', { name: say('go-on') });
    await goOn.click();
    const sure = page.locator('.red-ui-notification', { hasText: say('go-on-sure') });
    await sure.getByRole('button', { name: say('keep') }).click();
    await sure.waitFor({ state: 'detached' });
    assert.equal(await pay('after'), 'ledger-set-back');
    await goOn.click();
    await sure.getByRole('button', { name: say('go-on') }).click();
    await box.getByText(say('fine'), { exact: true }).waitFor();
    assert.equal(await goOn.count(), 0);
    assert.deepEqual(await database(), { state: 'ready', text: null });
    assert.equal(await pay('after'), 'passed');
    assert.deepEqual(editor.complaints, []);
  });
});
