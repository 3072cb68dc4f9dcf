import { registerOther } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerOther(RED, 'verify-ledger', () => {
    const { runVerifyLedger } =
      require('../../src/node-red/ledger/verify-ledger') as typeof import('../../src/node-red/ledger/verify-ledger');
    return runVerifyLedger;
  });
}
