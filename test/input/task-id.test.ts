import assert from 'node:assert/strict';
import { readTaskId } from '../../src/input/task-id';
import { itRefuses, itRepairs, shown } from './refusal';

function read(value: unknown) {
  const repaired = new Set<string>();
  return [readTaskId(value, 3, repaired), [...repaired]];
}

describe('input: task id', () => {
  for (const value of ['9', '1916812048797622272', 'a-B_9', 'x'.repeat(128), 42, 1916812048797622272n])
    it(`leaves ${shown(value)} as it is`, () => assert.deepEqual(read(value), [String(value), []]));

  itRepairs(read, 'task', [
    ['9', [' 9\n', '\ufeff9', '\u200b9\0', '9\u2060', "'9'", '="9"', '(9)', '9。', '9,', '９']],
  ]);

  itRefuses(read, [
    [
      'not-a-task-id',
      [undefined, '', { taskId: '9' }, '1.9168E+18', '../9', 'undefined', 'null', 'NaN', 'None'],
    ],
    ['task-id-inexact', [1916812048797622300, 1.5]],
    ['task-id-is-url', ['https://p.example.com/a.jpg']],
    ['task-ids-glued', ['9,8', '9，8', '9;8', '9 8', '[object Object]']],
    ['text-control', ['9\n8']],
    ['text-too-long', ['x'.repeat(129)]],
    ['text-damaged', ['9\ufffd']],
  ]);
});
