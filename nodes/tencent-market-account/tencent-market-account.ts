import { registerAccount } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';
import { account } from '../../src/providers/tencent-market/account';

export default function (RED: Red): void {
  registerAccount(RED, 'tencent-market-account', account, {
    probe: () => {
      const { probe } =
        require('../../src/providers/tencent-market/client') as typeof import('../../src/providers/tencent-market/client');
      return probe;
    },
    request: () => {
      const { request } =
        require('../../src/providers/tencent-market/request') as typeof import('../../src/providers/tencent-market/request');
      return request;
    },
  });
}
