/** Whatever a message calls its tasks, truth-poll finds their ids: docs/contract.md, "Action nodes" and "What an input may look like". */
import assert from 'node:assert/strict';
import { readTasks } from '../../../src/providers/xhey/tasks';
import { assertProblem } from '../../input/refusal';

const TASK = '1916812048797622272';
const read = (value: unknown) => readTasks(value, 'custom', new Set()).tasks.map(({ taskId }) => taskId);

describe("a message's tasks", () => {
  const rows: [string, unknown, string[]][] = [
    ['an id', '9', ['9']],
    ['a list of ids', ['9', '8', '9'], ['9', '8']],
    ['a result', { data: { taskIds: ['9'] } }, ['9']],
    ['the data of a result', { taskIds: ['9'] }, ['9']],
    ['a task as it stands in data.tasks', { taskId: '9', photoUrls: [] }, ['9']],
    ["the provider's own answer", { code: 200, data: [{ taskID: '9' }] }, ['9']],
    ["the provider's own answer, as observed", { code: 200, data: { data: [{ taskID: '9' }] } }, ['9']],
    ['JSON of a result', '{"data":{"taskIds":["9"]}}', ['9']],
    ['JSON of a list with a long number', `[${TASK}]`, [TASK]],
    ['JSON of a list behind a byte order mark', '\ufeff["9"]', ['9']],
    ['JSON of an id', '"9"', ['9']],
    ['a Buffer with an id and a line end', Buffer.from(`${TASK}\n`), [TASK]],
    ['a Buffer with an id in UTF-16', Buffer.from('\ufeff9', 'utf16le'), ['9']],
    ['a Buffer with JSON', Buffer.from('{"taskIds":["9"]}'), ['9']],
  ];
  for (const [name, value, taskIds] of rows)
    it(`may be ${name}`, () => assert.deepEqual(read(value), taskIds));

  it('may be the same one twice, with other photos each time', () => {
    const photo = (name: string) => `https://example.com/${name}.jpg`;
    const of = (names: string, more: object = {}) => ({
      taskId: '9',
      photoUrls: [...names].map(photo),
      ...more,
    });
    const { tasks } = readTasks(
      [of('ab', { names: ['a', null] }), of('bc', { partial: true, names: [null, 'c'] }), of('b')],
      'custom',
      new Set(),
    );
    assert.deepEqual(tasks, [
      { ...of('abc', { names: ['a', null, 'c'], partial: true }), status: 'waiting', photos: [] },
    ]);
    const thousand = Array.from({ length: 1000 }, (_, index) => photo(String(index)));
    const many = [{ taskId: '9', photoUrls: thousand }, of('a')];
    assertProblem(() => read({ taskIds: ['9'], tasks: many }), 'too-many-photos');
  });

  const refusals: [string, unknown, string][] = [
    ['nothing', undefined, 'no-tasks'],
    ['an object without any', { data: {} }, 'no-tasks'],
    ['a list with a hole', Object.assign(['9'], { length: 2 }), 'not-a-task-id'],
    ['a list in a list', [['9']], 'not-a-task-id'],
    ['JSON that is cut off', '{"data":{"taskIds":["9"', 'not-a-task-id'],
    ['two in one text', '9、8', 'task-ids-glued'],
    ['a file of a photo', 'photo 9.jpg', 'task-ids-glued'],
    ['more than there can be', Array(10_001).fill('9'), 'too-many-tasks'],
  ];
  for (const [name, value, problem] of refusals)
    it(`may not be ${name}: ${problem}`, () => assertProblem(() => read(value), problem));
});
