/** Rounds that alternate between contenders, and what comes of them. Two shared cores: only ratios mean anything. */

export interface Round {
  /** Messages a second. */
  rate: number;
  /** Microseconds of CPU time of this process for a message. */
  cpu: number;
}

/** @returns what one run of `work` over `count` messages took */
export async function measure(count: number, work: () => Promise<void>): Promise<Round> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { rate: count / seconds, cpu: (user + system) / count };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Runs all contenders round after round, and sets each against the first.
 * @param contenders by name
 * @param rounds of all of them
 * @returns medians of the ratios of each pair, by name
 */
export async function compare(
  contenders: Readonly<Record<string, () => Promise<Round>>>,
  rounds: number,
): Promise<Record<string, Round>> {
  const results = new Map<string, Round[]>(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const result = await run();
      // The first round only warms up.
      if (round > 0) results.get(name)!.push(result);
    }
  }
  const [first] = results.values();
  return Object.fromEntries(
    [...results].map(([name, all]) => [
      name,
      {
        rate: median(all.map(({ rate }, index) => rate / first![index]!.rate)),
        cpu: median(all.map(({ cpu }, index) => cpu / first![index]!.cpu)),
      },
    ]),
  );
}

/** Writes a table as Markdown. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cell = (value: string | number) => (typeof value === 'number' ? value.toFixed(2) : value);
  console.log(`| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}`);
  for (const row of rows) console.log(`| ${row.map(cell).join(' | ')} |`);
  console.log();
}
