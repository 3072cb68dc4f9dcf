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
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm ? [process.execPath, npm] : ['npm'];
  run(folder, command, [...first, 'ci', '--include=dev', '--no-audit', '--no-fund']);
}

/** Ends this process as the program ended if it failed. */
export function run(folder, command, parameters, environment = process.env) {
  const { status, error } = spawnSync(command, parameters, {
    cwd: folder,
    env: environment,
    stdio: 'inherit',
  });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}
