import { registerOther } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerOther(RED, 'photo-rules', () => {
    const { runPhotoRules } =
      require('../../src/node-red/photos/photo-rules') as typeof import('../../src/node-red/photos/photo-rules');
    return runPhotoRules;
  });
}
