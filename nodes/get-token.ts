import { registerAction } from '../src/node-red/action-node';
import type { Red } from '../src/node-red/red';
import { getToken } from '../src/providers/linkface/get-token';

export default function (RED: Red): void {
  registerAction(RED, 'get-token', getToken);
}
