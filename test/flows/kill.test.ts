/** A Node-RED with 500 waiting tasks, killed again and again: every task comes out. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { temporaryDirectory } from '../demo-process';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { untilOnDisk } from './on-disk';
import { closeServers, json, scriptedServer, taskFinished } from './scripted-server';

const TASKS = 500;
const KILLS = 5;
/** Tasks finish one by one over this time, so that whenever a kill comes some are being delivered. */
const FINISHED_OVER_MS = 15_000;
const PHOTO = 'https://example.com/photo.jpg';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('a Node-RED that is killed', function () {
  this.timeout(180_000);
  let nodeRed: NodeRed;
  let collector: Server;
  /** How often each task came out. */
  const came = new Map<string, number>();
  const resumed = new Set<string>();

  before(async () => {
    collector = createServer((request, response) => {
      request.setEncoding('utf8');
      let body = '';
      request.on('data', (text) => {
        body += text;
      });
      request.on('end', () => {
        const { index, outcome, isResumed } = JSON.parse(body) as Record<string, string>;
        assert.equal(outcome, 'passed');
        came.set(index!, (came.get(index!) ?? 0) + 1);
        if (isResumed) resumed.add(index!);
        response.end();
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    await nodeRed?.stop();
    collector.closeAllConnections();
    collector.close();
    closeServers();
  });

  it(`${KILLS} times over loses none of ${TASKS} waiting tasks`, async () => {
    let start = Number.POSITIVE_INFINITY;
    const provider = await scriptedServer(({ body }, response) => {
      const { taskID } = JSON.parse(body) as { taskID: string };
      if (Date.now() > start + (Number(taskID) / TASKS) * FINISHED_OVER_MS)
        taskFinished(response, [{ photoUrl: PHOTO, status: 0 }]);
      else json(response, { code: 200, msg: 'success', taskStatus: 2, list: [] });
    });
    const userDir = temporaryDirectory();
    nodeRed = await startNodeRed({}, undefined, userDir);
    await nodeRed.deploy(flow(provider.baseUrl, (collector.address() as AddressInfo).port));
    assert.ok((await fetch(`${nodeRed.address}/start`, { method: 'POST' })).ok);
    await untilOnDisk(userDir, TASKS);

    start = Date.now();
    for (let kill = 0; kill < KILLS; kill++) {
      await pause(500 + Math.random() * 2_000);
      await nodeRed.stop('SIGKILL');
      nodeRed = await startNodeRed({}, undefined, userDir);
    }
    for (const deadline = Date.now() + 60_000; came.size < TASKS && Date.now() < deadline; ) await pause(100);

    const duplicates = [...came.values()].reduce((sum, times) => sum + times - 1, 0);
    console.log(
      `        ${came.size} of ${TASKS} came out, ${resumed.size} of them resumed; ${duplicates} came more than once`,
    );
    assert.equal(came.size, TASKS);
    assert.ok(resumed.size > TASKS / 10);
    // Nothing is left for the next start.
    await untilOnDisk(userDir, 0);
  });
});

/** Five hundred tasks into one truth-poll, and what comes out to the collector. */
function flow(baseUrl: string, port: number): object[] {
  const at = { z: 'tab', x: 1, y: 1 };
  return [
    {
      ...{ id: 'account', type: 'xhey-account', environment: 'custom', baseUrl },
      credentials: { groupKey: 'k', groupSecret: 's' },
    },
    { id: 'in', ...at, type: 'http in', url: '/start', method: 'post', wires: [['many', 'answer']] },
    { id: 'answer', ...at, type: 'http response', wires: [] },
    {
      ...{ id: 'many', ...at, type: 'function', wires: [['poll']] },
      func: `for (let index = 0; index < ${TASKS}; index++) node.send({ payload: String(index), index });`,
    },
    {
      ...{ id: 'poll', ...at, type: 'truth-poll', account: 'account', wires: [['tell'], ['poll']] },
      ...{ interval: 0.5, maxInterval: 1 },
    },
    {
      ...{ id: 'tell', ...at, type: 'function', wires: [['post']] },
      func: `return { payload: { index: msg.index, outcome: msg.payload.outcome, isResumed: msg.resumed } };`,
    },
    {
      ...{ id: 'post', ...at, type: 'http request', method: 'POST', ret: 'txt', wires: [[]] },
      url: `http://127.0.0.1:${port}/`,
    },
  ];
}
