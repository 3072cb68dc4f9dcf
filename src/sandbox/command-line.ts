#!/usr/bin/env node
/** `npx -p @cn-verify/node-red-cn-verify cn-verify-sandbox --port 18080` */
import { parseArgs } from 'node:util';
import { startSandbox } from './server';

const DEFAULT_PORT = 18080;
const LONGEST_LATENCY_MS = 600_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, latency: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log('Usage: cn-verify-sandbox [--port 18080] [--latency 0]');
    console.log('  --latency: milliseconds before each answer');
    console.log('  GET /paid counts the calls that a provider could charge for');
    return;
  }
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port: ${values.port} is not a port.`);
  const latency = Number(values.latency ?? 0);
  if (!(latency >= 0 && latency <= LONGEST_LATENCY_MS))
    throw new Error(`--latency: ${values.latency} is not a number of milliseconds.`);
  const sandbox = await startSandbox({ port, latency, file: null });
  console.log(`cn-verify sandbox on 127.0.0.1:${sandbox.port}. Ctrl-C ends it.`);
  for (const [provider, { baseUrl, credentials }] of Object.entries(sandbox.accounts)) {
    console.log(`\n${provider}\n  baseUrl: ${baseUrl}`);
    for (const [name, value] of Object.entries(credentials)) console.log(`  ${name}: ${value}`);
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => sandbox.close().then(() => process.exit(0)));
  }
}

main().catch((error: NodeJS.ErrnoException) => {
  console.error(
    error.code === 'EADDRINUSE' ? 'This port is taken. Choose another with --port.' : error.message,
  );
  process.exitCode = 1;
});
