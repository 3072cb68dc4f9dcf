import { registerQueue } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerQueue(RED, 'verify-queue');
}
