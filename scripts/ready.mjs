// Makes a fresh clone ready: installs what the lock file asks for where it is not there yet, and builds where anything
// changed since the last build.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, run } from './install.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCES = [
  'nodes',
  'examples/页面 Pages',
  'src',
  'test',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

install(root);
if (!process.argv.includes('--no-build') && !isBuilt())
  run(root, process.execPath, [join(root, 'scripts/build.mjs')]);

/** The build leaves its mark when it is done. A folder is younger than what was taken out of it. */
function isBuilt() {
  const mark = join(root, 'dist/.built');
  if (!existsSync(mark)) return false;
  const built = statSync(mark).mtimeMs;
  return SOURCES.every((name) =>
    [name, ...entriesOf(name)].every((path) => statSync(join(root, path)).mtimeMs < built),
  );
}

function entriesOf(name) {
  const path = join(root, name);
  if (!statSync(path).isDirectory()) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((entry) => join(name, entry));
}
