import { registerOther } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  const load = () => {
    const { createLedgerStore } =
      require('../../src/node-red/ledger/verify-ledger-store') as typeof import('../../src/node-red/ledger/verify-ledger-store');
    return createLedgerStore;
  };
  registerOther(RED, 'verify-ledger-store', load, ['url', 'secret']);
}
