import { registerAccount } from '../src/node-red/account-node';
import type { Red } from '../src/node-red/red';
import { account } from '../src/providers/westdex/account';

export default function (RED: Red): void {
  registerAccount(RED, 'westdex-account', account);
}
