/** Two thousand tasks come at once, and the Node-RED is killed a moment later: what was asked for is on disk. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { temporaryDirectory } from '../demo-process';
import { onDisk } from '../flows/on-disk';
import { closeServers } from '../flows/scripted-server';
import { startWaiting } from '../flows/waiting-process';

const TASKS = 2_000;
/** Milliseconds after the tasks came. */
const MOMENTS = [
  ...[10, 20, 40, 60, 80, 100, 150, 200, 250, 300],
  ...[400, 500, 700, 900, 1_200, 1_500, 2_000, 3_000, 4_000, 5_000],
];

describe(`a Node-RED that is killed when ${TASKS} tasks have come`, () => {
  after(closeServers);

  it(`loses none that was asked for, at ${MOMENTS.length} moments`, async () => {
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
      waiting.asked.clear();
      void waiting.come(victim, TASKS).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, moment));
      await victim.stop('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const kept = new Set((await onDisk(userDir)).flatMap(({ taskIds }) => taskIds));
      const lost = [...waiting.asked].filter((taskId) => !kept.has(taskId));
      rows.push(`${moment} ms: ${waiting.asked.size} asked for, ${kept.size} on disk`);
      assert.deepEqual(lost, [], rows.at(-1));
      if (moment === MOMENTS.at(-1)) assert.equal(waiting.asked.size, TASKS);
    }
    console.log(rows.map((row) => `        ${row}`).join('\n'));
  });
});
