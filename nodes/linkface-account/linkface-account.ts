import { registerAccount } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';
import { account } from '../../src/providers/linkface/account';

export default function (RED: Red): void {
  registerAccount(RED, 'linkface-account', account, {
    probe: () => {
      const { probe } =
        require('../../src/providers/linkface/client') as typeof import('../../src/providers/linkface/client');
      return probe;
    },
    request: () => {
      const { request } =
        require('../../src/providers/linkface/request') as typeof import('../../src/providers/linkface/request');
      return request;
    },
  });
}
