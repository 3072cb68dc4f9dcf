// `npm test`: all of test/ but the folders that are suites of their own, which have a .mocharc.json and a script.
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const suites = readdirSync('test').filter((folder) => existsSync(`test/${folder}/.mocharc.json`));

/** What takes longest starts first, so that no long file is left alone at the end. */
const LONGEST = [
  ...['flows/hostile', 'flows/hardship', 'flows/resume', 'flows/face-compare', 'flows/leaks', 'flows/ledger'],
  ...['ledger/faults', 'store/faults', 'http/timeout', 'examples', 'flows/any-message', 'flows/inputs'],
  ...['flows/get-token', 'flows/errors', 'flows/any-answer', 'waiting/pending-tasks'],
];

/** A real Node-RED takes longer than what has none. */
function rankOf(file) {
  const rank = LONGEST.indexOf(file.replace('.test.js', ''));
  if (rank >= 0) return rank;
  return LONGEST.length + (file.startsWith('flows/') ? 0 : 1);
}

export default {
  spec: readdirSync('dist/test', { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.test.js') && !suites.includes(file.split('/')[0]))
    .sort((a, b) => rankOf(a) - rankOf(b))
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
