import { registerAction } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerAction(RED, 'get-token', () => {
    const { getToken } =
      require('../../src/providers/linkface/get-token') as typeof import('../../src/providers/linkface/get-token');
    return getToken;
  });
}
