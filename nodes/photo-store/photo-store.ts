import type { Red } from '../../src/node-red/red';
import { registerPhotoStore } from '../../src/node-red/register';

export default function (RED: Red): void {
  registerPhotoStore(RED, 'photo-store');
}
