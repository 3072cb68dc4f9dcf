/**
 * Mocha's root hooks, for every suite. A process runs many test files, one after the other, and what they loaded stays
 * loaded, a Node-RED with it: what a file leaves behind there is cleared away when it is done.
 */

// What cleans up at the end of a process listens for that, and tests make many of those.
process.setMaxListeners(0);

const afterFile = new Set<() => Promise<void>>();

/** @param clear called whenever a file, or a run of several in one process, is done; its error is a failure of the file */
export function afterEachFile(clear: () => Promise<void>): void {
  afterFile.add(clear);
}

export const mochaHooks = {
  afterAll: async () => {
    for (const clear of afterFile) await clear();
  },
};
