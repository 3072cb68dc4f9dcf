/** A sandbox and Node-RED processes that run the example scale-out, as deploy/ has them run; networks that can be cut. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Health } from '../../src/node-red/admin/health';
import { ROOT, temporaryDirectory } from '../demo-process';
import { example as exampleFlow } from '../example-flows';
import { freePort } from '../http/server';
import { until } from '../until';

const PACKAGE = '@cn-verify/node-red-cn-verify';
/** The variables of the accounts in deploy/verify.env. */
const ACCOUNTS = /^(?:XHEY|LINKFACE|TENCENT_MARKET|WESTDEX)_/;
/** Of the clock that /proc counts in. */
const TICKS_PER_SECOND = 100;

export interface Program {
  readonly pid: number;
  isRunning(): boolean;
  start(): Promise<void>;
  /** As a power cut would. */
  kill(): Promise<void>;
  /** As a service manager would. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @param isUp called until it returns true */
function program(parameters: string[], options: object, isUp: () => Promise<boolean>): Program {
  let child: ChildProcess | undefined;
  const isRunning = () => child?.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (!child || !isRunning()) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    running.delete(child);
  };
  return {
    get pid() {
      return child!.pid!;
    },
    isRunning,
    start: async () => {
      child = spawn(process.execPath, parameters, options);
      running.add(child);
      await until(isUp, `${parameters.join(' ')} did not start`);
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

export interface Sandbox extends Program {
  /** What deploy/settings.js reads. */
  environment: Record<string, string>;
  /** Calls that could be charged for, by `paidKey`. */
  paid(): Promise<Record<string, number>>;
}

/** @param latency milliseconds before each answer */
export async function startSandbox(latency: number): Promise<Sandbox> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const paid = async () => (await fetch(`${address}/paid`)).json() as Promise<Record<string, number>>;
  const isUp = () =>
    paid().then(
      () => true,
      () => false,
    );
  const file = join(ROOT, 'dist/src/sandbox/command-line.js');
  const parameters = [file, '--port', String(port), '--latency', String(latency)];
  const sandbox = program(parameters, { stdio: 'ignore' }, isUp);
  await sandbox.start();
  // Its accounts are on a sandbox already, at another port.
  const example = parseEnv(readFileSync(join(ROOT, 'deploy/verify.env'), 'utf8'));
  const environment = Object.fromEntries(
    Object.entries(example)
      .filter(([name]) => ACCOUNTS.test(name))
      .map(([name, value = '']) => [name, value.replace('http://127.0.0.1:18080', address)]),
  );
  return Object.assign(sandbox, { environment, paid });
}

export interface Member extends Program {
  address: string;
}

export type FlowNode = Record<string, unknown> & { type: string };

export function example(): FlowNode[] {
  return structuredClone(exampleFlow('scale-out')) as FlowNode[];
}

/**
 * Starts one Node-RED.
 * @param role of its name; without one it is a front end and a worker
 * @param environment what else it reads
 * @param change to the flow: a test has no five minutes
 */
export async function startMember(
  role: 'worker' | 'front' | 'operator' | '',
  environment: Record<string, string>,
  change: (node: FlowNode) => void = () => {},
): Promise<Member> {
  const directory = temporaryDirectory();
  const link = join(directory, 'node_modules', PACKAGE);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(ROOT, link, 'junction');
  const flows = example();
  for (const node of flows) change(node);
  const flow = join(directory, 'changed.json');
  writeFileSync(flow, JSON.stringify(flows));
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  // Node-RED may listen before its flows have started.
  const isUp = () =>
    healthOf(address).then(
      ({ health }) => health.flows === 'running',
      () => false,
    );
  const red = require.resolve(`${process.env.NODE_RED || 'node-red'}/red.js`);
  const settings = join(ROOT, 'deploy/settings.js');
  const member = program(
    [red, '--userDir', directory, '--settings', settings],
    {
      cwd: directory,
      stdio: ['ignore', process.env.DEBUG_FLEET ? 'inherit' : 'ignore', 'inherit'],
      env: { ...process.env, PORT: String(port), NAME: role || 'all', FLOW: flow, ...environment },
    },
    isUp,
  );
  await member.start();
  return Object.assign(member, { address });
}

/** @returns what a process says of itself */
export async function healthOf(address: string): Promise<{ status: number; health: Health }> {
  const response = await fetch(`${address}/cn-verify/health`);
  return { status: response.status, health: (await response.json()) as Health };
}

export interface Cable {
  /** What leads to the same place over it. */
  url: string;
  /** Nothing comes through, or no answer does, and neither end learns of it. */
  cut(which?: 'all' | 'answers'): void;
  mend(): void;
  close(): void;
}

/**
 * @param url of a Redis on this machine
 * @param bytesASecond that come through to it
 */
export async function startCable(url: string, bytesASecond = Number.POSITIVE_INFINITY): Promise<Cable> {
  const { port } = new URL(url);
  let isCut: 'all' | 'answers' | null = null;
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        ends.delete(one);
        if (!isCut) other.destroy();
      });
      one.on('data', (data) => {
        if (isCut && (isCut === 'all' || one === far)) return;
        other.write(data);
        const busyMs = one === near ? (data.length / bytesASecond) * 1000 : 0;
        if (busyMs < 1) return;
        one.pause();
        setTimeout(() => one.resume(), busyMs);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: (which = 'all') => {
      isCut = which;
    },
    // What was on its way is lost, so that these connections are of no use any more.
    mend: () => {
      isCut = null;
      for (const end of ends) end.destroy();
    },
    close: () => {
      server.close();
      for (const end of ends) end.destroy();
    },
  };
}

/** Seconds of CPU that a process has used. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
