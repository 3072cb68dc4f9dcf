/** One key, several persons, and two processes that share a ledger, one of which is killed and started again. */
import { temporaryDirectory } from '../demo-process';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { payForStrangers } from '../strangers';
import { type Cluster, startCluster } from './cluster';

describe('persons under one key, in a shared ledger', function () {
  this.timeout(900_000);
  let cluster: Cluster;
  let running: Promise<NodeRed>[] = [];
  before(async () => {
    cluster = await startCluster();
  });
  after(async () => {
    for (const nodeRed of running) await (await nodeRed).stop();
    await cluster.remove();
  });

  it('never get the verdict of somebody else, whichever process they come to', async () => {
    const credentials = { url: cluster.url, secret: 'a secret of the test' };
    const store = { id: 'store', type: 'verify-ledger-store', schema: 'strangers', credentials };
    const start = async (flow: object[]) => {
      const folders = [temporaryDirectory(), temporaryDirectory()];
      running = folders.map((folder) => startNodeRed({}, undefined, folder));
      for (const nodeRed of running) await (await nodeRed).deploy([...flow, store]);
      let turn = 0;
      return {
        next: () => running[turn++ % 2]!,
        kill: async () => {
          const killed = await running[0]!;
          running[0] = killed.stop('SIGKILL').then(() => startNodeRed({}, undefined, folders[0]));
          await running[0];
        },
      };
    };
    await payForStrangers(start, { ledger: 'store' });
  });
});
