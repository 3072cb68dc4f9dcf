/** A Node-RED with 500 waiting tasks, killed again and again: every task comes out. */
import assert from 'node:assert/strict';
import type { NodeRed } from '../node-red-process';
import { untilOnDisk } from './on-disk';
import { closeServers } from './scripted-server';
import { startWaiting } from './waiting-process';

const TASKS = 500;
const KILLS = 5;
/** Tasks finish one by one over this time, so that whenever a kill comes some are being delivered. */
const FINISHED_OVER_MS = 15_000;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('a Node-RED that is killed', function () {
  this.timeout(180_000);
  let nodeRed: NodeRed;

  after(async () => {
    await nodeRed?.stop();
    closeServers();
  });

  it(`${KILLS} times over loses none of ${TASKS} waiting tasks`, async () => {
    const waiting = await startWaiting();
    nodeRed = await waiting.start();
    await waiting.deploy(nodeRed);
    await waiting.come(nodeRed, TASKS);
    await untilOnDisk(waiting.userDir, TASKS);

    const start = Date.now();
    waiting.finish((taskId) => Date.now() > start + (Number(taskId) / TASKS) * FINISHED_OVER_MS);
    for (let kill = 0; kill < KILLS; kill++) {
      await pause(500 + Math.random() * 2_000);
      await nodeRed.stop('SIGKILL');
      nodeRed = await waiting.start();
    }
    const came = () => new Set(waiting.told.map(({ index }) => index));
    await waiting.until(() => came().size === TASKS);

    const resumed = waiting.told.filter((told) => told.resumed).length;
    console.log(`        ${resumed} were resumed; ${waiting.told.length - TASKS} came more than once`);
    assert.ok(waiting.told.every(({ outcome }) => outcome === 'passed'));
    assert.ok(resumed > TASKS / 10);
    // Nothing is left for the next start.
    await untilOnDisk(waiting.userDir, 0);
  });
});
