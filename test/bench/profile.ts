/** Where the time of an action goes: a CPU profile of nothing but its messages, once all is warm. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { inChild, serveCase } from './child';
import { table } from './measure';
import { startProvider } from './provider';
import { ACTIONS } from './requests';
import { startRuntime } from './runtime';
import { ours } from './throughput';

const MESSAGES = 20_000;
const WARM_UP = 4_000;
const IN_FLIGHT = 64;
const SAMPLE_US = 200;
const SHOWN = 25;

interface Profiled {
  file: string;
  /** Milliseconds by function. */
  self: [string, number][];
  total: number;
}

async function runCase(type: string, baseUrl: string): Promise<Profiled> {
  const bench = ACTIONS[type]!;
  const runtime = await startRuntime();
  await runtime.deploy(ours(type, bench, baseUrl, IN_FLIGHT));
  const drive = (count: number) =>
    runtime.drive(count, IN_FLIGHT, (index) => ({ payload: bench.payload(index) }));
  await drive(WARM_UP);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
  await session.post('Profiler.start');
  await drive(MESSAGES);
  const { profile } = await session.post('Profiler.stop');
  const file = join(tmpdir(), `cn-verify-${type}.cpuprofile`);
  writeFileSync(file, JSON.stringify(profile));

  const names = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url.startsWith('file:') ? relative(process.cwd(), new URL(url).pathname) : url;
      return [id, `${functionName || '(anonymous)'}${place && ` ${place}:${lineNumber + 1}`}`];
    }),
  );
  const self = new Map<string, number>();
  let total = 0;
  profile.samples!.forEach((id, index) => {
    const milliseconds = profile.timeDeltas![index]! / 1000;
    const name = names.get(id)!;
    self.set(name, (self.get(name) ?? 0) + milliseconds);
    total += milliseconds;
  });
  return { file, self: [...self].sort(([, a], [, b]) => b - a).slice(0, SHOWN), total };
}

/** @param types of the nodes; truth-create without any */
export async function profile(types: readonly string[]): Promise<void> {
  const provider = await startProvider();
  for (const type of types.length > 0 ? types : ['truth-create']) {
    const { file, self, total } = await inChild<Profiled>(__filename, type, provider.baseUrl);
    console.log(`${MESSAGES} messages, ${IN_FLIGHT} in flight; the whole profile: ${file}\n`);
    table(
      [type, 'ms itself', '%'],
      self.map(([name, milliseconds]) => [name, milliseconds, (milliseconds / total) * 100]),
    );
  }
  provider.stop();
}

serveCase(__filename, runCase);
