/** What waits, made durable: the journal, against a file and a flush for each thing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { Journal, type Kept } from '../../src/waiting/journal';
import { measure, median, table } from './measure';

const THINGS = 2_000;
const ROUNDS = 5;
const AT_A_TIME = [1, 64, THINGS];

const thing = (index: number): Kept => ({
  id: `thing ${index}`,
  node: 'node',
  type: 'truth-poll',
  since: 1_700_000_000_000,
  deadline: 1_700_000_300_000,
  orphanedAt: null,
  taskIds: [`${index}`],
  work: { fields: { task: `${index}` } },
  message: { _msgid: `${index}`, payload: { order: index, note: 'x'.repeat(200) } },
});

async function inTurns(atATime: number, put: (kept: Kept) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < THINGS) await put(thing(next++));
  };
  await Promise.all(Array.from({ length: atATime }, lane));
}

export async function journal(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const atATime of AT_A_TIME) {
    const rates: number[] = [];
    const alone: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const folder = mkdtempSync(join(tmpdir(), 'cn-verify-bench-'));
      const written = new Journal({
        folder: join(folder, 'waiting'),
        key: () => Buffer.alloc(32, 7),
        told: (trouble) => console.error(trouble),
        onFound: () => {},
      });
      await written.open();
      rates.push((await measure(THINGS, () => inTurns(atATime, (kept) => written.put(kept)))).rate);
      await written.close();
      const files = async (kept: Kept) => {
        const file = await open(join(folder, kept.id), 'wx');
        await file.writeFile(serialize(kept));
        await file.datasync();
        await file.close();
      };
      alone.push((await measure(THINGS, () => inTurns(atATime, files))).rate);
      rmSync(folder, { recursive: true });
    }
    const rate = median(rates);
    const ratio = median(rates.map((each, index) => each / alone[index]!));
    rows.push([atATime, Math.round(rate), (1000 / rate).toFixed(2), ratio.toFixed(1)]);
  }
  table(['at a time', 'things/s on disk', 'ms a thing', 'times a file each'], rows);
}
