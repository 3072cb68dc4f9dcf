import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../../src/waiting/journal';
import { temporaryDirectory } from '../demo-process';
import { pause } from '../http/server';
import { KEY, startProcess } from './process';

/** Milliseconds after 500 things came. */
const MOMENTS = [
  10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 900, 1_200, 1_700, 2_300, 3_100, 4_000, 5_000,
];
const AT_A_TIME = 4;

/** What a killed process left, against what it had said. */
async function killedAfter(
  milliseconds: number,
): Promise<{ moment: number; put: number; ended: number; first: number }> {
  const folder = join(temporaryDirectory(), 'waiting');
  const victim = startProcess();
  const begun = new Promise<void>((resolve) => victim.once('begun', resolve));
  victim.ask('load', folder).catch(() => {});
  await begun;
  await pause(milliseconds);
  const first = () => Number.parseInt(readdirSync(folder).sort()[0] ?? '', 10);
  // The last moment is when segments have been replaced, however slow the machine is.
  while (milliseconds === MOMENTS.at(-1) && !(first() >= 4)) await pause(20);
  await victim.kill();
  const oldest = first();

  const journal = new Journal({
    folder,
    key: () => KEY,
    told: (trouble, { count }) => assert.fail(`${trouble} ${count}, killed after ${milliseconds} ms`),
    onFound: () => assert.fail('The lock of the dead was not taken at once'),
  });
  const found = (await journal.open()).map(({ id }) => id);
  await journal.close();
  const put = victim.said.flatMap((said) => said.put ?? []);
  const ending = new Set(victim.said.flatMap((said) => said.ending ?? []));
  const ended = new Set(victim.said.flatMap((said) => said.ended ?? []));
  const label = `killed after ${milliseconds} ms`;
  assert.equal(new Set(found).size, found.length, label);
  assert.deepEqual(
    put.filter((id) => !ending.has(id) && !found.includes(id)),
    [],
    label,
  );
  assert.deepEqual(
    found.filter((id) => ended.has(id)),
    [],
    label,
  );
  return { moment: milliseconds, put: put.length, ended: ended.size, first: oldest };
}

describe('waiting: the journal of a process that is killed', () => {
  it('has all that was put at 20 moments, and nothing whose end was on disk', async () => {
    const moments = [...MOMENTS];
    const results: Awaited<ReturnType<typeof killedAfter>>[] = [];
    await Promise.all(
      Array.from({ length: AT_A_TIME }, async () => {
        for (let moment = moments.pop(); moment; moment = moments.pop())
          results.push(await killedAfter(moment));
      }),
    );
    assert.equal(results.length, MOMENTS.length);
    const last = results.find(({ moment }) => moment === 5_000)!;
    assert.ok(last.put > 1_000 && last.ended > 500, JSON.stringify(last));
    // Segments were replaced by then, again and again.
    assert.ok(last.first >= 3, JSON.stringify(last));
  }).timeout(60_000);
});
