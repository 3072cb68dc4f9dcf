import { registerAction } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerAction(RED, 'westdex-three', () => {
    const { westdexThree } =
      require('../../src/providers/westdex/westdex-three') as typeof import('../../src/providers/westdex/westdex-three');
    return westdexThree;
  });
}
