// Every npm script starts with it: node scripts/ready.mjs [--no-build] [program [parameter …]], where the program is a
// file or one of PROGRAMS. It makes a fresh clone ready first: a Node.js that is new enough, what the lock file asks for,
// and a build where anything changed since the last one. It runs on Node.js 20, too, up to where it continues on a newer one.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { install, installNode, run } from './install.mjs';

const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..'));
/** The first with `node:sqlite` and no flag for it: https://nodejs.org/docs/latest-v22.x/api/sqlite.html */
const OLDEST = [22, 13];
/** What is installed in place of an older one. */
const INSTALLED = '24';
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

if (isNodeTooOld()) continueOnNewerNode(process.argv.slice(1));
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

function isNodeTooOld() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** Runs the same on a Node.js of the project's own, which is installed at the first time, and ends as that ends. */
function continueOnNewerNode(parameters) {
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  const home = join(root, '.node');
  const folder = join(home, 'node_modules/node/bin');
  if (!existsSync(join(folder, program))) {
    console.log(
      `Node.js ${process.versions.node} is older than ${OLDEST.join('.')}: installing node@${INSTALLED} into .node/ …`,
    );
    installNode(home, INSTALLED);
  }
  const child = spawn(join(folder, program), parameters, {
    // For whatever the program starts by name.
    env: { ...process.env, PATH: folder + delimiter + process.env.PATH },
    stdio: 'inherit',
  });
  // The terminal sends Ctrl-C to both, and the program says how it ends. Other senders know this process only.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => process.exit(code ?? 1));
}
