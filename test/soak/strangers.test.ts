/** One key, several persons, and a process that is killed and started again: the ledger of a Node-RED itself. */
import { temporaryDirectory } from '../demo-process';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { payForStrangers } from '../strangers';

describe('persons under one key, in the ledger of a Node-RED', function () {
  this.timeout(900_000);
  let running: Promise<NodeRed> | undefined;
  after(async () => (await running)?.stop());

  it('never get the verdict of somebody else, from one process and from the next', async () => {
    const userDir = temporaryDirectory();
    await payForStrangers(async (flow) => {
      running = startNodeRed({}, undefined, userDir);
      await (await running).deploy(flow);
      return {
        next: () => running!,
        kill: async () => {
          const killed = await running!;
          running = killed.stop('SIGKILL').then(() => startNodeRed({}, undefined, userDir));
          await running;
        },
      };
    });
  });
});
