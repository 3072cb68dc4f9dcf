/** The demo as a process of its own, as `npm start` runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../..');

const START_MS = 100_000;
const STOP_MS = 60_000;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Demo {
  /** Of the editor, without a slash at the end. */
  address: string;
  mqttPort: number;
  stdout(): string;
  stderr(): string;
  /** Ends it as Ctrl-C or a service manager would. */
  stop(signal?: 'SIGINT' | 'SIGTERM'): Promise<Ended>;
}

const temporary: string[] = [];
process.once('exit', () => {
  for (const directory of temporary) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

/** A user directory that is gone when the tests are over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'cn-verify-'));
  temporary.push(directory);
  return directory;
}

/**
 * Starts the demo on free ports and waits until it has introduced itself.
 * @param environment of the demo's process
 */
export async function startDemo(environment: Record<string, string> = {}): Promise<Demo> {
  const demo = spawnDemo({ DEMO_DIR: temporaryDirectory(), ...environment });
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => {
      demo.child.kill('SIGKILL');
      reject(new Error(`${why}\n${demo.stdout()}${demo.stderr()}`));
    };
    const timer = setTimeout(() => fail('The demo did not start in time.'), START_MS);
    demo.child.stdout!.on('data', () => {
      if (!demo.stdout().includes('Ctrl-C')) return;
      clearTimeout(timer);
      resolve();
    });
    demo.ended.then(() => {
      clearTimeout(timer);
      fail('The demo ended.');
    });
  });
  const address = /^ {2}(http:\S+)\/$/m.exec(demo.stdout())?.[1] ?? '';
  const mqttPort = Number(/mosquitto_sub .*-p (\d+)/.exec(demo.stdout())?.[1]);

  return {
    address,
    mqttPort,
    stdout: demo.stdout,
    stderr: demo.stderr,
    stop: (signal = 'SIGINT') => {
      demo.child.kill(signal);
      return endedWithin(STOP_MS, demo);
    },
  };
}

/** Runs a demo that is to end by itself. */
export function runDemo(environment: Record<string, string>): Promise<Ended> {
  return endedWithin(START_MS, spawnDemo({ DEMO_DIR: temporaryDirectory(), ...environment }));
}

/** What does not end is ended, or the test run would not end either. */
function endedWithin(milliseconds: number, { child, ended }: ReturnType<typeof spawnDemo>): Promise<Ended> {
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  return ended.finally(() => clearTimeout(timer));
}

function spawnDemo(environment: Record<string, string>) {
  const child: ChildProcess = spawn(process.execPath, ['scripts/demo.mjs'], {
    cwd: ROOT,
    env: { ...process.env, LANG: 'en_US.UTF-8', PORT: '0', MQTT_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]): Ended => {
    process.removeListener('exit', kill);
    return { code, stdout, stderr };
  });
  return { child, ended, stdout: () => stdout, stderr: () => stderr };
}

/** What the debug nodes of a running Node-RED show. */
export interface DebugSidebar {
  /** The next value that the debug node shows. */
  next<Value>(node: string): Promise<Value>;
  close(): void;
}

/** Listens to the debug nodes as the editor does. */
export async function openDebugSidebar(address: string): Promise<DebugSidebar> {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/comms`);
  const shown: { id: string; msg: string }[] = [];
  let wake = () => {};
  socket.on('message', (data) => {
    const events = [JSON.parse(String(data))].flat();
    for (const { topic, data: entry } of events) if (topic === 'debug') shown.push(entry);
    wake();
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ subscribe: 'debug' }));

  return {
    next: async (node) => {
      const deadline = Date.now() + STOP_MS;
      for (;;) {
        const index = shown.findIndex(({ id }) => id === node);
        if (index >= 0) return JSON.parse(shown.splice(index, 1)[0]!.msg);
        if (Date.now() > deadline) throw new Error(`The debug node ${node} showed nothing.`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 100);
        });
      }
    },
    close: () => socket.close(),
  };
}

const fromNodeRed = createRequire(require.resolve('@node-red/editor-api/package.json'));
const WebSocket = fromNodeRed('ws') as typeof import('ws');
