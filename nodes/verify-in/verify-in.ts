import { registerOther } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerOther(RED, 'verify-in', () => {
    const { runVerifyIn } =
      require('../../src/node-red/queue/verify-in') as typeof import('../../src/node-red/queue/verify-in');
    return runVerifyIn;
  });
}
