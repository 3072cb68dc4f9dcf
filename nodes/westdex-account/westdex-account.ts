import { registerAccount } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';
import { account } from '../../src/providers/westdex/account';

export default function (RED: Red): void {
  registerAccount(RED, 'westdex-account', account, {
    request: () => {
      const { request } =
        require('../../src/providers/westdex/request') as typeof import('../../src/providers/westdex/request');
      return request;
    },
  });
}
