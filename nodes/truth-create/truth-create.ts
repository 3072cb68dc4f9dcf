import { registerAction } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerAction(RED, 'truth-create', () => {
    const { truthCreate } =
      require('../../src/providers/xhey/truth-create') as typeof import('../../src/providers/xhey/truth-create');
    return truthCreate;
  });
}
