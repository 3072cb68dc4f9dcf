#!/usr/bin/env node
/** `npx -p @cn-verify/node-red-cn-verify cn-verify-sandbox --port 18080` */
import { parseArgs } from 'node:util';
import { SHAPES } from '../contract/sandbox-half';
import { startSandbox } from './server';

const DEFAULT_PORT = 18080;
const LONGEST_LATENCY_MS = 600_000;

const HELP = `Usage: cn-verify-sandbox [--port 18080] [--host 0.0.0.0] [--shapes observed] [--latency 0]
  --host     an address to listen on; without it this machine alone is answered
  --shapes   of the answers: documented, observed, or mixed (by the id of a task or an order)
  --latency  milliseconds before each answer
A refusal says why in its header x-sandbox-reason.
  GET /             the latest requests, why each was refused, and what it cost
  GET /requests     the same as JSON; DELETE forgets them
  POST /reset       forgets all: tasks, requests and counted calls
  GET /paid         how often each call came that a provider could charge for`;

/** What is wrong, by the code of the error. */
const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'This port is taken. Choose another with --port.',
  EACCES: 'This port is not for everybody. Choose another with --port.',
  EADDRNOTAVAIL: 'This machine has no such address. Choose another with --host.',
  ENOTFOUND: 'Nobody knows this name. Choose another with --host.',
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      shapes: { type: 'string' },
      latency: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port: ${values.port} is not a port.`);
  const latency = Number(values.latency ?? 0);
  if (!(latency >= 0 && latency <= LONGEST_LATENCY_MS))
    throw new Error(`--latency: ${values.latency} is not a number of milliseconds.`);
  const shapes = SHAPES.find((each) => each === (values.shapes ?? 'observed'));
  if (!shapes) throw new Error(`--shapes: one of ${SHAPES.join(', ')}.`);
  if (values.host === '') throw new Error('--host: an address or a name of this machine.');
  const sandbox = await startSandbox({ port, host: values.host ?? null, shapes, latency, file: null });
  console.log(`cn-verify sandbox on ${values.host ?? '127.0.0.1'}:${sandbox.port}. Ctrl-C ends it.`);
  console.log('What came, and why it was refused: GET / in a browser, GET /requests for programs.');
  for (const [provider, { baseUrl, credentials }] of Object.entries(sandbox.accounts)) {
    console.log(`\n${provider}\n  baseUrl: ${baseUrl}`);
    for (const [name, value] of Object.entries(credentials)) console.log(`  ${name}: ${value}`);
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => sandbox.close().then(() => process.exit(0)));
  }
}

main().catch((error: NodeJS.ErrnoException) => {
  console.error(PROBLEMS[error.code ?? ''] ?? error.message);
  process.exitCode = 1;
});
