import { registerAccount } from '../src/node-red/account-node';
import type { Red } from '../src/node-red/red';
import { account } from '../src/providers/linkface/account';
import { probe } from '../src/providers/linkface/probe';

export default function (RED: Red): void {
  registerAccount(RED, 'linkface-account', account, probe);
}
