import assert from 'node:assert/strict';
import { join } from 'node:path';
import { temporaryDirectory } from '../demo-process';
import { idsOf, openTasks, startProcess } from './tasks';

/** Milliseconds after 500 tasks came. */
const MOMENTS = [
  5, 10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 900, 1_200, 1_700, 2_300, 3_100, 4_000,
];
const AT_A_TIME = 4;

/** Compares what a killed process left with what it had said. */
async function killedAfter(milliseconds: number): Promise<{ due: number; delivered: number }> {
  const label = `killed after ${milliseconds} ms`;
  const file = join(temporaryDirectory(), 'cn-verify.db');
  const victim = startProcess();
  const begun = new Promise<void>((resolve) => victim.once('begun', resolve));
  victim.ask('load', file).catch(() => {});
  await begun;
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await victim.kill();

  const { tasks, database, warnings } = await openTasks(file);
  const found = idsOf(tasks.list());
  await database.close();
  assert.deepEqual(warnings, [], label);
  assert.equal(new Set(found).size, found.length, label);
  const settled = victim.said.findLastIndex((said) => said.settled !== undefined);
  const deliveredIn = (said: typeof victim.said) =>
    new Set(said.flatMap(({ delivering }) => delivering ?? []));
  const delivered = deliveredIn(victim.said);
  const deleted = deliveredIn(victim.said.slice(0, Math.max(0, settled)));
  assert.deepEqual(
    [...victim.due()].filter((id) => !delivered.has(id) && !found.includes(id)),
    [],
    label,
  );
  assert.deepEqual(
    found.filter((id) => deleted.has(id)),
    [],
    label,
  );
  return { due: victim.due().size, delivered: deleted.size };
}

describe('waiting: the tasks of a process that is killed', () => {
  it('are all there at 20 moments if they may have been queried, and not if they had been deleted', async () => {
    const moments = [...MOMENTS];
    const results: Awaited<ReturnType<typeof killedAfter>>[] = [];
    await Promise.all(
      Array.from({ length: AT_A_TIME }, async () => {
        for (let moment = moments.pop(); moment; moment = moments.pop())
          results.push(await killedAfter(moment));
      }),
    );
    assert.equal(results.length, MOMENTS.length);
    const due = results.reduce((sum, each) => sum + each.due, 0);
    assert.ok(due > 2_000 && results.some(({ delivered }) => delivered > 0), JSON.stringify(results));
  }).timeout(120_000);
});
