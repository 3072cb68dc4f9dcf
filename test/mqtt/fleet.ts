/** A broker, a sandbox and Node-RED processes that run the example scale-out, as deploy/ has them run. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Journal } from '../../src/waiting/journal';
import { masterKey } from '../../src/waiting/key';

import { ROOT, temporaryDirectory } from '../demo-process';
import { freePort } from '../http/server';

const PACKAGE = '@cn-verify/node-red-cn-verify';
const START_MS = 60_000;

export interface Program {
  readonly pid: number;
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

/** @param isUp asked until it says yes */
function program(
  command: string,
  parameters: string[],
  options: object,
  isUp: () => Promise<boolean>,
): Program {
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    running.delete(child);
  };
  return {
    get pid() {
      return child!.pid!;
    },
    start: async () => {
      child = spawn(command, parameters, { stdio: 'inherit', ...options });
      running.add(child);
      await until(isUp, `${command} ${parameters.join(' ')} did not start`);
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

/** Waits for what is bound to come. */
export async function until(
  isSo: () => Promise<boolean> | boolean,
  otherwise: string,
  milliseconds = START_MS,
): Promise<void> {
  for (const deadline = Date.now() + milliseconds; !(await isSo()); ) {
    if (Date.now() > deadline) throw new Error(otherwise);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export interface Broker extends Program {
  port: number;
}

/** Mosquitto that keeps what is retained over a restart. */
export async function startBroker(): Promise<Broker> {
  const port = await freePort();
  const directory = temporaryDirectory();
  const file = join(directory, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence true',
    `persistence_location ${directory}/`,
    'max_queued_messages 10000',
    'set_tcp_nodelay true',
    'max_inflight_messages 200',
    // Started as root it would become somebody who cannot write there.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  writeFileSync(file, lines.join('\n'));
  const isUp = async () => {
    try {
      execFileSync('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(port), '-t', 'up', '-n', '-q', '1'], {
        stdio: 'ignore',
      });
      return true;
    } catch {
      return false;
    }
  };
  const broker = program('mosquitto', ['-c', file], { stdio: 'ignore' }, isUp);
  await broker.start();
  return Object.assign(broker, { port });
}

export interface Sandbox extends Program {
  /** What the accounts of `prepare.mjs` read. */
  environment: Record<string, string>;
  /** Calls that could be charged for, by `paidKey`. */
  paid(): Promise<Record<string, number>>;
}

const ADDRESSES: Record<string, string> = {
  xhey: 'XHEY',
  linkface: 'LINKFACE',
  'tencent-market': 'TENCENT_MARKET',
  westdex: 'WESTDEX',
};

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
  const parameters = ['--port', String(port), '--latency', String(latency)];
  const sandbox = program(
    process.execPath,
    [join(ROOT, 'dist/src/sandbox/command-line.js'), ...parameters],
    { stdio: 'ignore' },
    isUp,
  );
  await sandbox.start();
  const environment: Record<string, string> = {
    XHEY_GROUP_KEY: 'sandbox-group-key',
    XHEY_GROUP_SECRET: 'sandbox-group-secret',
    LINKFACE_API_ID: 'sandbox-api-id',
    LINKFACE_API_SECRET: 'sandbox-api-secret',
    TENCENT_MARKET_SCHEME: 'gateway',
    TENCENT_MARKET_SECRET_ID: 'sandbox-secret-id',
    TENCENT_MARKET_SECRET_KEY: 'sandbox-secret-key',
    WESTDEX_SECRET_ID: 'sandbox-secret-id',
    WESTDEX_KEY: '0123456789abcdef0123456789abcdef',
  };
  for (const [provider, name] of Object.entries(ADDRESSES))
    environment[`${name}_URL`] = `${address}/${provider}`;
  return Object.assign(sandbox, { environment, paid });
}

/** A line of a worker's journal. */
export interface JournalLine {
  key: string;
  at?: number;
  again?: boolean;
  sent?: boolean;
  submitted?: object;
  message?: { topic: string };
}

export interface Member extends Program {
  name: string;
  address: string;
  health(): Promise<Health>;
  /** What a worker has noted. */
  journal(): JournalLine[];
  /** Jobs whose tasks truth-poll has on disk. */
  spooled(): Promise<string[]>;
}

export interface Health {
  worker?: { connected: boolean; taking: boolean; inHand: number; most: number; unsent: number };
  front?: { connected: boolean; waiting: number; workers: Record<string, { taking: boolean }> };
}

type FlowNode = Record<string, unknown> & { type: string };

/**
 * Starts one Node-RED.
 * @param name of the worker or front end
 * @param role as in ROLE
 * @param environment what else it is told
 * @param change to the flow: a test has no five minutes
 */
export async function startMember(
  name: string,
  role: 'worker' | 'front' | 'both',
  environment: Record<string, string>,
  change: (node: FlowNode) => void = () => {},
): Promise<Member> {
  const directory = temporaryDirectory();
  const link = join(directory, 'node_modules', PACKAGE);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(ROOT, link, 'junction');
  execFileSync(process.execPath, [join(ROOT, 'deploy/prepare.mjs'), directory]);
  const flowFile = join(directory, 'flows.json');
  const flows = JSON.parse(readFileSync(flowFile, 'utf8')) as FlowNode[];
  for (const node of flows) change(node);
  writeFileSync(flowFile, JSON.stringify(flows));

  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const journal = join(directory, 'journal');
  const health = async () => (await fetch(`${address}/verify/health`)).json() as Promise<Health>;
  const isUp = () =>
    fetch(`${address}/verify/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  const settings = join(ROOT, 'deploy/settings.js');
  const member = program(
    process.execPath,
    [
      require.resolve(`${process.env.NODE_RED || 'node-red'}/red.js`),
      '--userDir',
      directory,
      '--settings',
      settings,
    ],
    {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        PORT: String(port),
        ROLE: role,
        WORKER_NAME: name,
        JOURNAL_DIR: journal,
        ...environment,
      },
    },
    isUp,
  );
  await member.start();
  return Object.assign(member, {
    name,
    address,
    health,
    journal: () =>
      readdirSync(journal)
        .sort()
        .flatMap((file) => readFileSync(join(journal, file), 'utf8').split('\n').filter(Boolean))
        .map((line) => JSON.parse(line) as JournalLine),
    spooled: () => spooledIn(directory),
  });
}

/** Ids of the jobs that a worker which is not running left waiting. */
async function spooledIn(directory: string): Promise<string[]> {
  const nothing = () => {};
  const key = () => masterKey(directory, undefined);
  const journal = new Journal({
    ...{ folder: join(directory, 'cn-verify/waiting'), key, told: nothing, lost: nothing, onFound: nothing },
  });
  const kept = await journal.open();
  await journal.close();
  return kept.map(({ message }) => (message.job as { id: string }).id);
}
