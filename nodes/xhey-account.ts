import { registerAccount } from '../src/node-red/account-node';
import type { Red } from '../src/node-red/red';
import { account } from '../src/providers/xhey/account';
import { probe } from '../src/providers/xhey/probe';

export default function (RED: Red): void {
  registerAccount(RED, 'xhey-account', account, probe);
}
