// How ready.mjs, node-red-4.mjs and first-minute.mjs install what they run on.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
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

/**
 * Not as a dependency of the project: its `node` would come before that of the system in every npm script.
 * @param folder of its own
 * @param version of Node.js
 * @returns the folder with the program
 */
export function installNode(folder, version) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true,"allowScripts":{"node":true}}');
  npm(folder, ['install', '--no-package-lock', '--no-save', `node@${version}`]);
  return join(folder, 'node_modules/node/bin');
}

/** Runs the npm that runs this, or that of the system; ends this process as it ended if it failed. */
function npm(folder, parameters) {
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
