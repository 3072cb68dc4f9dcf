import type { Red } from '../../src/node-red/red';
import { registerOther } from '../../src/node-red/register';

export default function (RED: Red): void {
  const load = () => {
    const { holdLedgerStore } =
      require('../../src/node-red/verify-ledger-store') as typeof import('../../src/node-red/verify-ledger-store');
    return holdLedgerStore;
  };
  registerOther(RED, 'verify-ledger-store', load, ['url', 'secret']);
}
