import { registerOther } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  const load = () => {
    const { createPhotoStore } =
      require('../../src/node-red/photos/photo-store') as typeof import('../../src/node-red/photos/photo-store');
    return createPhotoStore;
  };
  registerOther(RED, 'photo-store', load, ['accessKeyId', 'secretAccessKey']);
}
