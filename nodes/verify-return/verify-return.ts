import { registerOther } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerOther(RED, 'verify-return', () => {
    const { runVerifyReturn } =
      require('../../src/node-red/queue/verify-return') as typeof import('../../src/node-red/queue/verify-return');
    return runVerifyReturn;
  });
}
