import { registerAccount } from '../src/node-red/account-node';
import type { Red } from '../src/node-red/red';
import { account } from '../src/providers/tencent-market/account';

export default function (RED: Red): void {
  registerAccount(RED, 'tencent-market-account', account);
}
