/**
 * A photo of 12 megapixels made small enough, beside plain sharp that knows beforehand how large the result will be and so
 * needs one encoding; and beside plain sharp that only turns it and encodes it anew.
 */
import sharp from 'sharp';
import { fit as fitted } from '../../src/photos/fit';
import { photo } from '../photos/pictures';
import { inChild, serveCase } from './child';
import { median, table } from './measure';
import { collectGarbage, MEGABYTE, watchPeak } from './memory';

const [WIDTH, HEIGHT] = [4000, 3000];
const ROUNDS = 7;
const AT_ONCE = 12;
const MEMORY_CASES = 3;
const LIMITS = [0, 500, 50] as const;

type Contender = 'fit' | 'plain';

interface Goal {
  width: number;
  height: number;
  quality: number;
}

/** What comes of it, for plain sharp to know beforehand. */
async function goalOf(given: Buffer, maxPhotoKB: number): Promise<Goal> {
  const { width, height } = await sharp(await fitted(given, maxPhotoKB)).metadata();
  return { width, height, quality: maxPhotoKB === 0 ? 90 : 65 };
}

function plain(given: Buffer, { width, height, quality }: Goal): Promise<Buffer> {
  return sharp(given).rotate().resize(width, height, { fit: 'fill' }).jpeg({ quality }).toBuffer();
}

async function runCase(what: 'time' | Contender, maxPhotoKB: number, count: number): Promise<number[]> {
  const given = await sharp(await photo(WIDTH, HEIGHT))
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 92 })
    .toBuffer();
  const goal = await goalOf(given, maxPhotoKB);
  sharp.cache(false);
  const contenders = { fit: () => fitted(given, maxPhotoKB), plain: () => plain(given, goal) };
  if (what !== 'time') {
    await collectGarbage();
    const grown = watchPeak();
    await Promise.all(Array.from({ length: count }, contenders[what]));
    return [grown() / MEGABYTE];
  }
  const times: Record<Contender, number[]> = { fit: [], plain: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of ['fit', 'plain'] as const) {
      const start = performance.now();
      await contenders[name]();
      if (round > 0) times[name].push(performance.now() - start);
    }
  }
  return [median(times.fit), median(times.plain), given.length / MEGABYTE, goal.width, goal.height];
}

/** @returns the median of several processes */
async function memory(what: Contender, maxPhotoKB: number, count: number): Promise<number> {
  const peaks: number[] = [];
  for (let index = 0; index < MEMORY_CASES; index++)
    peaks.push((await inChild<number[]>(__filename, what, maxPhotoKB, count))[0]!);
  return median(peaks);
}

/** Time and peak memory, one photo and a dozen at once. */
export async function fit(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const maxPhotoKB of LIMITS) {
    const [own = 0, bare = 0, megabytes = 0, width, height] = await inChild<number[]>(
      __filename,
      'time',
      maxPhotoKB,
      1,
    );
    rows.push([
      ...[
        `${megabytes.toFixed(1)} MB`,
        maxPhotoKB === 0 ? 'no bound' : `${maxPhotoKB} KB`,
        `${width} × ${height}`,
      ],
      ...[own, bare, own / bare],
      ...[await memory('fit', maxPhotoKB, 1), await memory('plain', maxPhotoKB, 1)],
      ...[await memory('fit', maxPhotoKB, AT_ONCE), await memory('plain', maxPhotoKB, AT_ONCE)],
    ]);
  }
  const peaks = ['fit, MB', 'sharp, MB', `${AT_ONCE} at once, MB`, `sharp, ${AT_ONCE} at once, MB`];
  table(['12 megapixels', 'made', 'dots', 'fit, ms', 'sharp, ms', 'time against sharp', ...peaks], rows);
}

serveCase(__filename, runCase);
