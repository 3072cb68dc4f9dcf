/** A Node-RED with waiting tasks, killed again and again: every task comes out. */
import assert from 'node:assert/strict';
import type { NodeRed } from '../node-red-process';
import { untilOnDisk } from './on-disk';
import { closeServers } from './scripted-server';
import { startWaiting } from './waiting-process';

const TASKS = 200;
const KILLS = 2;

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

    // Before each kill a share of the tasks finishes, so that some are being delivered when it comes.
    for (let kill = 1; kill <= KILLS; kill++) {
      const delivered = waiting.delivered.length;
      waiting.finish((taskId) => Number(taskId) < (kill / (KILLS + 1)) * TASKS);
      await waiting.until(() => waiting.delivered.length > delivered);
      await nodeRed.stop('SIGKILL');
      nodeRed = await waiting.start();
    }
    waiting.finish();
    const came = () => new Set(waiting.delivered.map(({ index }) => index));
    await waiting.until(() => came().size === TASKS);

    const resumed = waiting.delivered.filter(({ resumed }) => resumed).length;
    console.log(`        ${resumed} were resumed; ${waiting.delivered.length - TASKS} came more than once`);
    assert.ok(waiting.delivered.every(({ outcome }) => outcome === 'passed'));
    assert.ok(resumed > TASKS / 10);
    // Nothing is left for the next start.
    await untilOnDisk(waiting.userDir, 0);
  });
});
