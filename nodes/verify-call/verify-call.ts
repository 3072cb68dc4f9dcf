import type { Red } from '../../src/node-red/red';
import { registerOther } from '../../src/node-red/register';

export default function (RED: Red): void {
  registerOther(RED, 'verify-call', () => {
    const { runVerifyCall } =
      require('../../src/node-red/verify-call') as typeof import('../../src/node-red/verify-call');
    return runVerifyCall;
  });
}
