// `npm test`: the test files in several processes beside each other, as most of them wait more than they work; then, with
// nothing beside them, the tests that measure how long something takes. What went well is one line, what failed is shown
// whole. A folder of test/ with a .mocharc.json is a suite with a script of its own.
//
//     node scripts/test.mjs [name of a test file or of a folder] …
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

/**
 * Those that take longest, which start first. Each has a process of its own, as has each file of flows, for a Node-RED
 * with settings of its own; the others share one for each folder.
 */
const LONG = [
  ...['flows/hardship', 'flows/inputs', 'flows/resume', 'flows/hostile', 'flows/kill', 'flows/photo-store'],
  ...['waiting/journal', 'flows/ledger-process', 'flows/get-token', 'flows/face-compare', 'flows/leaks'],
  ...[
    'flows/any-message',
    'flows/any-answer',
    'flows/hostile-time',
    'examples',
    'http/circuit',
    'waiting/full-disk',
  ],
  ...['http/timeout', 'demo'],
];
/** Files of flows that take less than a Node-RED takes to start, and want no settings: they share one. */
const QUICK = new Set(
  [
    'answers',
    'close',
    'fields',
    'fit',
    'misconfigured',
    'network',
    'photo-rules',
    'rotation',
    'verdicts',
  ].map((name) => `flows/${name}`),
);
/** At the end of the title of a test that measures, or of its `describe`. */
const MEASURED = '[measured]';
const AT_ONCE = 3 * availableParallelism();
/** What has not ended by then hangs. */
const LONGEST_MS = 240_000;

const started = Date.now();
const pathOf = (name) => join(root, 'dist/test', `${name}.test.js`);
const names = readdirSync(join(root, 'dist/test'), { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll(sep, '/'))
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => !existsSync(join(root, 'test', file.split('/')[0], '.mocharc.json')))
  .map((file) => file.slice(0, -'.test.js'.length));
const wanted = process.argv.slice(2);
const chosen = names.filter(
  (name) => wanted.length === 0 || wanted.some((each) => name === each || name.startsWith(`${each}/`)),
);
const isAlone = (name) => LONG.includes(name) || (name.startsWith('flows/') && !QUICK.has(name));
const alone = [...LONG.filter((name) => chosen.includes(name)), ...chosen.filter(isAlone)];
const shared = new Map();
for (const name of chosen.filter((each) => !isAlone(each))) {
  const folder = name.includes('/') ? name.split('/')[0] : 'test';
  shared.set(folder, [...(shared.get(folder) ?? []), name]);
}

let passed = 0;
let failed = 0;
const own = [...new Set(alone)].map((name) => [name, [name]]);
const longest = own.splice(0, AT_ONCE - 2);
const queue = [...longest, ...shared, ...own];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let group = queue.shift(); group; group = queue.shift()) await run(...group, '--invert');
  }),
);
const measuring = chosen.filter((name) => readFileSync(pathOf(name), 'utf8').includes(MEASURED));
if (measuring.length > 0) await run(MEASURED, measuring);
console.log(`\n  ${passed} passing (${Math.round((Date.now() - started) / 1000)}s)`);
if (failed > 0) console.log(`  ${failed} failing`);
process.exitCode = failed > 0 ? 1 : 0;

/** One process of Mocha. What a test left open must not hold up the others. */
function run(title, group, ...options) {
  const start = Date.now();
  const child = spawn(
    process.execPath,
    [mocha, '--exit', '--fgrep', MEASURED, ...options, ...group.map(pathOf)],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: LONGEST_MS, killSignal: 'SIGKILL' },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      const counted = (word) => Number(output.match(new RegExp(`^ +(\\d+) ${word}`, 'm'))?.[1] ?? 0);
      // One that died before it could count its failures is one.
      const failures = code === 0 ? 0 : Math.max(1, counted('failing'));
      passed += counted('passing');
      failed += failures;
      const line = `${title}: ${counted('passing')} in ${((Date.now() - start) / 1000).toFixed(1)} s`;
      // Behind a bar, so that who counts the words counts the last sum only.
      if (failures > 0)
        console.log(`✖ ${line}, ended with ${signal ?? code}\n${output.trimEnd().replace(/^/gm, '| ')}`);
      else console.log(`✔ ${line}`);
      resolve();
    });
  });
}
