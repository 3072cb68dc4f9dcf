import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs what a folder's lock file asks for where it is not there yet.
 * @param folder that holds package.json and package-lock.json
 */
export function install(folder) {
  const changed = (file) => (existsSync(join(folder, file)) ? statSync(join(folder, file)).mtimeMs : 0);
  if (changed('node_modules/.package-lock.json') >= changed('package-lock.json')) return;
  console.log('Installing …');
  npm(folder, ['ci', '--include=dev']);
}

/** Runs the npm that runs this, or that of the system; ends this process as it ended if it failed. */
export function npm(folder, parameters) {
  const program = process.env.npm_execpath;
  const [command, ...first] = program ? [process.execPath, program] : ['npm'];
  // What it added and how long that took is nobody's concern; its warnings and errors are.
  run(folder, command, [...first, ...parameters, '--no-audit', '--no-fund'], ['ignore', 'ignore', 'inherit']);
}

/** Ends this process as the program ended if it failed. */
export function run(folder, command, parameters, stdio = 'inherit') {
  const { status, error } = spawnSync(command, parameters, { cwd: folder, stdio });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}
