// `npm test`: all of test/ but the folders that are suites of their own, which have a .mocharc.json and a script.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const suites = readdirSync('test').filter((folder) => existsSync(`test/${folder}/.mocharc.json`));

/** What starts a Node-RED or other processes takes longest, and then what is long: none of that is left alone at the end. */
function weightOf(file) {
  const text = readFileSync(`dist/test/${file}`, 'utf8');
  return text.length * (/(process|runtime)"\)/.test(text) ? 10 : 1);
}

export default {
  spec: readdirSync('dist/test', { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.test.js') && !suites.includes(file.split('/')[0]))
    .sort((a, b) => weightOf(b) - weightOf(a))
    .map((file) => `dist/test/${file}`),
  require: ['dist/test/root-hooks.js'],
  parallel: true,
  // Most tests wait more than they work.
  jobs: Math.min(4 * availableParallelism(), 12),
  reporter: 'dot',
  // Every wait in a test is for a condition, and gives up sooner.
  timeout: 120_000,
  forbidOnly: true,
  forbidPending: true,
  exit: true,
};
