// Run by .ci/run. What somebody does first, on a clean clone and as the README says it: `npm start` up to a verdict from the curl that it
// prints, Ctrl-C, `npm test`. Once on each Node.js that is named, 20 and 24 without a name; says how long each step took.
//
//     node scripts/first-minute.mjs [version of Node.js] …
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installNode } from './install.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const VERSIONS = process.argv.length > 2 ? process.argv.slice(2) : ['20', '24'];
/** Longer than the first of all installations takes. */
const START_MS = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'cn-verify-first-minute-'));
// Tests in it give up being root, and go on reading.
chmodSync(folder, 0o755);
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
for (const version of VERSIONS) await firstMinute(version);

async function firstMinute(version) {
  const environment = environmentOf(version);
  const clone = join(folder, `clone-${version}`);
  // Whoever owns the checkout.
  const trust = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' };
  const git = { env: { ...process.env, ...trust }, stdio: 'inherit' };
  const cloned = spawnSync('git', ['clone', '--quiet', root, clone], git);
  if (cloned.status !== 0) throw new Error('The project cannot be cloned.');
  const [start, test] = commandsOf(readFileSync(join(clone, 'README.md'), 'utf8'));
  const say = (what, since) =>
    console.log(`Node.js ${version}: ${what} after ${Math.round((performance.now() - since) / 1000)} s`);

  const started = performance.now();
  const { child, curl } = await startUntilCurl(start, clone, { ...environment, PORT: '0', MQTT_PORT: '0' });
  try {
    const { stdout } = spawnSync('sh', ['-c', curl], { encoding: 'utf8' });
    const verdict = JSON.parse(stdout);
    const outcomes = verdict.data.photos.map(({ outcome }) => outcome);
    if (outcomes.join() !== 'passed,failed') throw new Error(`The verdict is ${stdout}`);
    say(`${start}, a verdict`, started);
  } finally {
    await interrupt(child);
  }

  const tested = performance.now();
  const { status } = spawnSync('sh', ['-c', test], { cwd: clone, env: environment, stdio: 'inherit' });
  say(test, tested);
  if (status !== 0) process.exitCode = 1;
}

/** What a shell has in which this Node.js is the only one, and nothing of the npm that runs this. */
function environmentOf(version) {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE$|INIT_CWD$)/i.test(name));
  const others = process.env.PATH.split(delimiter).filter((each) => !each.startsWith(root));
  return { ...Object.fromEntries(own), PATH: [nodeOf(version), ...others].join(delimiter) };
}

/** @returns the folder with the program */
function nodeOf(version) {
  if (process.versions.node.startsWith(`${version}.`)) return dirname(process.execPath);
  return installNode(join(folder, `node-${version}`), version);
}

/** The README's two commands, as they stand in it. */
function commandsOf(readme) {
  const [start, test] = readme.match(/^ {4}npm (?:start|test)\b[^#\n]*/gm);
  return [start.trim(), test.trim()];
}

function startUntilCurl(command, clone, environment) {
  // In a group of its own, so that Ctrl-C reaches all of it and not this.
  const child = spawn('sh', ['-c', command], {
    cwd: clone,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  return new Promise((resolve, reject) => {
    const fail = (why) => {
      // Of all that it started, where anything is left.
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {}
      reject(new Error(`${command} ${why}\n${output}`));
    };
    const timer = setTimeout(fail, START_MS, 'printed no curl in time.');
    child.once('exit', () => fail('ended.'));
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      const [, curl] = /^ {2}(curl -s \S+\/verify\/photos .*)$/m.exec(output) ?? [];
      if (!curl || !output.includes('Ctrl-C')) return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      resolve({ child, curl });
    });
  });
}

/** As the terminal does it at Ctrl-C. */
async function interrupt(child) {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGINT');
  await ended;
}
