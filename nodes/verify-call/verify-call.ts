import { registerOther } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerOther(RED, 'verify-call', () => {
    const { runVerifyCall } =
      require('../../src/node-red/queue/verify-call') as typeof import('../../src/node-red/queue/verify-call');
    return runVerifyCall;
  });
}
