import { registerAction } from '../../src/node-red/register';
import type { Red } from '../../src/node-red/runner/red';

export default function (RED: Red): void {
  registerAction(RED, 'truth-poll', () => {
    const { truthPoll } =
      require('../../src/providers/xhey/truth-poll') as typeof import('../../src/providers/xhey/truth-poll');
    return truthPoll;
  });
}
