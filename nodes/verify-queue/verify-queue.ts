import { registerOther } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  const load = () => {
    const { createQueue } =
      require('../../src/node-red/queue/verify-queue') as typeof import('../../src/node-red/queue/verify-queue');
    return createQueue;
  };
  registerOther(RED, 'verify-queue', load, ['url']);
}
