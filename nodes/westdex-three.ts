import { registerAction } from '../src/node-red/action-node';
import type { Red } from '../src/node-red/red';
import { westdexThree } from '../src/providers/westdex/westdex-three';

export default function (RED: Red): void {
  registerAction(RED, 'westdex-three', westdexThree);
}
