// `npm test`: all of test/ but the folders that are suites of their own, which have a .mocharc.json and a script.
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const suites = readdirSync('test').filter((folder) => existsSync(`test/${folder}/.mocharc.json`));

export default {
  // A real Node-RED takes longest, so those files start first.
  spec: ['dist/test/flows/**/*.test.js', 'dist/test/!(flows)/**/*.test.js', 'dist/test/*.test.js'],
  ignore: suites.map((folder) => `dist/test/${folder}/**`),
  require: ['dist/test/fresh-modules.js'],
  parallel: true,
  // Most tests wait more than they work.
  jobs: Math.min(3 * availableParallelism(), 12),
  reporter: 'dot',
  // Every wait in a test is for a condition, and gives up sooner.
  timeout: 120_000,
  forbidOnly: true,
  forbidPending: true,
  exit: true,
};
