import { registerAccount } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';
import { account } from '../../src/providers/xhey/account';

export default function (RED: Red): void {
  registerAccount(RED, 'xhey-account', account, {
    probe: () => {
      const { probe } =
        require('../../src/providers/xhey/client') as typeof import('../../src/providers/xhey/client');
      return probe;
    },
    request: () => {
      const { request } =
        require('../../src/providers/xhey/request') as typeof import('../../src/providers/xhey/request');
      return request;
    },
  });
}
