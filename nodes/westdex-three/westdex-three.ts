import type { Red } from '../../src/node-red/red';
import { registerAction } from '../../src/node-red/register';

export default function (RED: Red): void {
  registerAction(RED, 'westdex-three', () => {
    const { westdexThree } =
      require('../../src/providers/westdex/westdex-three') as typeof import('../../src/providers/westdex/westdex-three');
    return westdexThree;
  });
}
