// The oldest Node.js that has what the project needs, and what happens on an older one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installNode } from './install.mjs';

/** The first with `node:sqlite` and no flag for it: https://nodejs.org/docs/latest-v22.x/api/sqlite.html */
const OLDEST = [22, 13];
/** What is installed in place of an older one. */
const INSTALLED = '24';

export function isNodeTooOld() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/**
 * Runs a program of the project on a Node.js of its own, which is installed at the first time, and ends as it ends.
 * @param root of the project
 * @param parameters of Node.js: the program and its own
 */
export function continueOnNewerNode(root, parameters) {
  const folder = newerNode(join(root, '.node'));
  const child = spawn(join(folder, PROGRAM), parameters, {
    // For whatever the program starts by name.
    env: { ...process.env, PATH: folder + delimiter + process.env.PATH },
    stdio: 'inherit',
  });
  // The terminal sends Ctrl-C to both, and the program says how it ends. Other senders know this process only.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => process.exit(code ?? 1));
}

const PROGRAM = process.platform === 'win32' ? 'node.exe' : 'node';

/** @returns the folder with the program */
function newerNode(home) {
  const folder = join(home, 'node_modules/node/bin');
  if (existsSync(join(folder, PROGRAM))) return folder;
  console.log(
    `Node.js ${process.versions.node} is older than ${OLDEST.join('.')}: installing node@${INSTALLED} into .node/ …`,
  );
  return installNode(home, INSTALLED);
}
