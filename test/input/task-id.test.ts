import assert from 'node:assert/strict';
import { readTaskId } from '../../src/input/task-id';
import { assertProblem } from './refusal';

function read(value: unknown) {
  const repaired = new Set<string>();
  return [readTaskId(value, 3, repaired), [...repaired]];
}

describe('input: task id', () => {
  for (const taskId of ['9', '1916812048797622272', 'a-B_9', 'x'.repeat(128)])
    it(`leaves ${taskId.slice(0, 20)} as it is`, () => assert.deepEqual(read(taskId), [taskId, []]));

  it('takes a whole number that is exact', () => assert.deepEqual(read(42), ['42', []]));

  for (const given of [' 9\n', '\ufeff9', '\u200b9\0', '9\u2060'])
    it(`takes away what is round it: ${JSON.stringify(given)}`, () =>
      assert.deepEqual(read(given), ['9', ['task']]));

  it('takes a BigInt', () => assert.deepEqual(read(1916812048797622272n), ['1916812048797622272', []]));

  for (const given of ["'9'", '="9"', '(9)', '9。', '9,', '９'])
    it(`repairs ${given}`, () => assert.deepEqual(read(given), ['9', ['task']]));

  const refusals: [string, unknown, string][] = [
    ['nothing', undefined, 'not-a-task-id'],
    ['an empty text', '', 'not-a-task-id'],
    ['an object', { taskId: '9' }, 'not-a-task-id'],
    ['a number that lost its last digits', 1916812048797622300, 'task-id-inexact'],
    ['a fraction', 1.5, 'task-id-inexact'],
    ['an address', 'https://p.example.com/a.jpg', 'task-id-is-url'],
    ['two with a comma', '9,8', 'task-ids-glued'],
    ['two with a wide comma', '9，8', 'task-ids-glued'],
    ['two with a semicolon', '9;8', 'task-ids-glued'],
    ['two with a space', '9 8', 'task-ids-glued'],
    ['two lines', '9\n8', 'text-control'],
    ['an exponent', '1.9168E+18', 'not-a-task-id'],
    ['an object as text', '[object Object]', 'task-ids-glued'],
    ['a path', '../9', 'not-a-task-id'],
    ['what a program writes where there is none', 'undefined', 'not-a-task-id'],
    ['what is too long', 'x'.repeat(129), 'text-too-long'],
    ['a damaged one', '9\ufffd', 'text-damaged'],
  ];
  for (const [name, given, problem] of refusals)
    it(`refuses ${name}: ${problem}`, () => assertProblem(() => read(given), problem));
});
