import type { Red } from '../../src/node-red/red';
import { registerOther } from '../../src/node-red/register';

export default function (RED: Red): void {
  registerOther(RED, 'verify-return', () => {
    const { runVerifyReturn } =
      require('../../src/node-red/verify-return') as typeof import('../../src/node-red/verify-return');
    return runVerifyReturn;
  });
}
