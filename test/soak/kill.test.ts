/** Two thousand tasks come at once, and the Node-RED is killed a moment later: what was queried is on disk. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { temporaryDirectory } from '../demo-process';
import { onDisk } from '../flows/on-disk';
import { closeServers } from '../flows/scripted-server';
import { startWaiting } from '../flows/waiting-process';
import { until } from '../until';

const TASKS = 2_000;
/** How many have been queried when it is killed. */
const MOMENTS = [1, 8, 50, 150, 400, 1_000, TASKS];

describe(`a Node-RED that is killed when ${TASKS} tasks have come`, () => {
  after(closeServers);

  it(`loses none that was queried, at ${MOMENTS.length} moments`, async () => {
    const waiting = await startWaiting();
    const nodeRed = await waiting.start();
    // Each starts with these flows, and with nothing that waits.
    await waiting.deploy(nodeRed);
    await nodeRed.stop();
    const rows: string[] = [];
    for (const moment of MOMENTS) {
      const userDir = temporaryDirectory();
      cpSync(waiting.userDir, userDir, { recursive: true });
      const victim = await waiting.start({}, userDir);
      waiting.queried.clear();
      void waiting.come(victim, TASKS).catch(() => {});
      await until(() => waiting.queried.size >= moment);
      await victim.stop('SIGKILL');
      const kept = new Set((await onDisk(userDir)).flatMap(({ taskIds }) => taskIds));
      const lost = [...waiting.queried].filter((taskId) => !kept.has(taskId));
      rows.push(`${waiting.queried.size} queried, ${kept.size} on disk`);
      assert.deepEqual(lost, [], rows.at(-1));
    }
    console.log(rows.map((row) => `        ${row}`).join('\n'));
  });
});
