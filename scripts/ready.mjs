// Makes a fresh clone ready: installs what the lock file asks for where it is not there yet, and builds.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, run } from './install.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

install(root);
if (!process.argv.includes('--no-build')) run(root, process.execPath, [join(root, 'scripts/build.mjs')]);
