/** What the package costs a Node-RED that does not use it yet: its start, and the disk. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { inChild, serveCase } from './child';
import { median, table } from './measure';
import { collectGarbage, held, MEGABYTE } from './memory';
import { startRuntime } from './runtime';

const ROOT = join(__dirname, '../../..');
const PACKAGE = '@cn-verify/node-red-cn-verify';
const LOADS = 11;
const STARTS = 9;

interface Cost {
  milliseconds: number;
  cpu: number;
  /** Bytes that are still held once it is over. */
  held: number;
  rss: number;
}

type What = 'nothing' | 'nodes' | 'Node-RED' | 'Node-RED and nodes';

/** Node-RED is loaded before the clock runs, so that what both need is nobody's. */
async function runCase(what: What): Promise<Cost> {
  if (what.startsWith('Node-RED')) require(process.env.NODE_RED || 'node-red');
  await collectGarbage();
  const before = { held: held(), rss: process.memoryUsage().rss, cpu: process.cpuUsage() };
  const start = performance.now();
  if (what === 'nodes') requireNodes();
  else if (what !== 'nothing') await startRuntime({}, {}, what === 'Node-RED and nodes');
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before.cpu);
  await collectGarbage();
  return {
    milliseconds,
    cpu: (user + system) / 1000,
    held: held() - before.held,
    rss: process.memoryUsage().rss - before.rss,
  };
}

/** As Node-RED's loader does it, with as much of its interface as they use on loading. */
function requireNodes(): void {
  const { 'node-red': own } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const ignore = () => {};
  const red = {
    nodes: { registerType: ignore },
    httpAdmin: { get: ignore, post: ignore, delete: ignore },
    httpNode: { get: ignore },
    events: { on: ignore },
    auth: { needsPermission: () => ignore },
    settings: {},
  };
  for (const file of Object.values<string>(own.nodes)) require(join(ROOT, file)).default(red);
}

/** @returns medians of the differences of pairs that alternate */
async function difference(without: What, and: What, pairs: number): Promise<Cost> {
  const costs: Cost[] = [];
  for (let index = 0; index < pairs; index++) {
    const base = await inChild<Cost>(__filename, without);
    const more = await inChild<Cost>(__filename, and);
    costs.push({
      milliseconds: more.milliseconds - base.milliseconds,
      cpu: more.cpu - base.cpu,
      held: more.held - base.held,
      rss: more.rss - base.rss,
    });
  }
  const of = (name: keyof Cost) => median(costs.map((cost) => cost[name]));
  return { milliseconds: of('milliseconds'), cpu: of('cpu'), held: of('held'), rss: of('rss') };
}

/** Installs the package as a user does, and adds up its files. */
async function sizes(): Promise<[string, number, number][]> {
  const folder = mkdtempSync(join(tmpdir(), 'cn-verify-size-'));
  const npm = (cwd: string, ...parameters: string[]) =>
    execFileSync('npm', parameters, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const packed = npm(ROOT, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder);
    writeFileSync(join(folder, 'package.json'), '{"name":"user","private":true}');
    const tarball = join(folder, JSON.parse(packed)[0].filename);
    npm(folder, 'install', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', tarball);
    const parts = new Map<string, { files: number; disk: number }>();
    for (const { path, files, disk } of await filesOf(join(folder, 'node_modules'))) {
      const part = partOf(path.slice(folder.length + '/node_modules/'.length));
      const sum = parts.get(part) ?? { files: 0, disk: 0 };
      parts.set(part, { files: sum.files + files, disk: sum.disk + disk });
    }
    return [...parts]
      .map(([part, { files, disk }]) => [part, files, disk] as const)
      .sort((a, b) => b[1] - a[1]) as never;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Our own files by kind, those of others by package. */
function partOf(path: string): string {
  const [name, rest] = path.startsWith(PACKAGE)
    ? [PACKAGE, path.slice(PACKAGE.length + 1)]
    : [path.split('/')[0]!, ''];
  if (!rest) return name;
  const kind = /\.d\.ts$/.test(rest) ? '.d.ts' : basename(rest).replace(/^.*\./, '.');
  return `own ${rest.startsWith('dist') ? dirname(rest).split('/').slice(0, 2).join('/') : dirname(rest)} ${kind}`;
}

async function filesOf(folder: string): Promise<{ path: string; files: number; disk: number }[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const all = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesOf(path);
      const { size, blocks } = await lstat(path);
      return [{ path, files: size, disk: blocks * 512 }];
    }),
  );
  return all.flat();
}

/** Time, memory and size that are added by installing it. */
export async function load(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const [name, without, and, pairs] of [
    ['requiring all nodes', 'nothing', 'nodes', LOADS],
    ["Node-RED's start", 'Node-RED', 'Node-RED and nodes', STARTS],
  ] as const) {
    const { milliseconds, cpu, ...memory } = await difference(without, and, pairs);
    rows.push([name, milliseconds, cpu, memory.held / MEGABYTE, memory.rss / MEGABYTE]);
  }
  table(['adds to', 'ms', 'CPU ms', 'values, MB', 'rss, MB'], rows);

  const parts = await sizes();
  const total = (index: 1 | 2) => parts.reduce((sum, part) => sum + part[index], 0) / MEGABYTE;
  table(
    ['installed', 'MB', 'MB on disk'],
    [
      ...parts.map(([part, files, disk]) => [part, files / MEGABYTE, disk / MEGABYTE]),
      ['all', total(1), total(2)],
    ],
  );
}

serveCase(__filename, runCase);
