import assert from 'node:assert/strict';
import type { VerifyError } from '../../../src/contract/errors';
import { concealedList, readCreated, readTask } from '../../../src/providers/xhey/response';
import { refusalOf } from '../../input/refusal';

const SECRET = 'a-secret-of-the-test';
const KNOWN = { person: null, secrets: [SECRET] };
const TASK = '1916812048797622272';

const answer = (value: unknown, status = 200) => ({
  status,
  headers: {},
  body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
});
const created = (value: unknown) => readCreated(answer(value), KNOWN).taskIds;
const task = (value: unknown) => {
  const { taskStatus, list } = readTask(answer(value), TASK, KNOWN);
  return { taskStatus, list };
};

function refused(read: (value: unknown) => unknown, value: unknown): VerifyError {
  const error = refusalOf(() => read(value));
  assert.equal(error.details.envelope, true);
  return error;
}

const ok = (rest: object = {}) => ({ code: 200, msg: 'success', ...rest });
const ITEM = { photoUrl: 'https://example.com/a.jpg', status: '0', msg: '' };

describe('xhey answer to create', () => {
  const rows: [string, unknown, string[]][] = [
    ['as documented', ok({ data: [{ taskID: TASK }] }), [TASK]],
    ['as observed', ok({ data: { data: [{ taskID: TASK }], status: 0, msg: '' } }), [TASK]],
    [
      'with two tasks, one of them twice',
      ok({ data: [{ taskID: 'a' }, { taskID: 'b' }, { taskID: 'a' }] }),
      ['a', 'b'],
    ],
    ['with a number', ok({ data: [{ taskID: 12 }] }), ['12']],
    ['with a number too long for one', `{"code":200,"data":{"data":[{"taskID":${TASK}}]}}`, [TASK]],
    ['with an object in place of a list', ok({ data: { data: { taskID: TASK } } }), [TASK]],
    ['with an object, not nested', ok({ data: { taskID: TASK } }), [TASK]],
    ['with a code as text', { code: ' 200 ', data: [{ taskID: TASK }] }, [TASK]],
    ['with white space', ok({ data: [{ taskID: ` ${TASK}\n` }] }), [TASK]],
    ['with items that are no tasks', ok({ data: [null, 5, [], { taskID: TASK }, { taskID: '' }] }), [TASK]],
    [
      'in spite of its inner words',
      ok({ data: { data: [{ taskID: TASK }], status: -1, msg: 'busy' } }),
      [TASK],
    ],
  ];
  for (const [name, value, taskIds] of rows) it(name, () => assert.deepEqual(created(value), taskIds));

  for (const [name, value] of [
    ['no data', ok()],
    ['null', ok({ data: null })],
    ['an empty list', ok({ data: [] })],
    ['an empty inner list', ok({ data: { data: [], status: 0, msg: 'success' } })],
    ['a task without an id', ok({ data: [{ taskID: null }] })],
    ['success in the inner words too', ok({ data: { data: null, status: 200, msg: 'ok' } })],
    ['a number with a fraction', ok({ data: [{ taskID: 1.5 }] })],
  ] as const) {
    it(`${name}: PROTOCOL`, () => {
      const { code, problem, details } = refused(created, value);
      assert.deepEqual([code, problem, details.providerCode], ['PROTOCOL', 'answer-incomplete', '200']);
    });
  }
});

describe('xhey answer to query', () => {
  const full = { taskStatus: 5, list: [ITEM] };
  for (const [name, value] of [
    ['as documented', ok(full)],
    ['as observed', ok({ data: { ...full, status: 0, msg: '' } })],
    ['with data that is null', ok({ ...full, data: null })],
    ['with data that is empty', ok({ ...full, data: {} })],
    ['with the list beside data', ok({ list: [ITEM], data: { taskStatus: 5 } })],
    ['with the status beside data', ok({ taskStatus: 5, data: { list: [ITEM] } })],
    ['with a list that is null in data', ok({ list: [ITEM], data: { taskStatus: 5, list: null } })],
    ['with data that is the list', ok({ taskStatus: 5, data: [ITEM] })],
    ['one level deeper', ok({ data: { data: full, status: 0, msg: '' } })],
    ['with an inner list', ok({ data: { taskStatus: 5, data: [ITEM] } })],
    ['with a status as text', ok({ data: { taskStatus: ' 5', list: [ITEM] } })],
    ['with data that is JSON in a text', ok({ data: `\n ${JSON.stringify(full)}` })],
  ] as const) {
    it(name, () => assert.deepEqual(task(value), full));
  }

  it('is of the task that was asked for, or says nothing of which', () => {
    for (const taskID of [TASK, ` ${TASK} `, '', ' ', 0, '0', null, undefined]) {
      assert.deepEqual(task(ok({ data: { ...full, taskID } })), full, String(taskID));
      assert.deepEqual(task(ok({ data: { ...full, taskID }, taskID: TASK })), full, String(taskID));
      if (String(taskID).trim() !== TASK)
        assert.equal(refused(task, ok({ data: { ...full, taskID }, taskID: '1' })).code, 'PROTOCOL');
    }
    for (const taskID of ['1', 1, -1, true, {}, '00'])
      assert.equal(refused(task, ok({ data: { ...full, taskID } })).code, 'PROTOCOL', String(taskID));
  });

  it('is no verdict where what decides is there twice', () => {
    const answer = JSON.stringify(ok({ data: { ...full, taskID: TASK } }));
    for (const twice of [
      '"taskStatus":2',
      '"list":[]',
      '"status":"-2305"',
      '"taskID":"1"',
      '"photoUrl":""',
    ]) {
      const [key] = twice.split(':') as [string];
      const { code, problem } = refused(task, answer.replace(key, `${twice},$&`));
      assert.deepEqual([code, problem], ['PROTOCOL', 'answer-incomplete'], twice);
    }
    assert.equal(refused(created, `{"code":500,"code":200,"data":[{"taskID":"${TASK}"}]}`).code, 'PROTOCOL');
    assert.deepEqual(created(`{"code":200,"data":[{"taskID":"","status":-1,"taskID":"${TASK}"}]}`), [TASK]);
    const { code } = refused(task, '{"code":404,"msg":"","data":null,"data":{}}');
    assert.equal(code, 'INPUT', 'a refusal decides by its code alone');
    for (const twice of ['"msg":"ok"', '"code":"200"', '"status":0'])
      assert.deepEqual(task(answer.replace(twice.split(':')[0]!, `${twice},$&`)), full, twice);
  });

  it('with HTTP 413 says nothing of its size: a query has some hundred bytes', () => {
    const { code, problem } = refusalOf(() => readTask(answer('', 413), TASK, KNOWN));
    assert.deepEqual([code, problem], ['PROTOCOL', 'unexpected-status']);
    const paid = refusalOf(() => readCreated(answer('', 413), KNOWN));
    assert.deepEqual([paid.code, paid.problem], ['INPUT', 'request-too-large']);
  });

  it('without a list is one without photos', () => {
    assert.deepEqual(task(ok({ data: { taskStatus: 2 } })), { taskStatus: 2, list: [] });
    assert.deepEqual(task(ok({ taskStatus: 1, data: null })), { taskStatus: 1, list: [] });
  });

  it('with inner words that say it failed has no verdict, though it calls itself finished', () => {
    const { code, details } = refused(
      task,
      ok({ data: { taskStatus: 5, list: null, status: -1, msg: 'busy' } }),
    );
    assert.deepEqual([code, details.providerMessage], ['PROVIDER', 'busy']);
  });

  for (const [name, value] of [
    ['no data', ok()],
    ['a status that is no number', ok({ data: { taskStatus: 'done', list: [] } })],
    ['a text for a list', ok({ data: { taskStatus: 5, list: 'none' } })],
    ['an object for a list', ok({ data: { taskStatus: 5, list: { 0: ITEM } } })],
    ['more than there can be', ok({ data: { taskStatus: 5, list: Array(1001).fill(ITEM) } })],
  ] as const) {
    it(`${name}: PROTOCOL`, () => {
      const { code, problem } = refused(task, value);
      assert.deepEqual([code, problem], ['PROTOCOL', 'answer-incomplete']);
    });
  }
});

describe('xhey inner words', () => {
  const rows: [unknown, string, string][] = [
    [-1, 'PROVIDER', '-1'],
    ['-1', 'PROVIDER', '-1'],
    [1, 'PROVIDER', '1'],
    [500, 'PROVIDER', '500'],
    [400, 'INPUT', '400'],
    [404, 'INPUT', '404'],
    ['4007', 'AUTH', '4007'],
  ];
  for (const [status, code, providerCode] of rows) {
    it(`of status ${JSON.stringify(status)} are the reason, which is ${code}`, () => {
      const value = ok({ data: { data: null, status, msg: `照片无法下载 ${SECRET}` } });
      for (const read of [created, task]) {
        const error = refused(read, value);
        assert.deepEqual([error.code, error.details.providerCode], [code, providerCode]);
        assert.equal(error.details.providerMessage, '照片无法下载 …');
        assert.equal(error.values.words, `${providerCode}: 照片无法下载 …`);
      }
    });
  }
});

describe('xhey answer to query, the words of a thousand photos', () => {
  /** How often others ran meanwhile. */
  async function turnsOf(work: Promise<unknown>): Promise<number> {
    let turns = 0;
    const count = () => {
      turns++;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    await work;
    clearImmediate(next);
    return turns;
  }
  const list = (wordsOf: (index: number) => string) =>
    Array.from({ length: 1000 }, (_, index) => ({ ...ITEM, msg: wordsOf(index) }));

  it('are looked through while others run', async () => {
    const concealed = concealedList(
      list((index) => `${index} ${SECRET}`),
      KNOWN,
    );
    assert.ok((await turnsOf(concealed)) >= 100);
    assert.doesNotMatch(JSON.stringify(await concealed), new RegExp(SECRET));
  });
});
