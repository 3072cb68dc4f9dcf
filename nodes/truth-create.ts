import { registerAction } from '../src/node-red/action-node';
import type { Red } from '../src/node-red/red';
import { truthCreate } from '../src/providers/xhey/truth-create';

export default function (RED: Red): void {
  registerAction(RED, 'truth-create', truthCreate);
}
