import { registerAction } from '../src/node-red/action-node';
import type { Red } from '../src/node-red/red';
import { truthPoll } from '../src/providers/xhey/truth-poll';

export default function (RED: Red): void {
  registerAction(RED, 'truth-poll', truthPoll);
}
