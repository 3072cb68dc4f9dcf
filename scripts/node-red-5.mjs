// Runs the tests that have a Node-RED in them on Node-RED 5. It needs a newer Node.js than the oldest we support, so
// both are installed beside the project: as a dependency of it, `node` would shadow the Node.js that runs every npm
// script. All platforms can share the lock file, as `node` fetches the program of its platform by itself.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './install.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'test/node-red-5');
const folder = join(root, '.node-red-5');
const program = process.platform === 'win32' ? 'node.exe' : 'node';
const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

mkdirSync(folder, { recursive: true });
// The age of the lock file says whether the installation is outdated.
for (const file of ['package.json', 'package-lock.json'])
  cpSync(join(source, file), join(folder, file), { preserveTimestamps: true });
install(folder);
const SUITES = {
  flows: [join(root, 'scripts/test.mjs'), 'flows', 'nodes', 'demo', 'examples', 'pack'],
  editor: [mocha, '--config', join(root, 'test/editor/.mocharc.json')],
};
const parameters = process.argv.slice(2);
const named = parameters.filter((each) => each in SUITES);

// A suite runs, whatever became of the one before it.
for (const suite of parameters.includes('--no-tests') ? [] : named.length > 0 ? named : Object.keys(SUITES)) {
  const { status } = spawnSync(join(folder, 'node_modules/node/bin', program), SUITES[suite], {
    cwd: root,
    env: { ...process.env, NODE_RED: join(folder, 'node_modules/node-red') },
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
