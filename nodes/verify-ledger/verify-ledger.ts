import type { Red } from '../../src/node-red/red';
import { registerOther } from '../../src/node-red/register';

export default function (RED: Red): void {
  registerOther(RED, 'verify-ledger', () => {
    const { runVerifyLedger } =
      require('../../src/node-red/verify-ledger') as typeof import('../../src/node-red/verify-ledger');
    return runVerifyLedger;
  });
}
