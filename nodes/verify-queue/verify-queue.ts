import { registerOther } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  const load = () => {
    const { holdQueue } =
      require('../../src/node-red/queue/verify-queue') as typeof import('../../src/node-red/queue/verify-queue');
    return holdQueue;
  };
  registerOther(RED, 'verify-queue', load, ['url']);
}
