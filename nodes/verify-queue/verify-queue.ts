import type { Red } from '../../src/node-red/red';
import { registerQueue } from '../../src/node-red/register';

export default function (RED: Red): void {
  registerQueue(RED, 'verify-queue');
}
