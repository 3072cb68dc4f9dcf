import type { Red } from '../../src/node-red/red';
import { registerAccount } from '../../src/node-red/register';
import { account } from '../../src/providers/westdex/account';

export default function (RED: Red): void {
  registerAccount(RED, 'westdex-account', account);
}
