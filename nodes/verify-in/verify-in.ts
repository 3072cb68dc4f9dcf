import type { Red } from '../../src/node-red/red';
import { registerOther } from '../../src/node-red/register';

export default function (RED: Red): void {
  registerOther(RED, 'verify-in', () => {
    const { runVerifyIn } =
      require('../../src/node-red/verify-in') as typeof import('../../src/node-red/verify-in');
    return runVerifyIn;
  });
}
