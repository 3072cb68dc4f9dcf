/** What an operator can do with the database, in a real Node-RED with its admin interface. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryDirectory } from '../demo-process';
import { type NodeRed, READER, startNodeRed } from '../node-red-process';
import { until } from '../until';
import { compared, paidFlow, pay } from './paid-calls';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

describe('the database of a Node-RED', function () {
  this.timeout(120_000);
  let userDir: string;
  let nodeRed: NodeRed;
  let provider: ScriptedServer;

  async function start(): Promise<void> {
    nodeRed = await startNodeRed({}, undefined, userDir);
    await nodeRed.deploy(
      paidFlow(provider.baseUrl, { name: 'Paid', price: 1, maxPerDay: 0, maxPerMonth: 0 }),
    );
  }
  const get = async (path: string) => (await nodeRed.ask(path)).json() as Promise<Record<string, unknown>>;

  before(async () => {
    userDir = temporaryDirectory();
    provider = await scriptedServer((_asked, response) => json(response, compared()));
    await start();
  });
  after(async () => {
    await nodeRed?.stop();
    closeServers();
  });

  it('is copied while it is in use, for who may write', async () => {
    await pay(nodeRed, 'a');
    const refused = await nodeRed.ask('/cn-verify/backup', undefined, READER);
    assert.equal(refused.status, 401);
    await until(async () => {
      const { days } = (await get('/cn-verify/ledger')) as { days: { charged: number }[] };
      return days[0]?.charged === 1;
    });
    const answer = await nodeRed.ask('/cn-verify/backup');
    assert.equal(answer.headers.get('content-type'), 'application/vnd.sqlite3');
    const copy = join(temporaryDirectory(), 'copy.db');
    writeFileSync(copy, Buffer.from(await answer.arrayBuffer()));
    const database = new DatabaseSync(copy, { readOnly: true });
    const { calls } = database
      .prepare("SELECT count(*) AS calls FROM entries WHERE state = 'settled'")
      .get()!;
    assert.equal(calls, 1);
    database.close();
    assert.deepEqual(
      readdirSync(join(userDir, 'cn-verify')).filter((name) => name.includes('backup')),
      [],
    );
  });

  it('says that its secret is another, and begins anew when somebody decides so', async () => {
    assert.deepEqual(await get('/cn-verify/database'), { state: 'ready', text: null });
    await nodeRed.stop();
    rmSync(join(userDir, 'cn-verify', 'key'));
    await start();
    const { state, text } = await get('/cn-verify/database');
    assert.equal(state, 'secret-differs');
    assert.match(String(text), /another secret/);
    await until(() => /encrypted under another secret/.test(nodeRed.output()));
    const path = '/cn-verify/secret/start-anew';
    assert.equal((await nodeRed.ask(path, {}, READER, 'POST')).status, 401);
    assert.equal((await nodeRed.ask(path, {}, undefined, 'POST')).status, 200);
    assert.equal((await get('/cn-verify/database')).state, 'ready');
    await pay(nodeRed, 'b');
  });

  it('says that it is gone with its folder, and goes on when somebody decides so', async () => {
    await nodeRed.stop();
    rmSync(join(userDir, 'cn-verify'), { recursive: true });
    await start();
    const { state, text } = await get('/cn-verify/database');
    assert.equal(state, 'damaged');
    assert.match(String(text), /damaged/);
    const path = '/cn-verify/damage/acknowledge';
    assert.equal((await nodeRed.ask(path, {}, READER, 'POST')).status, 401);
    assert.equal((await nodeRed.ask(path, {}, undefined, 'POST')).status, 200);
    assert.equal((await get('/cn-verify/database')).state, 'ready');
  });
});
