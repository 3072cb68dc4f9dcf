import type { Red } from '../../src/node-red/red';
import { registerOther } from '../../src/node-red/register';

export default function (RED: Red): void {
  registerOther(RED, 'photo-rules', () => {
    const { runPhotoRules } =
      require('../../src/node-red/photo-rules') as typeof import('../../src/node-red/photo-rules');
    return runPhotoRules;
  });
}
