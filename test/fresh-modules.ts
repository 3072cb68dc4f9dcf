/**
 * A worker of Mocha runs several test files, and a Node-RED that was stopped cannot be started again in its process. So
 * each test file gets our code and Node-RED's loaded anew, as if it had a process of its own.
 */
import { join, sep } from 'node:path';

const ROOT = join(__dirname, '../..');
const NODE_RED = ['@node-red', 'node-red', 'node-red-node-test-helper'].map(
  (name) => `${sep}node_modules${sep}${name}${sep}`,
);

/** Node-RED imports the nodes, and what was imported once stays: the list that they add themselves to has to stay, too. */
const KEPT = join(ROOT, 'dist/src/node-red/runner/actions.js');
const isFresh = (path: string) =>
  (path.startsWith(join(ROOT, 'dist') + sep) && path !== KEPT) ||
  NODE_RED.some((folder) => path.includes(folder));

// Each copy of a module that cleans up at the end of the process listens for that.
process.setMaxListeners(0);

export const mochaHooks = {
  afterAll: () => {
    for (const path of Object.keys(require.cache)) if (isFresh(path)) delete require.cache[path];
  },
};
