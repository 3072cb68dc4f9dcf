import { registerAction } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerAction(RED, 'face-compare', () => {
    const { faceCompare } =
      require('../../src/providers/tencent-market/face-compare') as typeof import('../../src/providers/tencent-market/face-compare');
    return faceCompare;
  });
}
