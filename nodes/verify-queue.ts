import { registerQueueRoutes } from '../src/node-red/queue-routes';
import type { Red } from '../src/node-red/red';
import { registerOther } from '../src/node-red/register';

export default function (RED: Red): void {
  registerQueueRoutes(RED);
  const load = () => {
    const { holdQueue } =
      require('../src/node-red/verify-queue') as typeof import('../src/node-red/verify-queue');
    return holdQueue;
  };
  registerOther(RED, 'verify-queue', load, ['url']);
}
