// Every npm script starts with it: node scripts/ready.mjs [--no-build] [program [parameter …]], where the program is a
// file or one of PROGRAMS. It makes a fresh clone ready first: a Node.js that is new enough, what the lock file asks for,
// and a build where anything changed since the last one.
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { install, run } from './install.mjs';
import { continueOnNewerNode, isNodeTooOld } from './node.mjs';

const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..'));
const PROGRAMS = {
  biome: 'node_modules/@biomejs/biome/bin/biome',
  mocha: 'node_modules/mocha/bin/mocha.js',
  tsc: 'node_modules/typescript/bin/tsc',
};
const SOURCES = [
  'nodes',
  'examples',
  'src',
  'test',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

if (isNodeTooOld()) continueOnNewerNode(root, process.argv.slice(1));
else await start(process.argv.slice(2));

async function start([first, ...others]) {
  const wantsBuild = first !== '--no-build';
  const [program, ...parameters] = wantsBuild ? [first, ...others] : others;
  install(root);
  if (wantsBuild && !isBuilt()) run(root, process.execPath, [join(root, 'scripts/build.mjs')]);
  if (program === undefined) return;
  // For what the program starts, as tests start many a Node-RED: none compiles the same code again.
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/compiled');
  // In this process: one more between the terminal and the program would only be in the way of its signals.
  const file = resolve(root, PROGRAMS[program] ?? program);
  process.argv = [process.execPath, file, ...parameters];
  await import(pathToFileURL(file).href);
}

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
