// `npm run test:node-red-4`. Runs the tests that have a Node-RED in them on the oldest Node.js and Node-RED that are supported, which are installed
// beside the project: as a dependency of it, `node` would come before the Node.js of every npm script. All platforms can
// share the lock file, as `node` fetches the program of its platform by itself.
//
//     node scripts/node-red-4.mjs [flows | editor] …
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './install.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'test/node-red-4');
const folder = join(root, '.node-red-4');
const program = process.platform === 'win32' ? 'node.exe' : 'node';
const CONFIGURATIONS = {
  flows: 'test/node-red-4/.mocharc.mjs',
  editor: 'test/node-red-4/editor.mocharc.mjs',
};

mkdirSync(folder, { recursive: true });
// The age of the lock file says whether the installation is outdated.
for (const file of ['.npmrc', 'package.json', 'package-lock.json'])
  cpSync(join(source, file), join(folder, file), { preserveTimestamps: true });
install(folder);
const named = process.argv.slice(2);

// A suite runs, whatever became of the one before it.
for (const suite of named.length > 0 ? named : Object.keys(CONFIGURATIONS)) {
  const mocha = [join(root, 'node_modules/mocha/bin/mocha.js'), '--config', CONFIGURATIONS[suite]];
  const { status } = spawnSync(join(folder, 'node_modules/node/bin', program), mocha, {
    cwd: root,
    env: { ...process.env, NODE_RED: join(folder, 'node_modules/node-red') },
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
