import { registerAccount } from '../src/node-red/account-node';
import type { Red } from '../src/node-red/red';
import { account } from '../src/providers/tencent-market/account';
import { probe } from '../src/providers/tencent-market/probe';

export default function (RED: Red): void {
  registerAccount(RED, 'tencent-market-account', account, probe);
}
