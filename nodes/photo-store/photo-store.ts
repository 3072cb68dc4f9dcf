import { registerPhotoStore } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerPhotoStore(RED, 'photo-store');
}
