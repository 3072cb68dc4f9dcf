import assert from 'node:assert/strict';
import type { Cause } from '../../src/errors';
import { actionFlow, deploy, type FlowNode, got, seen, send, startRuntime, until } from './runtime';
import { closeServers, type ScriptedServer, scriptedServer, taskCreated } from './scripted-server';

const PHOTO = 'https://example.com/photo.jpg';
const EMPTY = [{ id: 'tab', type: 'tab' }];

/** What is open in this process: a redeploy must leave nothing behind. */
function resources(): number {
  return process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocketWrap|TLSWrap/.test(name)).length;
}

describe('a deploy while messages are being worked on, in a real Node-RED', () => {
  let server: ScriptedServer;
  const account = (properties: object = {}) => ({
    environment: 'custom',
    baseUrl: server.baseUrl,
    credentials: { groupKey: 'groupKey', groupSecret: 'groupSecret' },
    ...properties,
  });

  before(() => startRuntime());
  beforeEach(async () => {
    server = await scriptedServer((_asked, response) => taskCreated(response));
  });
  afterEach(closeServers);

  it('lets a paid request in flight be answered, and sends it once', async () => {
    await deploy(actionFlow({ type: 'truth-create' }, account()));
    const answers: (() => void)[] = [];
    server.script = (_asked, response) => answers.push(() => taskCreated(response));
    const message = { payload: PHOTO };
    send('action', message);
    await until(() => answers.length === 1);
    const deployed = deploy(EMPTY);
    await new Promise((resolve) => setTimeout(resolve, 200));
    answers[0]!();
    await deployed;
    assert.equal((message.payload as unknown as { outcome: string }).outcome, 'submitted');
    assert.equal(server.asked.length, 1);
  });

  it('cancels what has not been sent, and polls', async () => {
    const nodes = actionFlow({ type: 'truth-poll' }, account({ maxConcurrent: 1 }));
    const create = {
      id: 'create',
      type: 'truth-create',
      account: 'account',
      z: 'tab',
      x: 1,
      y: 1,
      wires: [[]],
    };
    await deploy([...nodes, create]);
    server.script = () => {};
    send('create', { payload: PHOTO });
    await until(() => server.asked.length === 1);
    send('create', { payload: PHOTO });
    send('action', { payload: '1' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { messages } = seen;
    const started = Date.now();
    await deploy(EMPTY);
    assert.ok(Date.now() - started < 8_000);
    assert.equal(server.asked.length, 1);
    assert.equal(messages.get('out1')!.length, 0);
  });

  it('knows that what waits to be sent again was not taken', async () => {
    const create = actionFlow({ type: 'truth-create' }, account());
    await deploy(create);
    server.script = (_asked, response) => response.writeHead(503, { 'Retry-After': '50' }).end();
    send('action', { payload: PHOTO });
    await until(() => server.asked.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await deploy(
      create.map(
        ({ credentials, ...node }) => (node.id === 'action' ? { ...node, batchSize: 8 } : node) as FlowNode,
      ),
      'nodes',
    );
    await until(() => got('caught').length === 1);
    const { code, cause } = got('caught')[0]!.error as { code: string; cause: Cause };
    assert.deepEqual(
      [code, cause.charged, cause.retryable, cause.notSubmitted],
      ['CANCELLED', false, true, [PHOTO]],
    );
  });

  it('CANCELLED reaches Catch where only that node is deployed anew', async () => {
    const nodes = actionFlow({ type: 'truth-poll', interval: 0.05 }, account());
    await deploy(nodes);
    server.script = () => {};
    send('action', { payload: '1' });
    await until(() => server.asked.length === 1);
    await deploy(
      // Credentials in a deploy count as a change of the account, and that as a full deploy.
      nodes.map(
        ({ credentials, ...node }) => (node.id === 'action' ? { ...node, interval: 0.06 } : node) as FlowNode,
      ),
      'nodes',
    );
    await until(() => got('caught').length === 1);
    const { code, cause } = got('caught')[0]!.error as { code: string; cause: Cause };
    assert.deepEqual([code, cause.taskIds, cause.retryable], ['CANCELLED', ['1'], true]);
  });

  it('a hundred times over leaves nothing behind', async function () {
    this.timeout(60_000);
    const nodes = actionFlow({ type: 'truth-create' }, account());
    await deploy(nodes);
    send('action', { payload: PHOTO });
    await until(() => got('out1').length === 1);
    await deploy(EMPTY);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = resources();
    for (let round = 0; round < 100; round++) {
      await deploy(nodes);
      send('action', { payload: PHOTO });
      await until(() => got('out1').length === 1);
    }
    await deploy(EMPTY);
    await until(() => resources() <= before + 2, 10_000);
    assert.equal(server.asked.length, 101);
  });

  it('clears the status', async () => {
    await deploy(actionFlow({ type: 'truth-create' }, account()));
    send('action', { payload: PHOTO });
    await until(() => got('out1').length === 1);
    await deploy(EMPTY);
    assert.ok(seen.lastStatuses.some(({ id, status }) => id === 'action' && JSON.stringify(status) === '{}'));
  });
});
