/** A PostgreSQL cluster of the system's programs, in a temporary folder and on a port of its own. */
import { execFile, execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { temporaryDirectory } from '../demo-process';
import { freePort } from '../http/server';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';
const running = new Set<Cluster>();
/** By their folders. */
const standbys = new Set<string>();
process.once('exit', () => {
  for (const folder of [...[...running].map(({ folder }) => folder), ...standbys]) stopNow(folder);
});

export interface Cluster {
  folder: string;
  port: number;
  /** Of a user who may do everything. */
  url: string;
  start(): Promise<void>;
  /** `immediate`: as a power cut, what was not flushed is lost. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  /** Takes all connections that are left. */
  useUp(): Promise<Client[]>;
  /** Runs statements as a user who may do everything. */
  query<Row = Record<string, unknown>>(text: string, database?: string): Promise<Row[]>;
  remove(): Promise<void>;
  /** @returns a standby of it that is running, and takes over when it is promoted */
  startStandby(): Promise<{ url: string; promote(): Promise<void>; remove(): Promise<void> }>;
  /** From its next start on it speaks TLS, too. */
  useTls(identity: { key: string; cert: string }): void;
}

/** @param settings lines of postgresql.conf */
export async function startCluster(...settings: string[]): Promise<Cluster> {
  const folder = join(temporaryDirectory(), 'cluster');
  mkdirSync(folder, { mode: 0o700 });
  ownedByPostgres(folder);
  const port = await freePort();
  asPostgres(
    'initdb',
    '-D',
    folder,
    '-U',
    'postgres',
    '--auth=scram-sha-256',
    '-N',
    '--pwfile',
    passwordFile(folder),
  );
  writeFileSync(
    join(folder, 'postgresql.conf'),
    [
      `port = ${port}`,
      "listen_addresses = '127.0.0.1'",
      `unix_socket_directories = '${folder}'`,
      'shared_buffers = 16MB',
      ...settings,
    ].join('\n'),
    { flag: 'a' },
  );
  const url = `postgres://postgres:secret@127.0.0.1:${port}/postgres`;
  const cluster: Cluster = {
    folder,
    port,
    url,
    start: async () => {
      const log = join(folder, 'log');
      try {
        await run(...commandOf('pg_ctl', '-D', folder, '-l', log, '-w', '-t', '60', 'start'));
      } catch (error) {
        throw new Error(`PostgreSQL did not start: ${existsSync(log) ? readFileSync(log, 'utf8') : error}`);
      }
      running.add(cluster);
    },
    stop: async (mode) => {
      await run(...commandOf('pg_ctl', '-D', folder, '-m', mode, '-w', 'stop'));
      running.delete(cluster);
    },
    useUp: async () => {
      const clients: Client[] = [];
      for (;;) {
        const client = new Client({ connectionString: url });
        client.on('error', () => {});
        try {
          await client.connect();
        } catch {
          return clients;
        }
        clients.push(client);
      }
    },
    query: async (text, database = 'postgres') => {
      const client = new Client({ connectionString: url.replace(/postgres$/, database) });
      client.on('error', () => {});
      await client.connect();
      try {
        const answer = await client.query(text);
        return (Array.isArray(answer) ? answer.at(-1) : answer).rows;
      } finally {
        await client.end();
      }
    },
    useTls: ({ key, cert }) => {
      for (const [name, text] of [
        ['server.key', key],
        ['server.crt', cert],
      ] as const) {
        writeFileSync(join(folder, name), text, { mode: 0o600 });
        ownedByPostgres(join(folder, name), false);
      }
      writeFileSync(join(folder, 'postgresql.conf'), '\nssl = on\n', { flag: 'a' });
    },
    startStandby: async () => {
      const copy = join(temporaryDirectory(), 'standby');
      const own = await freePort();
      mkdirSync(copy, { mode: 0o700 });
      ownedByPostgres(copy);
      const source = url.replace('postgres:secret@', 'postgres@');
      const [file, parameters] = commandOf('pg_basebackup', '-D', copy, '-d', source, '-R', '-c', 'fast');
      await run(file, parameters, { env: { ...process.env, PGPASSWORD: 'secret' } });
      const settings = [`port = ${own}`, `unix_socket_directories = '${copy}'`].join('\n');
      writeFileSync(join(copy, 'postgresql.conf'), `\n${settings}\n`, { flag: 'a' });
      const control = (...rest: string[]) => run(...commandOf('pg_ctl', '-D', copy, '-w', ...rest));
      await control('-l', join(copy, 'log'), 'start');
      standbys.add(copy);
      return {
        url: url.replace(`:${port}/`, `:${own}/`),
        promote: async () => void (await control('promote')),
        remove: async () => {
          if (standbys.delete(copy)) stopNow(copy);
        },
      };
    },
    remove: async () => {
      if (running.delete(cluster)) stopNow(folder);
    },
  };
  await cluster.start();
  return cluster;
}

/** The server refuses to run as root. */
function commandOf(program: string, ...parameters: string[]): [string, string[]] {
  const path = programPath(program);
  if (process.getuid?.() !== 0) return [path, parameters];
  return ['runuser', ['-u', 'postgres', '--', path, ...parameters]];
}

function asPostgres(program: string, ...parameters: string[]): void {
  const [file, all] = commandOf(program, ...parameters);
  execFileSync(file, all, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function programPath(program: string): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions
    .map((version) => join(DEBIAN, version, 'bin', program))
    .find((path) => existsSync(path));
  return found ?? program;
}

function passwordFile(folder: string): string {
  const path = `${folder}.password`;
  writeFileSync(path, 'secret\n', { mode: 0o600 });
  ownedByPostgres(path);
  return path;
}

function ownedByPostgres(path: string, opensParent = true): void {
  if (process.getuid?.() !== 0) return;
  const [user, group] = ['-u', '-g'].map((option) =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' })),
  );
  // Its parent belongs to root, and is open to nobody else.
  if (opensParent) execFileSync('chmod', ['o+x', join(path, '..')]);
  chownSync(path, user!, group!);
}

function stopNow(folder: string): void {
  try {
    const [file, all] = commandOf('pg_ctl', '-D', folder, '-m', 'immediate', 'stop');
    execFileSync(file, all, { stdio: 'ignore' });
  } catch {
    // It has ended already.
  }
}
