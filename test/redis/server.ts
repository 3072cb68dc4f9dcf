/** A redis-server of the system, on a port and in a directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { Redis } from 'ioredis';
import { temporaryDirectory } from '../demo-process';
import { freePort, type TlsIdentity } from '../http/server';

export const SECRET = 'a-secret-of-the-test';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface RedisServer {
  url: string;
  pid(): number;
  /** Resolves once it answers. */
  start(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Copies its append-only file as it is now. */
  remember(): void;
  /** While it is stopped: puts that copy in the place of what it has written since. */
  setBack(): void;
  /** A client of the test's own. */
  client: Redis;
  stop(): Promise<void>;
}

/** @param settings beside those that make it keep what it was given */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const port = await freePort();
  const folder = temporaryDirectory();
  const [log, older] = [join(folder, 'appendonlydir'), join(folder, 'older')];
  const parameters = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', 'always', ...settings],
  ];
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => {});
  let child: ChildProcess | undefined;
  const server: RedisServer = {
    url,
    client,
    pid: () => child!.pid!,
    start: async () => {
      child = spawn('redis-server', parameters, { stdio: 'ignore' });
      running.add(child);
      const failed = once(child, 'error').then(([error]) => Promise.reject(error));
      await Promise.race([failed, client.ping()]);
    },
    kill: async (signal = 'SIGKILL') => {
      const gone = once(child!, 'exit');
      child!.kill(signal);
      await gone;
      running.delete(child!);
    },
    remember: () => cpSync(log, older, { recursive: true }),
    setBack: () => {
      rmSync(log, { recursive: true });
      cpSync(older, log, { recursive: true });
    },
    stop: async () => {
      client.disconnect();
      if (child && child.exitCode === null && child.signalCode === null) await server.kill();
    },
  };
  await server.start();
  return server;
}

/** @returns where the same Redis is reached over TLS */
export async function startTls(redis: RedisServer, identity: TlsIdentity) {
  const ends = new Set<Socket>();
  const server = createServer(identity, (near) => {
    const far = connect(Number(new URL(redis.url).port), '127.0.0.1');
    for (const end of [near, far]) ends.add(end.on('error', () => {}));
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  server.on('tlsClientError', () => {});
  await once(server, 'listening');
  return {
    url: `rediss://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      for (const end of ends) end.destroy();
    },
  };
}
