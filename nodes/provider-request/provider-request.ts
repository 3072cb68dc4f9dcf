import { registerAction } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerAction(RED, 'provider-request', () => {
    const { PROVIDER_REQUEST } =
      require('../../src/contract/provider-request') as typeof import('../../src/contract/provider-request');
    return PROVIDER_REQUEST;
  });
}
