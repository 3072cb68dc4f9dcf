import { registerAction } from '../src/node-red/action-node';
import type { Red } from '../src/node-red/red';
import { faceCompare } from '../src/providers/tencent-market/face-compare';

export default function (RED: Red): void {
  registerAction(RED, 'face-compare', faceCompare);
}
