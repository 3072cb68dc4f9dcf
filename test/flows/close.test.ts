import assert from 'node:assert/strict';
import type { Cause } from '../../src/contract/errors';
import {
  accountAt,
  actionFlow,
  deploy,
  type FlowNode,
  got,
  seen,
  send,
  startRuntime,
  until,
} from './runtime';
import { closeServers, type ScriptedServer, scriptedServer, taskCreated } from './scripted-server';

const PHOTO = 'https://example.com/photo.jpg';
const EMPTY = [{ id: 'tab', type: 'tab' }];

/** What is open in this process: a redeploy must leave nothing behind. */
function resources(): number {
  return process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocketWrap|TLSWrap/.test(name)).length;
}

describe('a deploy while messages are being worked on, in a real Node-RED', () => {
  let server: ScriptedServer;
  const account = (properties: object = {}) => accountAt(server.baseUrl, properties);

  before(() => startRuntime());
  beforeEach(async () => {
    server = await scriptedServer((_asked, response) => taskCreated(response));
  });
  afterEach(closeServers);

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

  it('a hundred times over leaves nothing behind', async () => {
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
    await until(() => resources() <= before + 2);
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
