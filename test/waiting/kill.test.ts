import assert from 'node:assert/strict';
import { join } from 'node:path';
import { temporaryDirectory } from '../demo-process';
import { dueIn, idsOf, openTasks, startProcess, until } from './tasks';

/** Milliseconds after 500 tasks came; the last one is when something was delivered and deleted. */
const MOMENTS = [5, 60, 160, 640, 2_300, Number.POSITIVE_INFINITY];
const AT_A_TIME = 3;

/** Compares what a killed process left with what it had said. */
async function killedAfter(milliseconds: number): Promise<{ due: number; delivered: number }> {
  const label = `killed after ${milliseconds} ms`;
  const file = join(temporaryDirectory(), 'cn-verify.db');
  const victim = startProcess();
  victim.ask('load', file).catch(() => {});
  await until(() => victim.said.some(({ begun }) => begun));
  if (Number.isFinite(milliseconds)) await new Promise((resolve) => setTimeout(resolve, milliseconds));
  else await until(() => victim.said.some(({ settled }) => settled !== undefined));
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
    [...dueIn(victim)].filter((id) => !delivered.has(id) && !found.includes(id)),
    [],
    label,
  );
  assert.deepEqual(
    found.filter((id) => deleted.has(id)),
    [],
    label,
  );
  return { due: dueIn(victim).size, delivered: deleted.size };
}

describe('waiting: the tasks of a process that is killed', () => {
  it('are all there at some moments if they may have been queried, and not if they had been deleted', async () => {
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
    assert.ok(due > 0 && results.some(({ delivered }) => delivered > 0), JSON.stringify(results));
  }).timeout(120_000);
});
