/**
 * Mocha's root hooks, for every suite. A process runs many test files, one after the other, and what they loaded stays
 * loaded, a Node-RED with it: what a file leaves behind there is cleared away when it is done.
 */

// What cleans up at the end of a process listens for that, and tests make many of those.
process.setMaxListeners(0);

const afterFile = new Set<() => Promise<void>>();
const afterFailure = new Set<() => Promise<void>>();

/** @param clear called whenever a file, or a run of several in one process, is done; its error is a failure of the file */
export function afterEachFile(clear: () => Promise<void>): void {
  afterFile.add(clear);
}

/** @param clear called whenever a test has failed, so that the next one, or its own next try, does not fail for that */
export function afterEachFailure(clear: () => Promise<void>): void {
  afterFailure.add(clear);
}

export const mochaHooks = {
  async afterEach(this: Mocha.Context) {
    // A test that is tried once more has no state.
    if (this.currentTest?.state === 'passed') return;
    for (const clear of afterFailure) await clear();
  },
  afterAll: async () => {
    for (const clear of afterFile) await clear();
  },
};
